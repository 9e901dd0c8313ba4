/* Object stores in case of faults: servers that are silent or restart, stores that are deleted, chunks that are missing,
 * concurrent puts of one object. No incomplete object is ever visible, and no chunks are left behind. */
#include "obj.h"

enum { CHUNK = 10000, SIZE = 200000 };

/* Two chunks may be on their way. */
static void start(obj_fixture *f) {
    obj_start(f);
    CHECK_OK(objStore_SetMaxBytesInFlight(f->obs, 2 * CHUNK));
}

static objStorePut *begin(obj_fixture *f, const char *name) {
    objStoreMeta meta;
    objStorePut *put = NULL;

    CHECK_OK(objStoreMeta_Init(&meta));
    meta.Name = name;
    meta.Opts.ChunkSize = CHUNK;
    CHECK_OK(objStore_Put(&put, f->obs, &meta));
    return put;
}

static void store(obj_fixture *f, const char *name, const char *data, int size) {
    objStorePut *put = begin(f, name);

    CHECK_OK(objStorePut_Add(put, data, size));
    CHECK_OK(objStorePut_Complete(NULL, put, deadline_ms()));
    objStorePut_Destroy(put);
}

/* Opens the object and reads its first chunk. */
static objStoreGet *begin_to_read(obj_fixture *f, const char *name) {
    objStoreGet *get = NULL;
    void *bytes = NULL;
    int len = 0;
    bool done = true;

    CHECK_OK(objStore_Get(&get, f->obs, name, NULL));
    CHECK_OK(objStoreGet_Read(&done, &bytes, &len, get, deadline_ms()));
    CHECK_INT(len, CHUNK);
    CHECK(!done);
    free(bytes);
    return get;
}

static void read_the_rest(objStoreGet *get, const char *data) {
    void *bytes = NULL;
    int len = 0;

    CHECK_OK(objStoreGet_ReadAll(&bytes, &len, get, deadline_ms()));
    CHECK_INT(len, SIZE - CHUNK);
    CHECK(memcmp(bytes, data + CHUNK, (size_t)len) == 0);
    free(bytes);
}

static void a_store_is_deleted_under_a_get_and_a_put(void) {
    obj_fixture f;
    char *data = obj_pattern(SIZE, 0);
    objStoreGet *get;
    objStorePut *put;
    objStoreInfoList *list = NULL;
    void *bytes = NULL;
    int64_t began;
    int len = 0;
    bool done = false;
    natsStatus s = NATS_OK;

    start(&f);
    store(&f, "o", data, SIZE);
    get = begin_to_read(&f, "o");
    put = begin(&f, "p");
    CHECK_OK(objStorePut_Add(put, data, CHUNK));
    stream_delete(f.nc, "OBJ_B");
    CHECK_STATUS(objStoreGet_ReadAll(&bytes, &len, get, deadline_ms()), NATS_NOT_FOUND);
    CHECK_CONTAINS(nats_GetLastError(NULL), "bucket not found: B");
    CHECK_STATUS(objStoreGet_Read(&done, &bytes, &len, get, deadline_ms()), NATS_ILLEGAL_STATE);
    objStoreGet_Destroy(get);
    CHECK_SOON((s = objStorePut_Add(put, data, CHUNK)) != NATS_OK);
    CHECK_INT(s, NATS_NO_RESPONDERS);
    /* The first failure is the outcome. */
    CHECK_STATUS(objStorePut_Add(put, data, CHUNK), NATS_NO_RESPONDERS);
    began = now_ms();
    CHECK_STATUS(objStorePut_Complete(NULL, put, deadline_ms()), NATS_NO_RESPONDERS);
    objStorePut_Destroy(put);
    /* Nor is anything waited for: what the stream had received is never acknowledged. */
    CHECK(now_ms() - began < deadline_ms());
    CHECK_STATUS(objStore_GetString((char **)&bytes, f.obs, "o", NULL), NATS_NOT_FOUND);
    CHECK_STATUS(objStore_List(&list, f.obs, NULL), NATS_NOT_FOUND);
    CHECK_STATUS(objStore_Delete(f.obs, "o"), NATS_NOT_FOUND);
    /* The handle is good for a store of that name that comes again. */
    objStore_Destroy(f.obs);
    obj_open(&f);
    store(&f, "o", data, SIZE);
    read_the_rest(get = begin_to_read(&f, "o"), data);
    objStoreGet_Destroy(get);
    free(data);
    obj_end(&f);
}

