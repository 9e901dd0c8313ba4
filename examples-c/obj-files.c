/* Stores a file as an object and reads it back into another file, and tells how far it is. Neither side has more than a
 * few chunks of the file in memory. Needs a server with JetStream (nats-server -js).
 *
 * build: cc -o obj-files obj-files.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   obj-files [url] [bucket] [file] [copy]
 *        obj-files nats://127.0.0.1:4222 files /etc/services /tmp/services */
#include "example.h"

/* Called for each chunk, on the thread that stores or reads. Prints a line for each tenth. */
static void onProgress(const char *name, uint64_t bytes, uint64_t total, void *closure) {
    int *printed = (int *)closure;
    const int tenths = total > 0 ? (int)(bytes * 10 / total) : 10;

    if (tenths > *printed) {
        printf("%s: %d %%\n", name, tenths * 10);
        *printed = tenths;
    }
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *bucket = textArg(argc, argv, 2, "files");
    const char *file = textArg(argc, argv, 3, "/etc/services");
    const char *copy = textArg(argc, argv, 4, "/tmp/obj-files.copy");
    natsConnection *nc = NULL;
    jsCtx *js = NULL;
    objStore *obs = NULL;
    objStoreInfo *info = NULL;
    objStoreConfig config;
    int printed = 0;
    bool well;

    well = succeeded("connect", natsConnection_ConnectTo(&nc, url)) &&
           succeeded("JetStream", natsConnection_JetStream(&js, nc, NULL)) &&
           succeeded("configuration", objStoreConfig_Init(&config));
    if (well) {
        config.Bucket = bucket;
        config.Description = "files of the example";
        well = succeeded("create the bucket", js_CreateObjectStore(&obs, js, &config)) &&
               succeeded("progress", objStore_SetProgress(obs, onProgress, &printed)) &&
               /* No more than a mebibyte waits for the server, or for this program. */
               succeeded("limit", objStore_SetMaxBytesInFlight(obs, 1 << 20));
    }
    well = well && succeeded("store", objStore_PutFile(&info, obs, file));
    if (well) {
        printf("Stored '%s': %" PRIu64 " bytes in %u chunks, %s\n", info->Meta.Name, info->Size,
               (unsigned)info->Chunks, info->Digest);
        printed = 0;
        /* The digest is checked; where it is another one, there is no file. */
        well = succeeded("read", objStore_GetFile(obs, file, copy, NULL));
    }
    if (well)
        printf("Read it into '%s'\n", copy);
    objStoreInfo_Destroy(info);
    objStore_Destroy(obs);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    nats_Close();
    return well ? 0 : 1;
}
