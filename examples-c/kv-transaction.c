/* Several keys at once: threads move money between accounts, by consistent reads and transactions (servers from 2.12). What
 * the accounts have in all is the same at every moment.
 *
 * build: cc -o kv-transaction kv-transaction.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   kv-transaction [url] [bucket] [threads] [transfers of each]
 *        kv-transaction nats://127.0.0.1:4222 accounts 4 50
 *
 * The bucket is made for this run, and deleted at its end. */
#include "example.h"

enum { ACCOUNTS = 5, MONEY = 100 };

typedef struct {
    kvStore *kv;
    long transfers, conflicts;
    unsigned seed;
    bool well;
} Mover;

static void accountName(char *key, size_t size, int n) { snprintf(key, size, "account.%d", n); }

/* All accounts at one moment: balances and revisions. */
static natsStatus readAll(kvStore *kv, long *balances, uint64_t *revisions) {
    const char *keys[] = {"account.*"};
    kvEntryList list;
    natsStatus s = kvStore_GetMany(&list, kv, keys, 1);
    int i;

    if (s != NATS_OK)
        return s;
    for (i = 0; i < list.Count; i++) {
        int n = atoi(kvEntry_Key(list.Entries[i]) + strlen("account."));

        balances[n] = atol(kvEntry_ValueString(list.Entries[i]));
        revisions[n] = kvEntry_Revision(list.Entries[i]);
    }
    if (list.Count != ACCOUNTS)
        s = NATS_ERR;
    kvEntryList_Destroy(&list);
    return s;
}

/* Both accounts get their new balances, or neither does: NATS_MISMATCH where one has changed since it was read. */
static natsStatus transfer(kvStore *kv, int from, int to, long amount) {
    long balances[ACCOUNTS];
    uint64_t revisions[ACCOUNTS];
    char keys[2][24], values[2][24];
    kvChange changes[2];
    int of[2], i;
    natsStatus s = readAll(kv, balances, revisions);

    if (s != NATS_OK)
        return s;
    of[0] = from;
    of[1] = to;
    balances[from] -= amount;
    balances[to] += amount;
    memset(changes, 0, sizeof(changes));
    for (i = 0; i < 2; i++) {
        accountName(keys[i], sizeof(keys[i]), of[i]);
        snprintf(values[i], sizeof(values[i]), "%ld", balances[of[i]]);
        changes[i].Operation = kvOp_Put;
        changes[i].Key = keys[i];
        changes[i].Value = values[i];
        changes[i].ValueLen = (int)strlen(values[i]);
        changes[i].CheckRevision = true;
        changes[i].Revision = revisions[of[i]];
    }
    return kvStore_Apply(NULL, kv, changes, 2);
}

static void *move(void *arg) {
    Mover *m = (Mover *)arg;
    long done = 0;

    while (m->well && done < m->transfers) {
        int from = rand_r(&m->seed) % ACCOUNTS;
        natsStatus s = transfer(m->kv, from, (from + 1) % ACCOUNTS, 1 + rand_r(&m->seed) % 10);

        if (s == NATS_OK)
            done++;
        else if (s == NATS_MISMATCH)
            m->conflicts++; /* another thread was quicker: read again */
        else
            m->well = succeeded("transfer", s);
    }
    return NULL;
}

static bool moveMoney(kvStore *kv, int threads, long transfers) {
    Mover *movers = (Mover *)calloc((size_t)threads, sizeof(*movers));
    pthread_t *ids = (pthread_t *)calloc((size_t)threads, sizeof(*ids));
    long balances[ACCOUNTS], total = 0, conflicts = 0;
    uint64_t revisions[ACCOUNTS];
    bool well = movers != NULL && ids != NULL;
    int i, started = 0;
    char key[24];

    for (i = 0; well && i < ACCOUNTS; i++) {
        accountName(key, sizeof(key), i);
        well = succeeded("put", kvStore_PutString(NULL, kv, key, "100"));
    }
    for (i = 0; well && i < threads; i++) {
        movers[i].kv = kv;
        movers[i].transfers = transfers;
        movers[i].seed = (unsigned)i;
        movers[i].well = true;
        well = pthread_create(&ids[i], NULL, move, &movers[i]) == 0;
        started += well;
    }
    for (i = 0; i < started; i++) {
        pthread_join(ids[i], NULL);
        well = well && movers[i].well;
        conflicts += movers[i].conflicts;
    }
    well = well && succeeded("read", readAll(kv, balances, revisions));
    for (i = 0; well && i < ACCOUNTS; i++)
        total += balances[i];
    if (well) {
        printf("%ld transfers by %d threads, %ld of them tried again\n", transfers * threads, threads,
               conflicts);
        printf("The accounts have %ld in all\n", total);
    }
    free(movers);
    free(ids);
    return well && total == ACCOUNTS * MONEY;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *bucket = textArg(argc, argv, 2, "kv-transaction");
    const int threads = (int)numberArg(argc, argv, 3, 4);
    const long transfers = numberArg(argc, argv, 4, 50);
    natsConnection *nc = NULL;
    jsCtx *js = NULL;
    kvStore *kv = NULL;
    kvConfig config;
    kvExtraConfig extra;
    bool well;

    kvConfig_Init(&config);
    kvExtraConfig_Init(&extra);
    config.Bucket = bucket;
    config.StorageType = js_MemoryStorage;
    extra.Transactions = true;
    well = succeeded("connect", natsConnection_ConnectTo(&nc, url)) &&
           succeeded("JetStream", natsConnection_JetStream(&js, nc, NULL)) &&
           succeeded("bucket", js_CreateKeyValueWithExtra(&kv, js, &config, &extra));
    if (well) {
        well = moveMoney(kv, threads, transfers);
        well = succeeded("delete the bucket", js_DeleteKeyValue(js, bucket)) && well;
    }
    kvStore_Destroy(kv);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    nats_Close();
    return well ? 0 : 1;
}
