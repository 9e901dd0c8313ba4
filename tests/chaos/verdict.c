#include "verdict.h"

/* Calls again what fails only because servers are still electing a leader. */
#define CHECK_EVENTUALLY(call)                                                                               \
    do {                                                                                                     \
        int64_t check_until = now_ms() + 60000;                                                              \
        while ((call) != NATS_OK) {                                                                          \
            if (now_ms() > check_until)                                                                      \
                check_failed(__FILE__, __LINE__, "never: %s", #call);                                        \
            poll_pause();                                                                                    \
        }                                                                                                    \
    } while (0)

int violations;

void require(bool condition, const char *format, ...) {
    va_list args;

    if (condition)
        return;
    violations++;
    printf("NOT ALLOWED: ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

/* Reads a stream with a connection that nothing disturbs: at which sequence each number is, 0 for none, to be freed.
 * Counts those that are there twice. */
static uint64_t *read_stream(const char *stream, const char *subject, uint64_t numbers, jsCtx *js,
                             uint64_t *last, uint64_t *twice) {
    natsSubscription *sub = NULL;
    jsStreamInfo *info = NULL;
    jsSubOptions opts;
    uint64_t seen = 0, n;
    uint64_t *at = calloc(numbers, sizeof(at[0]));

    CHECK(at != NULL);
    CHECK_EVENTUALLY(js_GetStreamInfo(&info, js, stream, NULL, NULL));
    *last = info->State.LastSeq;
    require(info->State.Msgs == *last, "%s has %" PRIu64 " messages up to %" PRIu64, stream, info->State.Msgs,
            *last);
    jsStreamInfo_Destroy(info);
    CHECK_OK(jsSubOptions_Init(&opts));
    opts.Ordered = true;
    CHECK_EVENTUALLY(js_SubscribeSync(&sub, js, subject, NULL, &opts, NULL));
    while (seen < *last) {
        natsMsg *msg = NULL;
        natsStatus s = natsSubscription_NextMsg(&msg, sub, 20000);

        if (s != NATS_OK) {
            require(false, "%s cannot be read behind %" PRIu64 ": %s", stream, seen, natsStatus_GetText(s));
            break;
        }
        seen++;
        n = load_number(msg);
        if (n < numbers) {
            *twice += at[n] != 0;
            at[n] = seen;
        }
        natsMsg_Destroy(msg);
    }
    natsSubscription_Destroy(sub);
    return at;
}

uint64_t verify_streams(load *l, jsCtx *js) {
    async_load *a = &l->async;
    uint64_t last = 0, last_async = 0, lost = 0, moved = 0, twice = 0, n;
    uint64_t *at = read_stream(l->stream, l->subject, l->acked_count + 2, js, &last, &twice);

    for (n = 0; n < l->acked_count; n++) {
        uint64_t acked;

        ledger_read(&l->acked, n, &acked);
        lost += at[n] == 0;
        moved += at[n] != 0 && at[n] != acked;
    }
    free(at);
    require(lost == 0, "%s: %" PRIu64 " acknowledged messages are not in the stream", l->transport, lost);
    require(moved == 0, "%s: %" PRIu64 " messages are at another sequence than their acks say", l->transport,
            moved);
    require(twice == 0, "%s: %" PRIu64 " messages are twice in the stream", l->transport, twice);

    lost = twice = 0;
    at = read_stream(a->stream, a->subject, a->numbers, js, &last_async, &twice);
    for (n = 0; n < a->numbers; n++)
        lost += at[n] == 0 && load_async_acked(a, n);
    free(at);
    printf("\n%s: async: %" PRIu64 " accepted of %" PRIu64 ", handler called for %" PRIu64 ", %" PRIu64
           " acknowledged, %" PRIu64 " stored\n",
           l->transport, a->accepted, a->numbers, a->told, a->acked, last_async);
    require(lost == 0, "%s: %" PRIu64 " messages of js_PublishMsgAsync are not there, though acknowledged",
            l->transport, lost);
    require(twice == 0, "%s: %" PRIu64 " messages of js_PublishMsgAsync are there twice", l->transport,
            twice);
    require(a->complete && a->told == a->accepted && a->told_again == 0,
            "%s: %" PRIu64 " messages of js_PublishMsgAsync, the handler was told of %" PRIu64 ", %" PRIu64
            " times again",
            l->transport, a->accepted, a->told, a->told_again);
    return last;
}

void verify_keys(load *l, jsCtx *js) {
    kvStore *kv = NULL;
    int64_t until = now_ms() + 60000;
    int i;

    CHECK_EVENTUALLY(js_KeyValue(&kv, js, l->bucket));
    for (i = 0; i < KEYS; i++) {
        kvEntry *entry = NULL;
        char key[16];
        natsStatus s;

        snprintf(key, sizeof(key), "k%d", i);
        do {
            s = kvStore_Get(&entry, kv, key);
        } while (s != NATS_OK && s != NATS_NOT_FOUND && now_ms() < until);
        if (s != NATS_OK) {
            require(l->written[i] == 0, "%s: %s was written, and is not there", l->transport, key);
            continue;
        }
        require(kvEntry_Revision(entry) >= l->written[i],
                "%s: %s has a revision before its last confirmed one", l->transport, key);
        require(l->watched[i] == kvEntry_Revision(entry) &&
                    l->watched_value[i] == strtoull(kvEntry_ValueString(entry), NULL, 10),
                "%s: the watcher saw %s at %" PRIu64 ", it is at %" PRIu64, l->transport, key, l->watched[i],
                kvEntry_Revision(entry));
        kvEntry_Destroy(entry);
    }
    kvStore_Destroy(kv);
}

void verify_account(load *l, uint64_t stored) {
    order core = order_read(&l->core);
    int i;

    printf("%s: %" PRIu64 " reconnects\n", l->transport, load_reconnects(l));
    printf("  published %" PRIu64 ", received %" PRIu64 ": %" PRIu64 " lost (allowed), %" PRIu64
           " late (allowed), %" PRIu64 " doubled\n",
           l->published, core.received, l->published - core.received, core.late, core.doubled);
    printf("  stream %" PRIu64 ", acknowledged to the publisher %" PRIu64 " (%" PRIu64
           " had been stored before)\n",
           stored, l->acked_count, l->ack_duplicates);
    printf("  pulled %" PRIu64 " of it; redelivered %" PRIu64 " (allowed); again without saying so %" PRIu64
           ", after a confirmed acknowledgement %" PRIu64 " (the servers')\n",
           l->pulled_count, l->redelivered, l->pulled_again, l->acked_again);
    printf("  ordered %" PRIu64 ": %" PRIu64 " missing, %" PRIu64 " doubled\n", l->ordered_received,
           l->ordered_gaps, l->ordered_again);
    printf("  keys: %" PRIu64 " changes watched, %" PRIu64 " not in the order of revisions\n",
           l->watched_count, l->watched_back);
    for (i = 0; i < l->caller_count; i++) {
        caller *c = &l->callers[i];

        printf("  %-18s %7" PRIu64 " ok %6" PRIu64 " failed %3" PRIu64 " hung, longest %5" PRId64 " ms%s%s\n",
               c->name, c->ok, c->failed, c->hung, c->longest_ms, c->failed > 0 ? "; last: " : "",
               c->last_error);
        require(c->hung == 0, "%s: %s hung", l->transport, c->name);
        require(c->ok > 0, "%s: %s never succeeded", l->transport, c->name);
    }
    require(core.doubled == 0, "%s: published messages came twice", l->transport);
    require(l->core_wrong == 0, "%s: %" PRIu64 " messages are not what was published", l->transport,
            l->core_wrong);
    require(l->wrong_replies == 0, "%s: %" PRIu64 " replies to other requests", l->transport,
            l->wrong_replies);
    require(l->ordered_gaps == 0 && l->ordered_again == 0 && l->ordered_next == stored + 1,
            "%s: the ordered consumer came to %" PRIu64 " of %" PRIu64 ", %" PRIu64 " missing, %" PRIu64
            " doubled",
            l->transport, l->ordered_next - 1, stored, l->ordered_gaps, l->ordered_again);
    require(l->pulled_count == stored, "%s: of %" PRIu64 " stored messages %" PRIu64 " were pulled",
            l->transport, stored, l->pulled_count);
    require(l->watched_back == 0, "%s: revisions went back", l->transport);
    require(l->objects_wrong == 0, "%s: %" PRIu64 " objects or messages with wrong content", l->transport,
            l->objects_wrong);
    require(l->closed == 0, "%s: %" PRIu64 " connections gave up", l->transport, l->closed);
}
