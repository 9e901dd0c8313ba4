/* Arrays in files: what is known of each message of hours, which is not to be taken for memory that grows. */
#ifndef CHAOS_LEDGER_H
#define CHAOS_LEDGER_H

#include <stddef.h>
#include <stdint.h>

/* An array whose entries are zero until they are written. It has no lock. */
typedef struct ledger {
    int fd;
    size_t size; /* of an entry */
} ledger;

void ledger_open(ledger *l, size_t size);
void ledger_close(ledger *l);
/* Copies an entry to or from memory. */
void ledger_read(const ledger *l, uint64_t n, void *entry);
void ledger_write(ledger *l, uint64_t n, const void *entry);

#endif