static void a_silent_server_ends_nothing_but_the_call(void) {
    obj_fixture f;
    jsOptions opts;
    jsCtx *hasty = NULL;
    objStore *obs = NULL;
    char *data = obj_pattern(SIZE, 0), *text = NULL;
    objStoreInfo *info = NULL;
    objStoreGet *get;
    objStorePut *put;
    void *bytes = NULL;
    int64_t began;
    int len = 0, i;
    bool done = false;

    start(&f);
    CHECK_OK(jsOptions_Init(&opts));
    opts.Wait = 200 * time_factor();
    CHECK_OK(natsConnection_JetStream(&hasty, f.nc, &opts));
    CHECK_OK(js_ObjectStore(&obs, hasty, "B"));
    store(&f, "o", data, SIZE);
    get = begin_to_read(&f, "o");
    put = begin(&f, "p");
    CHECK_OK(objStorePut_Add(put, data, CHUNK));
    server_pause(&f.s);
    began = now_ms();
    /* What has come before is read; then nothing does. */
    for (i = 1; objStoreGet_Read(&done, &bytes, &len, get, 200 * time_factor()) == NATS_OK; i++) {
        CHECK(memcmp(bytes, data + i * CHUNK, CHUNK) == 0);
        free(bytes);
    }
    CHECK(i < SIZE / CHUNK);
    CHECK_STATUS(objStoreGet_Read(&done, &bytes, &len, get, 200 * time_factor()), NATS_TIMEOUT);
    CHECK_STATUS(objStore_GetString(&text, obs, "o", NULL), NATS_TIMEOUT);
    CHECK_STATUS(objStore_GetInfo(&info, obs, "o", NULL), NATS_TIMEOUT);
    CHECK_STATUS(objStore_Delete(obs, "o"), NATS_TIMEOUT);
    CHECK_STATUS(objStore_PutString(NULL, obs, "q", "x"), NATS_TIMEOUT);
    /* And at least a second for removing its chunks. */
    CHECK_OK(objStorePut_Add(put, data, CHUNK));
    CHECK_STATUS(objStorePut_Complete(NULL, put, 200), NATS_TIMEOUT);
    CHECK(now_ms() - began < 3000 * time_factor() + deadline_ms() / 2);
    server_resume(&f.s);
    objStorePut_Destroy(put);
    for (; i < SIZE / CHUNK; i++) {
        CHECK_OK(objStoreGet_Read(&done, &bytes, &len, get, deadline_ms()));
        CHECK(memcmp(bytes, data + i * CHUNK, CHUNK) == 0);
        CHECK(done == (i == SIZE / CHUNK - 1));
        free(bytes);
    }
    objStoreGet_Destroy(get);
    CHECK_STATUS(objStore_GetInfo(&info, f.obs, "p", NULL), NATS_NOT_FOUND);
    CHECK_INT(stream_messages(f.nc, "OBJ_B"), SIZE / CHUNK + 1);
    objStore_Destroy(obs);
    jsCtx_Destroy(hasty);
    free(data);
    obj_end(&f);
}

static void a_get_goes_on_over_many_restarts(void) {
    obj_fixture f;
    char *data = obj_pattern(SIZE, 0);
    objStoreGet *get;
    void *bytes = NULL;
    int len = 0, i, restarts = 0;
    bool done = false;

    start(&f);
    store(&f, "o", data, SIZE);
    get = begin_to_read(&f, "o");
    for (i = 1; i < SIZE / CHUNK; i++) {
        natsStatus s;

        if (i % 5 == 2) {
            server_kill(&f.s);
            server_restart(&f.s);
            restarts++;
        }
        /* Short calls: none of them may lose anything. */
        CHECK_SOON((s = objStoreGet_Read(&done, &bytes, &len, get, i % 2 == 0 ? 1 : 50)) != NATS_TIMEOUT &&
                   s != NATS_NO_RESPONDERS);
        CHECK_INT(s, NATS_OK);
        CHECK_INT(len, CHUNK);
        CHECK(memcmp(bytes, data + i * CHUNK, CHUNK) == 0);
        free(bytes);
    }
    CHECK(done && restarts == 4);
    objStoreGet_Destroy(get);
    free(data);
    obj_end(&f);
}

