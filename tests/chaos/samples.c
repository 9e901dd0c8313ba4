#include "samples.h"

#include <dirent.h>
#include <malloc.h>

#include "load.h"

static FILE *samples;
static int64_t began, total;
static long first_kib, last_kib;
static long first_allocated, last_allocated;
static int first_count, last_count;

static long resident_kib(void) {
    FILE *f = fopen("/proc/self/statm", "r");
    long all = 0, resident = 0;

    if (f == NULL || fscanf(f, "%ld %ld", &all, &resident) != 2)
        abort();
    fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* What malloc has given out, to the program and to the library. Resident is also what malloc keeps for later, and what the
 * library maps by itself. */
static long allocated_kib(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    struct mallinfo2 info = mallinfo2();

    return (long)((info.uordblks + info.hblkhd) / 1024);
#else
    return 0;
#endif
}

static int entries_of(const char *folder) {
    DIR *d = opendir(folder);
    int n = -2;

    if (d == NULL)
        return 0;
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n;
}

void samples_begin(const char *file, int64_t total_ms) {
    began = now_ms();
    total = total_ms;
    samples = file == NULL ? NULL : fopen(file, "w");
    CHECK(file == NULL || samples != NULL);
}

void sample(uint64_t reconnects) {
    int64_t median, longest, now = now_ms() - began;
    int count;
    long kib = resident_kib(), allocated = allocated_kib();

    load_latency(&median, &longest, &count);
    if (samples != NULL) {
        fprintf(samples, "%.1f %ld %d %d %" PRId64 " %" PRId64 " %d %" PRIu64 " %ld\n", (double)now / 1000,
                kib, entries_of("/proc/self/task"), entries_of("/proc/self/fd"), median, longest, count,
                reconnects, allocated);
        fflush(samples);
    }
    /* The first tenth warms up. */
    if (now >= total / 10 && now < 3 * total / 10) {
        first_kib += kib;
        first_allocated += allocated;
        first_count++;
    } else if (now >= 8 * total / 10) {
        last_kib += kib;
        last_allocated += allocated;
        last_count++;
    }
}

long samples_grown(long *at_first) {
    *at_first = first_count == 0 ? 0 : first_kib / first_count;
    return last_count == 0 ? 0 : last_kib / last_count - *at_first;
}

long samples_allocated(long *at_first) {
    *at_first = first_count == 0 ? 0 : first_allocated / first_count;
    return last_count == 0 ? 0 : last_allocated / last_count - *at_first;
}

void samples_end(void) {
    if (samples != NULL)
        fclose(samples);
}
