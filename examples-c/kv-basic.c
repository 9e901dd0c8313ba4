/* Values under keys: put, get, update without losing another program's change, create, delete, history.
 *
 * build: cc -o kv-basic kv-basic.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   kv-basic [url] [bucket]
 *        kv-basic nats://127.0.0.1:4222 settings
 *
 * The bucket is made for this run, and deleted at its end. */
#include "example-kv.h"

static bool show(kvStore *kv, const char *key) {
    kvEntry *e = NULL;
    natsStatus s = kvStore_Get(&e, kv, key);

    if (s == NATS_NOT_FOUND)
        printf("%s has no value\n", key);
    else if (s == NATS_OK)
        printf("%s = %s, revision %" PRIu64 "\n", key, kvEntry_ValueString(e), kvEntry_Revision(e));
    kvEntry_Destroy(e);
    return s == NATS_NOT_FOUND || succeeded("get", s);
}

/* Adds to a number that other programs add to as well: where one of them was quicker, this tries again. */
static natsStatus add(kvStore *kv, const char *key, int n) {
    natsStatus s = NATS_OK;
    int attempt;

    for (attempt = 0; attempt < 10; attempt++) {
        kvEntry *e = NULL;
        char text[24];

        s = kvStore_Get(&e, kv, key);
        if (s == NATS_OK) {
            snprintf(text, sizeof(text), "%d", atoi(kvEntry_ValueString(e)) + n);
            s = kvStore_UpdateString(NULL, kv, key, text, kvEntry_Revision(e));
        } else if (s == NATS_NOT_FOUND) {
            snprintf(text, sizeof(text), "%d", n);
            s = kvStore_CreateString(NULL, kv, key, text);
        }
        kvEntry_Destroy(e);
        if (s != NATS_ERR) /* what a lost race returns */
            break;
    }
    return s;
}

static bool show_history(kvStore *kv, const char *key) {
    kvEntryList list;
    natsStatus s = kvStore_History(&list, kv, key, NULL);
    int i;

    if (!succeeded("history", s))
        return false;
    for (i = 0; i < list.Count; i++)
        printf("  revision %" PRIu64 ": %s\n", kvEntry_Revision(list.Entries[i]),
               kvEntry_Operation(list.Entries[i]) == kvOp_Put ? kvEntry_ValueString(list.Entries[i])
                                                              : "deleted");
    kvEntryList_Destroy(&list);
    return true;
}

static bool show_keys(kvStore *kv) {
    kvKeysList list;
    natsStatus s = kvStore_Keys(&list, kv, NULL);
    int i;

    if (!succeeded("keys", s))
        return false;
    for (i = 0; i < list.Count; i++)
        printf("key %s\n", list.Keys[i]);
    kvKeysList_Destroy(&list);
    return true;
}

static bool use(kvStore *kv) {
    uint64_t rev = 0;
    natsStatus s;

    if (!succeeded("put", kvStore_PutString(&rev, kv, "lamp.kitchen", "on")) || !show(kv, "lamp.kitchen"))
        return false;
    if (!succeeded("update", kvStore_UpdateString(&rev, kv, "lamp.kitchen", "off", rev)))
        return false;
    /* Now the revision is another one. */
    s = kvStore_UpdateString(NULL, kv, "lamp.kitchen", "blinking", rev - 1);
    printf("An update of an old revision: %s\n", s == NATS_OK ? "done" : "refused");
    s = kvStore_CreateString(NULL, kv, "lamp.kitchen", "blinking");
    printf("A creation of a key that exists: %s\n", s == NATS_OK ? "done" : "refused");
    if (!succeeded("add", add(kv, "switched", 1)) || !succeeded("add", add(kv, "switched", 2)) ||
        !show(kv, "switched"))
        return false;
    if (!succeeded("delete", kvStore_Delete(kv, "lamp.kitchen")) || !show(kv, "lamp.kitchen"))
        return false;
    printf("The history of lamp.kitchen:\n");
    if (!show_history(kv, "lamp.kitchen"))
        return false;
    return succeeded("purge", kvStore_Purge(kv, "lamp.kitchen", NULL)) && show_keys(kv);
}

int main(int argc, char **argv) {
    Bucket b;
    bool well =
        bucketOpen(&b, textArg(argc, argv, 1, NATS_DEFAULT_URL), textArg(argc, argv, 2, "kv-basic"), 5);

    well = well && use(b.kv);
    well = bucketClose(&b) && well;
    nats_Close();
    return well ? 0 : 1;
}
