/* A large file is stored and read back with little memory: 128 MiB, or TEST_OBJECT_MIB MiB. */
#include "jetstream.h"
#include "memory.h"
#include "server.h"

#include <sys/resource.h>
#include <unistd.h>

/* The most memory that the process may ever have had, in KiB. */
enum { MOST = 32 * 1024, PIECE = 1 << 20 };

static long peak(void) {
    struct rusage usage;

    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return usage.ru_maxrss;
}

/* A piece of the file, different from all others. */
static void fill(uint64_t *words, int number) {
    uint64_t x = (uint64_t)number * UINT64_C(0x9E3779B97F4A7C15) + 1;
    size_t i;

    for (i = 0; i < PIECE / sizeof(*words); i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        words[i] = x;
    }
}

typedef struct progress {
    uint64_t bytes, total;
    int calls;
} progress;

static void on_progress(const char *name, uint64_t bytes, uint64_t total, void *closure) {
    progress *p = (progress *)closure;

    (void)name;
    CHECK(bytes > p->bytes && bytes <= total);
    p->bytes = bytes;
    p->total = total;
    p->calls++;
}

static void a_large_file_in_little_memory(void) {
    const char *wanted = getenv("TEST_OBJECT_MIB");
    const int pieces = wanted != NULL ? atoi(wanted) : time_factor() > 1 ? 8 : 128;
    char from[] = "/tmp/nats_rs_large_XXXXXX", to[64], text[1024];
    uint64_t *piece = (uint64_t *)malloc(PIECE), *other = (uint64_t *)malloc(PIECE);
    server s;
    natsConnection *nc;
    jsCtx *js = NULL;
    objStore *obs = NULL;
    objStoreConfig cfg;
    objStoreInfo *info = NULL;
    progress p;
    FILE *file;
    int fd = mkstemp(from), i;

    CHECK(fd >= 0 && pieces > 0 && piece != NULL && other != NULL);
    snprintf(to, sizeof(to), "%s.copy", from);
    file = fdopen(fd, "wb");
    for (i = 0; i < pieces; i++) {
        fill(piece, i);
        CHECK_INT(fwrite(piece, 1, PIECE, file), PIECE);
    }
    CHECK(fclose(file) == 0);

    server_run_jetstream(&s);
    nc = test_connect_url(s.url);
    api_request(nc, "INFO", "", text, sizeof(text));
    CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
    CHECK_OK(objStoreConfig_Init(&cfg));
    cfg.Bucket = "B";
    CHECK_OK(js_CreateObjectStore(&obs, js, &cfg));
    memset(&p, 0, sizeof(p));
    CHECK_OK(objStore_SetProgress(obs, on_progress, &p));
    CHECK_OK(objStore_PutFile(&info, obs, from));
    CHECK_INT(info->Size, (int64_t)pieces * PIECE);
    CHECK_INT(info->Chunks, pieces * 8);
    objStoreInfo_Destroy(info);
    CHECK_INT(p.bytes, (int64_t)pieces * PIECE);
    CHECK_INT(p.calls, pieces * 8);
    memset(&p, 0, sizeof(p));
    CHECK_OK(objStore_GetFile(obs, from, to, NULL));
    CHECK_INT(p.bytes, (int64_t)pieces * PIECE);
    printf("%d MiB stored and read, %ld KiB of memory at most\n", pieces, peak());
    if (memory_counts())
        CHECK(peak() < MOST);
    file = fopen(to, "rb");
    CHECK(file != NULL);
    for (i = 0; i < pieces; i++) {
        fill(piece, i);
        CHECK_INT(fread(other, 1, PIECE, file), PIECE);
        CHECK(memcmp(piece, other, PIECE) == 0);
    }
    CHECK(fgetc(file) == EOF);
    fclose(file);
    unlink(from);
    unlink(to);
    objStore_Destroy(obs);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    server_stop(&s);
    free(piece);
    free(other);
}

int main(int argc, char **argv) {
    const test_case cases[] = {TEST(a_large_file_in_little_memory)};

    return RUN_TESTS(cases, argc, argv);
}
