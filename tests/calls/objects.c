/* The objects that calls are made on: those that the library keeps the memory of, and those that one thread at a
 * time may use. */
#include <pthread.h>

#include "calls.h"
#include "run.h"

enum { HANDLES_EACH = 12, OBJECTS_EACH = 48, LATEST = 4 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *handles[SLOT_KINDS][HANDLES_EACH];
static void *objects[KINDS][OBJECTS_EACH];
/* The last ones of each kind: most of them are alive, and what they need is too. */
static void *latest[PREFERENCES][LATEST];
static uint64_t latest_revision, first_sequence, last_sequence;

void prefer(int kind, void *handle) {
    pthread_mutex_lock(&lock);
    latest[kind][pick(LATEST)] = handle;
    pthread_mutex_unlock(&lock);
}

void *preferred(int kind) {
    void *handle;

    pthread_mutex_lock(&lock);
    handle = latest[kind][pick(LATEST)];
    pthread_mutex_unlock(&lock);
    return handle;
}

void *a_handle(int kind) {
    void *handle;

    if (is_sensible() && !one_in(4))
        return preferred(kind);
    if (odd(40))
        return NULL;
    if (odd(25))
        kind = (int)pick(SLOT_KINDS);
    pthread_mutex_lock(&lock);
    handle = handles[kind][pick(HANDLES_EACH)];
    pthread_mutex_unlock(&lock);
    return handle;
}

void saw_revision(uint64_t revision) {
    pthread_mutex_lock(&lock);
    latest_revision = revision;
    pthread_mutex_unlock(&lock);
}

uint64_t a_revision(void) {
    uint64_t revision;

    pthread_mutex_lock(&lock);
    revision = latest_revision;
    pthread_mutex_unlock(&lock);
    return revision;
}

void saw_sequences(uint64_t first, uint64_t last) {
    pthread_mutex_lock(&lock);
    first_sequence = first;
    last_sequence = last;
    pthread_mutex_unlock(&lock);
}

uint64_t a_sequence(void) {
    uint64_t first, last;

    pthread_mutex_lock(&lock);
    first = first_sequence;
    last = last_sequence;
    pthread_mutex_unlock(&lock);
    return last < first ? first : first + pick(last - first + 1);
}

void keep(int kind, void *handle) {
    uint32_t place = pick(HANDLES_EACH);
    void *before;

    if (handle == NULL)
        return;
    pthread_mutex_lock(&lock);
    before = handles[kind][place];
    handles[kind][place] = handle;
    pthread_mutex_unlock(&lock);
    prefer(kind, handle);
    /* It may have ended long ago: then this is one more call with a stale handle. */
    if (before != NULL && before != handle)
        end_object(kind, before);
}

void *take(int kind) {
    void *object;
    uint32_t place = pick(OBJECTS_EACH), i;

    pthread_mutex_lock(&lock);
    for (i = 0, object = NULL; i < OBJECTS_EACH && object == NULL; i++) {
        object = objects[kind][(place + i) % OBJECTS_EACH];
        objects[kind][(place + i) % OBJECTS_EACH] = NULL;
    }
    pthread_mutex_unlock(&lock);
    return object;
}

/* Messages of streams that can be acknowledged. */
static bool is_stored(const natsMsg *msg) {
    const char *reply = natsMsg_GetReply(msg);

    return reply != NULL && strncmp(reply, "$JS.ACK.", 8) == 0;
}

void give_messages(natsMsgList *list) {
    int i;

    for (i = 0; i < list->Count; i++)
        if (list->Msgs[i] != NULL && one_in(2)) {
            give(KIND_natsMsg, list->Msgs[i]);
            list->Msgs[i] = NULL;
        }
    natsMsgList_Destroy(list);
}

void give(int kind, void *object) {
    uint32_t place = pick(OBJECTS_EACH);
    void *before;

    if (object == NULL)
        return;
    if (kind == KIND_natsMsg && is_stored(object))
        kind = KIND_storedMsg;
    pthread_mutex_lock(&lock);
    before = objects[kind][place];
    objects[kind][place] = object;
    pthread_mutex_unlock(&lock);
    if (before != NULL)
        end_object(kind, before);
}

void *borrow(frame *f, int kind) {
    void *object;

    if (odd(40) || f->borrowed_count == FRAME_OBJECTS)
        return NULL;
    if (kind == KIND_natsMsg && one_in(4))
        kind = KIND_storedMsg;
    object = take(kind);
    return object == NULL ? NULL : lend(f, kind, object);
}

void *lend(frame *f, int kind, void *object) {
    f->borrowed[f->borrowed_count].kind = kind;
    f->borrowed[f->borrowed_count++].object = object;
    return object;
}

/* Ends what a place of a table has. Returns 1 if there was something. */
static int end_place(int kind, void **place) {
    void *object;

    pthread_mutex_lock(&lock);
    object = *place;
    *place = NULL;
    pthread_mutex_unlock(&lock);
    if (object != NULL)
        end_object(kind, object);
    return object != NULL;
}

/* Returns how much there was to end: callbacks that are still to return, or to come, keep more. */
int end_all(void) {
    int k, i, n = 0;

    for (k = 0; k < SLOT_KINDS; k++)
        for (i = 0; i < HANDLES_EACH; i++)
            n += end_place(k, &handles[k][i]);
    for (k = SLOT_KINDS; k < KINDS; k++)
        for (i = 0; i < OBJECTS_EACH; i++)
            n += end_place(k, &objects[k][i]);
    return n;
}