static void delete_message(obj_fixture *f, int seq) {
    char text[1024], body[64];

    snprintf(body, sizeof(body), "{\"seq\":%d}", seq);
    api_request(f->nc, "STREAM.MSG.DELETE.OBJ_B", body, text, sizeof(text));
    CHECK_CONTAINS(text, "\"success\":true");
}

static void chunks_that_are_missing(void) {
    obj_fixture f;
    char *data = obj_pattern(SIZE, 0);
    objStoreGet *get;
    void *bytes = NULL;
    int len = 0;
    bool done = false;
    natsStatus s;

    start(&f);
    store(&f, "o", data, SIZE);
    /* One that goes away while the object is read. */
    get = begin_to_read(&f, "o");
    delete_message(&f, SIZE / CHUNK);
    while ((s = objStoreGet_Read(&done, &bytes, &len, get, deadline_ms())) == NATS_OK) {
        CHECK(!done);
        free(bytes);
    }
    CHECK_INT(s, NATS_NOT_FOUND);
    CHECK_CONTAINS(nats_GetLastError(NULL), "chunks of the object are missing");
    objStoreGet_Destroy(get);
    /* And one in the middle. */
    delete_message(&f, 5);
    CHECK_STATUS(objStore_GetBytes(&bytes, &len, f.obs, "o", NULL), NATS_NOT_FOUND);
    CHECK_CONTAINS(nats_GetLastError(NULL), "18 of 20 are there");
    free(data);
    obj_end(&f);
}

enum { PUTS = 15 };

typedef struct putter {
    obj_fixture *f;
    char *data;
    natsStatus s;
} putter;

static void *put_again_and_again(void *arg) {
    putter *p = (putter *)arg;
    int i;

    for (i = 0; i < PUTS && p->s == NATS_OK; i++)
        p->s = objStore_PutBytes(NULL, p->f->obs, "o", p->data, SIZE);
    return NULL;
}

static void puts_of_one_object_side_by_side(void) {
    obj_fixture f;
    putter putters[2];
    pthread_t threads[2];
    objStorePut *puts[2];
    uint64_t revision = 0;
    void *bytes = NULL;
    int i, len = 0;

    start(&f);
    for (i = 0; i < 2; i++) {
        putters[i].f = &f;
        putters[i].data = obj_pattern(SIZE, i);
        putters[i].s = NATS_OK;
        CHECK(pthread_create(&threads[i], NULL, put_again_and_again, &putters[i]) == 0);
    }
    for (i = 0; i < 2; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK_INT(putters[i].s, NATS_OK);
    }
    /* One of them has won; of all the others nothing is left: two chunks and a description. */
    CHECK_OK(objStore_GetBytes(&bytes, &len, f.obs, "o", NULL));
    CHECK_INT(len, SIZE);
    CHECK(memcmp(bytes, putters[0].data, SIZE) == 0 || memcmp(bytes, putters[1].data, SIZE) == 0);
    free(bytes);
    CHECK_INT(stream_messages(f.nc, "OBJ_B"), 3);
    /* Guarded: one wins, and the other one knows. */
    CHECK_OK(objStore_GetRevision(&revision, f.obs, "o"));
    for (i = 0; i < 2; i++) {
        puts[i] = begin(&f, "o");
        CHECK_OK(objStorePut_ExpectRevision(puts[i], revision));
        CHECK_OK(objStorePut_Add(puts[i], putters[i].data, CHUNK));
    }
    CHECK_OK(objStorePut_Complete(NULL, puts[1], deadline_ms()));
    CHECK_STATUS(objStorePut_Complete(NULL, puts[0], deadline_ms()), NATS_MISMATCH);
    for (i = 0; i < 2; i++)
        objStorePut_Destroy(puts[i]);
    CHECK_OK(objStore_GetBytes(&bytes, &len, f.obs, "o", NULL));
    CHECK(len == CHUNK && memcmp(bytes, putters[1].data, CHUNK) == 0);
    free(bytes);
    CHECK_INT(stream_messages(f.nc, "OBJ_B"), 2);
    for (i = 0; i < 2; i++)
        free(putters[i].data);
    obj_end(&f);
}

