/* Keys that are written and watched, objects that are read. */
#include "load.h"

#define GET(x) __atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define ADD(x) __atomic_add_fetch(&(x), 1, __ATOMIC_ACQ_REL)

void *load_write_keys(void *closure) {
    load *l = closure;
    jsCtx *js = load_context(l, KEY_WRITER);
    kvStore *kv = NULL;
    uint64_t n = 0;

    while (!GET(l->stop_writing)) {
        char key[16], text[24];
        uint64_t revision = 0;

        if (kv == NULL) {
            call_begin(l->key_writer, "js_KeyValue", LOAD_WAIT + LOAD_ALLOWANCE);
            if (!load_ended(l->key_writer, js_KeyValue(&kv, js, l->bucket)))
                continue;
        }
        n++;
        snprintf(key, sizeof(key), "k%d", (int)(n % KEYS));
        snprintf(text, sizeof(text), "%" PRIu64, n);
        call_begin(l->key_writer, "kvStore_Put", LOAD_WAIT + LOAD_ALLOWANCE);
        if (load_ended(l->key_writer, kvStore_PutString(&revision, kv, key, text))) {
            pthread_mutex_lock(&l->lock);
            l->written[n % KEYS] = revision;
            l->written_value[n % KEYS] = n;
            pthread_mutex_unlock(&l->lock);
        }
        load_pause(10);
    }
    kvStore_Destroy(kv);
    jsCtx_Destroy(js);
    load_written(l);
    return NULL;
}

void *load_watch_keys(void *closure) {
    load *l = closure;
    jsCtx *js = load_context(l, KEY_WATCHER);
    kvStore *kv = NULL;
    kvWatcher *watcher = NULL;

    while (!GET(l->stop_reading)) {
        kvEntry *entry = NULL;
        natsStatus s;

        if (watcher == NULL) {
            call_begin(l->key_watcher, "kvStore_WatchAll", 4 * LOAD_WAIT + LOAD_ALLOWANCE);
            s = kv == NULL ? js_KeyValue(&kv, js, l->bucket) : NATS_OK;
            if (s == NATS_OK)
                s = kvStore_WatchAll(&watcher, kv, NULL);
            if (!load_ended(l->key_watcher, s)) {
                load_pause(100);
                continue;
            }
        }
        call_begin(l->key_watcher, "kvWatcher_Next", 500 + LOAD_ALLOWANCE);
        s = kvWatcher_Next(&entry, watcher, 500);
        call_end(l->key_watcher, s == NATS_OK || s == NATS_TIMEOUT,
                 s == NATS_TIMEOUT ? NULL : load_error_text(s));
        if (entry != NULL) {
            int key = atoi(kvEntry_Key(entry) + 1);
            uint64_t revision = kvEntry_Revision(entry);

            pthread_mutex_lock(&l->lock);
            l->watched_count++;
            l->watched_back += revision <= l->watched_last;
            l->watched_last = revision;
            l->watched[key % KEYS] = revision;
            l->watched_value[key % KEYS] = load_number_of(kvEntry_Value(entry), kvEntry_ValueLen(entry));
            pthread_mutex_unlock(&l->lock);
            kvEntry_Destroy(entry);
        }
    }
    kvWatcher_Destroy(watcher);
    kvStore_Destroy(kv);
    jsCtx_Destroy(js);
    return NULL;
}

/* The bytes of the object. */
unsigned char load_byte(int i) { return (unsigned char)(i * 31 + (i >> 8) * 17); }

void *load_read_objects(void *closure) {
    load *l = closure;
    jsCtx *js = load_context(l, OBJECT_READER);
    objStore *store = NULL;

    while (!GET(l->stop_writing)) {
        void *data = NULL;
        int length = 0, i;

        if (store == NULL) {
            call_begin(l->object_reader, "js_ObjectStore", LOAD_WAIT + LOAD_ALLOWANCE);
            if (!load_ended(l->object_reader, js_ObjectStore(&store, js, l->bucket)))
                continue;
        }
        call_begin(l->object_reader, "objStore_GetBytes", LOAD_WAIT + LOAD_ALLOWANCE);
        if (load_ended(l->object_reader, objStore_GetBytes(&data, &length, store, "object", NULL))) {
            for (i = 0; length == OBJECT_SIZE && i < length; i++)
                if (((unsigned char *)data)[i] != load_byte(i))
                    break;
            if (length != OBJECT_SIZE || i < length)
                ADD(l->objects_wrong);
        }
        free(data);
        load_pause(100);
    }
    objStore_Destroy(store);
    jsCtx_Destroy(js);
    return NULL;
}
