#include "memory.h"

#include <malloc.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#if !defined(SANITIZED) && (defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__))
#define SANITIZED true
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif
/* Only glibc says how much is allocated. */
#ifdef __GLIBC__
#define GLIBC true
#else
#define GLIBC false
#endif

bool memory_counts(void) {
    static bool said;
    const char *preload = getenv("LD_PRELOAD");
    bool counts = GLIBC && !SANITIZED && (preload == NULL || strstr(preload, "vgpreload") == NULL);

    if (!counts && !said) {
        said = true;
        if (GLIBC)
            printf("bounds of memory are not checked: %s allocates in place of the C library\n",
                   SANITIZED ? "the sanitizer" : "valgrind");
        else
            printf("bounds of memory are not checked: the C library does not say how much is allocated\n");
    }
    return counts;
}

int64_t memory_resident(void) {
    long pages = 0, all = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    CHECK(file != NULL);
    CHECK_INT(fscanf(file, "%ld %ld", &all, &pages), 2);
    fclose(file);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

int64_t memory_given_out(void) {
#ifdef __GLIBC__
    struct mallinfo2 m = mallinfo2();

    return (int64_t)(m.uordblks + m.hblkhd);
#else
    return 0;
#endif
}

int64_t memory_settled(int64_t enough, int64_t within_ms) {
    int64_t until = now_ms() + within_ms, least = memory_given_out();

    while (least > enough && now_ms() < until) {
        int64_t now;

        poll_pause();
        now = memory_given_out();
        if (now < least)
            least = now;
    }
    return least;
}

void memory_without_caches(char **argv) {
    static const char *const name = "GLIBC_TUNABLES";

    if (!memory_counts() || getenv(name) != NULL)
        return;
    if (setenv(name, "glibc.malloc.tcache_count=0", 1) == 0)
        execv("/proc/self/exe", argv);
    perror("execv");
}

void memory_check_grown(const char *file, int line, const char *what, int64_t before, int64_t now,
                        int64_t most) {
    if (memory_counts() && now - before > most)
        check_failed(file, line, "%s: %" PRId64 " bytes more than before, at most %" PRId64 " are allowed",
                     what, now - before, most);
}
