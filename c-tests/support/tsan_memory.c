/* For scripts/tsan.sh: what newer compilers call instead of the functions of the C library, and the runtime of
 * older ones does not have. That runtime intercepts the latter. */
#include <string.h>

void *__tsan_memcpy(void *to, const void *from, size_t n);
void *__tsan_memmove(void *to, const void *from, size_t n);
void *__tsan_memset(void *to, int c, size_t n);

void *__tsan_memcpy(void *to, const void *from, size_t n) { return memcpy(to, from, n); }
void *__tsan_memmove(void *to, const void *from, size_t n) { return memmove(to, from, n); }
void *__tsan_memset(void *to, int c, size_t n) { return memset(to, c, n); }
