#include "ledger.h"

#include <fcntl.h>

#include "test.h"

void ledger_open(ledger *l, size_t size) {
    const char *folder = getenv("TMPDIR");
    char name[300];

    snprintf(name, sizeof(name), "%s/nats-rs-ledger-XXXXXX", folder == NULL ? "/tmp" : folder);
    l->size = size;
    l->fd = mkostemp(name, O_CLOEXEC);
    CHECK(l->fd >= 0);
    unlink(name);
}

void ledger_close(ledger *l) { close(l->fd); }

void ledger_read(const ledger *l, uint64_t n, void *entry) {
    ssize_t got = pread(l->fd, entry, l->size, (off_t)(n * l->size));

    if (got != (ssize_t)l->size && got != 0) {
        perror("ledger");
        abort();
    }
    if (got == 0)
        memset(entry, 0, l->size);
}

void ledger_write(ledger *l, uint64_t n, const void *entry) {
    if (pwrite(l->fd, entry, l->size, (off_t)(n * l->size)) != (ssize_t)l->size) {
        perror("ledger");
        abort();
    }
}
