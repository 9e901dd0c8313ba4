/* Keys and values that have another form in the bucket than in the program: paths as keys, and values that a codec of the
 * program encodes.
 *
 * build: cc -o kv-codec kv-codec.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   kv-codec [url] [bucket]
 *        kv-codec nats://127.0.0.1:4222 files
 *
 * The bucket is made for this run, and deleted at its end. */
#include "example-kv.h"

/* Run-length encoding: a count, then a byte. A program would compress or encrypt here. */
static natsStatus encodeRuns(void **out, int *outLen, const void *in, int inLen, void *closure) {
    const unsigned char *bytes = (const unsigned char *)in;
    unsigned char *runs = (unsigned char *)malloc((size_t)inLen * 2 + 1); /* the library releases it */
    int i = 0, length = 0;

    if (runs == NULL)
        return NATS_NO_MEMORY;
    while (i < inLen) {
        int run = 1;

        while (i + run < inLen && run < 255 && bytes[i + run] == bytes[i])
            run++;
        runs[length++] = (unsigned char)run;
        runs[length++] = bytes[i];
        i += run;
    }
    *out = runs;
    *outLen = length;
    counterAdd((Counter *)closure, inLen - length);
    return NATS_OK;
}

static natsStatus decodeRuns(void **out, int *outLen, const void *in, int inLen, void *closure) {
    const unsigned char *runs = (const unsigned char *)in;
    unsigned char *bytes = (unsigned char *)malloc((size_t)inLen * 128 + 1);
    int i, length = 0;

    (void)closure;
    if (bytes == NULL)
        return NATS_NO_MEMORY;
    for (i = 0; i + 1 < inLen; i += 2) {
        memset(bytes + length, runs[i + 1], runs[i]);
        length += runs[i];
    }
    *out = bytes;
    *outLen = length;
    return i == inLen ? NATS_OK : NATS_ERR; /* NATS_ERR: it is not what encodeRuns has made */
}

static void onRelease(void *closure) {
    printf("The codec has saved %" PRId64 " bytes\n", counterGet((Counter *)closure));
}

static bool show(const char *what, kvStore *kv, const char *pattern) {
    kvWatcher *watcher = NULL;
    kvEntry *e = NULL;
    natsStatus s = kvStore_Watch(&watcher, kv, pattern, NULL);

    printf("%s, %s:\n", what, pattern);
    while (s == NATS_OK && (s = kvWatcher_Next(&e, watcher, 10000)) == NATS_OK && e != NULL) {
        printf("  %s: %d bytes\n", kvEntry_Key(e), kvEntry_ValueLen(e));
        kvEntry_Destroy(e);
    }
    kvWatcher_Destroy(watcher);
    return succeeded("watch", s);
}

static bool use(kvStore *plain, Counter *saved) {
    kvCodec path, runs;
    kvCodecs codecs;
    kvStore *files = NULL;
    char lines[400];
    bool well;

    memset(&path, 0, sizeof(path));
    path.Kind = kvCodec_Path;
    memset(&runs, 0, sizeof(runs));
    runs.Encode = encodeRuns;
    runs.Decode = decodeRuns;
    runs.Release = onRelease;
    runs.Closure = saved;
    kvCodecs_Init(&codecs);
    codecs.Keys = &path;
    codecs.KeysLen = 1;
    codecs.Values = &runs;
    codecs.ValuesLen = 1;
    memset(lines, '-', sizeof(lines));
    well = succeeded("codecs", kvStore_WithCodecs(&files, plain, &codecs)) &&
           succeeded("put", kvStore_Put(NULL, files, "/etc/line", lines, (int)sizeof(lines))) &&
           succeeded("put", kvStore_PutString(NULL, files, "/etc/motd", "aaaabbbb")) &&
           succeeded("put", kvStore_PutString(NULL, files, "/home/me", "xxxxxxxx")) &&
           show("The program sees", files, "/etc/*") && show("The bucket has", plain, "_root_.etc.*");
    kvStore_Destroy(files);
    return well;
}

int main(int argc, char **argv) {
    Bucket b;
    Counter saved;
    bool well;

    counterInit(&saved);
    well = bucketOpen(&b, textArg(argc, argv, 1, NATS_DEFAULT_URL), textArg(argc, argv, 2, "kv-codec"), 1);
    well = well && use(b.kv, &saved);
    well = bucketClose(&b) && well;
    nats_CloseAndWait(5000); /* when this returns no callback is called any more */
    return well ? 0 : 1;
}
