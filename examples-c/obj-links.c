/* Follows the objects of a bucket while another thread stores one, describes it, links to it and deletes it. Needs a
 * server with JetStream (nats-server -js).
 *
 * build: cc -o obj-links obj-links.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   obj-links [url] [bucket]
 *        obj-links nats://127.0.0.1:4222 documents */
#include "example.h"

typedef struct {
    objStore *obs;
    bool well;
} Changes;

/* What happens to the bucket. */
static void *change(void *arg) {
    Changes *c = (Changes *)arg;
    objStoreInfo *info = NULL;
    objStoreMeta meta;
    char *text = NULL;

    c->well = succeeded("store", objStore_PutString(&info, c->obs, "report-2", "all is well")) &&
              /* "latest" is another name for it from now on, ... */
              succeeded("link", objStore_AddLink(NULL, c->obs, "latest", info)) &&
              succeeded("read", objStore_GetString(&text, c->obs, "latest", NULL)) &&
              succeeded("metadata", objStoreMeta_Init(&meta));
    if (c->well) {
        printf("The latest report says: %s\n", text);
        meta.Name = "report-2";
        meta.Description = "read by everyone";
        c->well = succeeded("describe", objStore_UpdateMeta(c->obs, "report-2", &meta)) &&
                  /* ... and goes without it. */
                  succeeded("delete", objStore_Delete(c->obs, "latest")) &&
                  succeeded("delete", objStore_Delete(c->obs, "report-2"));
    }
    objStoreInfo_Destroy(info);
    free(text);
    return NULL;
}

static void show(const objStoreInfo *info) {
    if (info->Deleted)
        printf("%s was deleted\n", info->Meta.Name);
    else if (info->Meta.Opts.Link != NULL)
        printf("%s is a link to %s in %s\n", info->Meta.Name,
               info->Meta.Opts.Link->Name != NULL ? info->Meta.Opts.Link->Name : "everything",
               info->Meta.Opts.Link->Bucket);
    else
        printf("%s has %" PRIu64 " bytes%s%s\n", info->Meta.Name, info->Size,
               info->Meta.Description != NULL ? ": " : "",
               info->Meta.Description != NULL ? info->Meta.Description : "");
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *bucket = textArg(argc, argv, 2, "documents");
    natsConnection *nc = NULL;
    jsCtx *js = NULL;
    objStoreWatcher *watcher = NULL;
    objStoreInfo *info = NULL;
    objStoreConfig config;
    Changes changes = {NULL, true};
    pthread_t thread;
    bool well, last = false, started = false;

    well = succeeded("connect", natsConnection_ConnectTo(&nc, url)) &&
           succeeded("JetStream", natsConnection_JetStream(&js, nc, NULL)) &&
           succeeded("configuration", objStoreConfig_Init(&config));
    if (well) {
        config.Bucket = bucket;
        well = succeeded("create the bucket", js_CreateObjectStore(&changes.obs, js, &config)) &&
               succeeded("store", objStore_PutString(NULL, changes.obs, "report-1", "nothing new")) &&
               succeeded("watch", objStore_Watch(&watcher, changes.obs, NULL));
    }
    while (well && !last) {
        well = succeeded("next", objStoreWatcher_Next(&info, watcher, 10000));
        if (!well)
            break;
        if (info == NULL) { /* once: what was there has been told */
            printf("That was there already. Now what changes:\n");
            started = well = pthread_create(&thread, NULL, change, &changes) == 0;
            continue;
        }
        show(info);
        last = started && info->Deleted && strcmp(info->Meta.Name, "report-2") == 0;
        objStoreInfo_Destroy(info);
        info = NULL;
    }
    if (started)
        pthread_join(thread, NULL);
    well = well && changes.well;
    objStoreWatcher_Destroy(watcher);
    objStore_Destroy(changes.obs);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    nats_Close();
    return well ? 0 : 1;
}