static void chunks_that_no_server_takes(void) {
    obj_fixture f;
    objStoreMeta meta;
    objStorePut *put = NULL;
    char *data = obj_pattern(2000000, 0);

    start(&f);
    CHECK_OK(objStore_SetMaxBytesInFlight(f.obs, 4000000));
    CHECK_OK(objStoreMeta_Init(&meta));
    meta.Name = "o";
    meta.Opts.ChunkSize = 2000000;
    CHECK_OK(objStore_Put(&put, f.obs, &meta));
    CHECK_OK(objStorePut_Add(put, data, 1000));
    CHECK_STATUS(objStorePut_Add(put, data, 2000000), NATS_MAX_PAYLOAD);
    CHECK_STATUS(objStorePut_Complete(NULL, put, deadline_ms()), NATS_MAX_PAYLOAD);
    objStorePut_Destroy(put);
    CHECK_INT(stream_messages(f.nc, "OBJ_B"), 0);
    free(data);
    obj_end(&f);
}

typedef struct waiter {
    objStorePut *put;
    objStoreGet *get;
    char *data;
    counter began;
    natsStatus s;
} waiter;

static void *wait_in_add(void *arg) {
    waiter *w = (waiter *)arg;

    counter_add(&w->began, 1);
    do {
        w->s = objStorePut_Add(w->put, w->data, CHUNK);
    } while (w->s == NATS_OK);
    return NULL;
}

static void *wait_in_read(void *arg) {
    waiter *w = (waiter *)arg;
    void *bytes = NULL;
    int len = 0;
    bool done = false;

    counter_add(&w->began, 1);
    while ((w->s = objStoreGet_Read(&done, &bytes, &len, w->get, 100 * deadline_ms())) == NATS_OK)
        free(bytes);
    return NULL;
}

static void a_close_wakes_those_that_wait(void) {
    obj_fixture f;
    waiter w[2];
    pthread_t threads[2];
    char *data = obj_pattern(SIZE, 0);
    int64_t began;
    int i;

    start(&f);
    store(&f, "o", data, SIZE);
    for (i = 0; i < 2; i++) {
        counter_init(&w[i].began);
        w[i].data = data;
    }
    w[0].put = begin(&f, "p");
    w[1].get = begin_to_read(&f, "o");
    server_pause(&f.s);
    began = now_ms();
    CHECK(pthread_create(&threads[0], NULL, wait_in_add, &w[0]) == 0);
    CHECK(pthread_create(&threads[1], NULL, wait_in_read, &w[1]) == 0);
    for (i = 0; i < 2; i++)
        CHECK_REACHED(&w[i].began, 1);
    natsConnection_Close(f.nc);
    for (i = 0; i < 2; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    /* Where chunks were on their way, that they are lost is the put's outcome. */
    CHECK(w[0].s == NATS_CONNECTION_DISCONNECTED || w[0].s == NATS_CONNECTION_CLOSED);
    CHECK_INT(w[1].s, NATS_CONNECTION_CLOSED);
    objStorePut_Destroy(w[0].put);
    objStoreGet_Destroy(w[1].get);
    /* Not after the 5 seconds that an acknowledgement may take. */
    CHECK(now_ms() - began < 4000 * time_factor());
    server_resume(&f.s);
    free(data);
    obj_end(&f);
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        TEST(a_store_is_deleted_under_a_get_and_a_put),
        TEST(a_silent_server_ends_nothing_but_the_call),
        TEST(a_get_goes_on_over_many_restarts),
        TEST(chunks_that_are_missing),
        TEST(puts_of_one_object_side_by_side),
        TEST(chunks_that_no_server_takes),
        TEST(a_close_wakes_those_that_wait),
    };
    return RUN_TESTS(cases, argc, argv);
}
