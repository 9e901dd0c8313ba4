/* The callbacks: they make calls of their own, with what they were given among the arguments. */
#include "calls.h"
#include "run.h"

static __thread microRequest *request;

microRequest *the_request(void) { return one_in(20) ? NULL : request; }

void on_natsThreadStartedHandler(void *closure) { (void)closure; }

/* May be called in the middle of any other call. */
void on_natsLogHandler(const natsLogRecord *record, void *closure) {
    (void)closure;
    read_text(record->Target);
    read_text(record->Text);
}

void on_natsErrHandler(natsConnection *nc, natsSubscription *sub, natsStatus err, void *closure) {
    (void)nc, (void)sub, (void)err, (void)closure;
    nested_calls();
}

void on_natsConnectionHandler(natsConnection *nc, void *closure) {
    (void)nc, (void)closure;
    nested_calls();
}

void on_natsOnCompleteCB(void *closure) {
    (void)closure;
    nested_calls();
}

natsStatus on_natsUserJWTHandler(char **jwt, char **error, void *closure) {
    (void)closure;
    if (one_in(2))
        *error = strdup("no JWT today");
    else if (one_in(2))
        *jwt = strdup("no.valid.JWT");
    return one_in(3) ? NATS_ERR : NATS_OK;
}

natsStatus on_natsSignatureHandler(char **error, unsigned char **signature, int *length, const char *nonce,
                                   void *closure) {
    (void)closure;
    read_text(nonce);
    if (one_in(2))
        *error = strdup("no signature today");
    *length = one_in(2) ? 64 : (int)pick(64);
    *signature = calloc(1, (size_t)*length + 1);
    return one_in(3) ? NATS_ERR : NATS_OK;
}

/* There is no loop: a connection that was given one does not come about. */
natsStatus on_natsEvLoop_Attach(void **data, void *loop, natsConnection *nc, natsSock socket) {
    (void)data, (void)loop, (void)nc, (void)socket;
    return NATS_ERR;
}

natsStatus on_natsEvLoop_ReadAddRemove(void *data, bool add) {
    (void)data, (void)add;
    return NATS_ERR;
}

natsStatus on_natsEvLoop_WriteAddRemove(void *data, bool add) {
    (void)data, (void)add;
    return NATS_ERR;
}

natsStatus on_natsEvLoop_Detach(void *data) {
    (void)data;
    return NATS_OK;
}

int on_natsNextServerHandler(natsConnection *nc, const char *const *servers, int count, int64_t *pause,
                             void *closure) {
    int i;

    (void)nc, (void)closure;
    for (i = 0; i < count; i++)
        read_text(servers[i]);
    *pause = one_in(3) ? a_time() : 1;
    return one_in(3) ? a_small_number() : (int)pick((uint64_t)count);
}

natsStatus on_natsProxyConnHandler(natsSock *fd, char *host, int port, void *closure) {
    (void)port, (void)closure;
    read_text(host);
    *fd = -1;
    return one_in(2) ? NATS_ERR : NATS_OK;
}

int64_t on_natsCustomReconnectDelayHandler(natsConnection *nc, int attempts, void *closure) {
    (void)nc, (void)attempts, (void)closure;
    return one_in(10) ? -1 : (int64_t)pick(20);
}

const char *on_natsTokenHandler(void *closure) {
    (void)closure;
    return one_in(3) ? NULL : "token";
}

int on_natsSSLVerifyCb(int preverifyOk, void *ctx) {
    (void)preverifyOk, (void)ctx;
    return (int)pick(2);
}

natsStatus on_natsUserInfoHandler(char **user, char **password, char **error, void *closure) {
    (void)closure;
    *user = one_in(3) ? NULL : strdup("user");
    *password = one_in(3) ? NULL : strdup("password");
    if (one_in(3))
        *error = strdup("nobody");
    return one_in(3) ? NATS_ERR : NATS_OK;
}

void on_natsReplyHandler(natsConnection *nc, natsStatus s, natsMsg *reply, void *closure) {
    (void)nc, (void)s, (void)closure;
    give(KIND_natsMsg, reply);
    nested_calls();
}

bool on_natsLastReplyHandler(natsMsg *reply, void *closure) {
    (void)closure;
    read_text(natsMsg_GetSubject(reply));
    nested_calls();
    natsMsg_Destroy(reply); /* stays the library's */
    return one_in(4);
}

void on_natsMsgHandler(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)closure;
    if (one_in(20))
        natsSubscription_Destroy(sub);
    if (one_in(200))
        natsConnection_Destroy(nc);
    if (one_in(2))
        nested_calls();
    if (natsMsg_GetReply(msg) != NULL && one_in(2))
        (void)natsConnection_PublishString(nc, natsMsg_GetReply(msg), "answer");
    /* Those that the library acknowledges by itself stay the library's: then this does nothing. */
    if (natsMsg_GetReply(msg) != NULL && strncmp(natsMsg_GetReply(msg), "$JS.ACK.", 8) == 0)
        natsMsg_Destroy(msg);
    else
        give(KIND_natsMsg, msg);
}

void on_natsMsgsHandler(natsConnection *nc, natsSubscription *sub, natsMsgList *msgs, void *closure) {
    (void)nc, (void)sub, (void)closure;
    nested_calls();
    if (msgs->Count > 0 && one_in(2)) {
        give(KIND_natsMsg, msgs->Msgs[0]);
        msgs->Msgs[0] = NULL;
    }
    if (one_in(3))
        natsMsgList_Destroy(msgs);
}

void on_jsPubAckHandler(jsCtx *js, natsMsg *msg, jsPubAck *pa, jsPubAckErr *pae, void *closure) {
    (void)closure;
    if (pa != NULL && pa->Stream != NULL)
        read_text(pa->Stream);
    if (pae != NULL)
        read_text(pae->ErrText);
    nested_calls();
    if (msg != NULL && one_in(4))
        (void)js_PublishMsgAsync(js, &msg, NULL);
    give(KIND_natsMsg, msg);
}

void on_jsPubAckErrHandler(jsCtx *js, jsPubAckErr *pae, void *closure) {
    (void)closure;
    read_text(pae->ErrText);
    nested_calls();
    if (pae->Msg != NULL && one_in(4))
        (void)js_PublishMsgAsync(js, &pae->Msg, NULL);
    if (pae->Msg != NULL && one_in(4)) {
        give(KIND_natsMsg, pae->Msg);
        pae->Msg = NULL;
    }
}

void on_jsFetchCompleteHandler(natsConnection *nc, natsSubscription *sub, natsStatus s, void *closure) {
    (void)nc, (void)sub, (void)s, (void)closure;
    nested_calls();
}

bool on_jsFetchNextHandler(int *messages, int64_t *maxBytes, natsSubscription *sub, void *closure) {
    (void)sub, (void)closure;
    *messages = a_small_number();
    *maxBytes = a_number();
    return !one_in(4);
}

void on_jsFastPublishErrHandler(jsFastBatchCtx *ctx, jsFastPublishErr *err, void *closure) {
    (void)ctx, (void)closure;
    read_text(err->ErrText);
    nested_calls();
}

natsStatus on_kvCodecCb(void **out, int *outLen, const void *in, int inLen, void *closure) {
    (void)closure;
    if (one_in(10))
        return NATS_ERR;
    *outLen = one_in(20) ? (int)pick((uint64_t)inLen) : inLen;
    *out = malloc((size_t)*outLen);
    memcpy(*out, in, (size_t)*outLen);
    return NATS_OK;
}

void on_kvCodecReleaseCb(void *closure) { (void)closure; }

void on_kvWatchCb(kvWatcher *w, kvEntry *e, natsStatus s, void *closure) {
    (void)s, (void)closure;
    if (one_in(20))
        kvWatcher_Destroy(w);
    nested_calls();
    give(KIND_kvEntry, e);
}

microError *on_microRequestHandler(microRequest *req) {
    microRequest *outer = request;
    int n;

    request = req;
    for (n = (int)pick(6); n > 0; n--)
        call_matching("microRequest_");
    nested_calls();
    natsMsg_Destroy(microRequest_GetMsg(req)); /* stays the library's */
    request = outer;
    return one_in(3) ? take(KIND_microError) : NULL;
}

void on_microErrorHandler(microService *m, microEndpoint *ep, natsStatus s) {
    (void)m, (void)ep, (void)s;
    nested_calls();
}

void on_microDoneHandler(microService *m) {
    (void)m;
    nested_calls();
}

microError *on_microStatsDataHandler(char **data, microService *m, const char *subject, void *closure) {
    (void)m, (void)closure;
    read_text(subject);
    *data = one_in(2) ? strdup("{\"a\":1}") : one_in(2) ? strdup("no JSON") : NULL;
    return one_in(3) ? take(KIND_microError) : NULL;
}

void on_objStoreProgressHandler(const char *name, uint64_t bytes, uint64_t total, void *closure) {
    (void)bytes, (void)total, (void)closure;
    read_text(name);
    nested_calls();
}
