#include "cluster.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

int fixed_port(void) {
    static unsigned seed;
    int attempts;

    if (seed == 0)
        seed = (unsigned)getpid() * 2654435761u ^ (unsigned)now_ms();
    for (attempts = 0; attempts < 1000; attempts++) {
        struct sockaddr_in a;
        int port = 12000 + rand_r(&seed) % 18000;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool free;

        memset(&a, 0, sizeof(a));
        a.sin_family = AF_INET;
        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        a.sin_port = htons((uint16_t)port);
        free = bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
        close(fd);
        if (free)
            return port;
    }
    check_failed(__FILE__, __LINE__, "no free port");
}

/* Whether the JetStream meta leader is elected, which takes seconds. No server answers before that. */
static bool takes_requests(jsCtx *js) {
    jsAccountInfo *info = NULL;
    bool yes = js_GetAccountInfo(&info, js, NULL, NULL) == NATS_OK;

    jsAccountInfo_Destroy(info);
    return yes;
}

void cluster_start(cluster *c) {
    static const char *const args[] = {"-js", NULL};
    int routes[CLUSTER_SERVERS], i;
    int64_t until;
    natsConnection *nc;
    jsCtx *js = NULL;
    jsOptions opts;

    for (i = 0; i < CLUSTER_SERVERS; i++)
        routes[i] = fixed_port();
    for (i = 0; i < CLUSTER_SERVERS; i++) {
        char conf[512];

        snprintf(conf, sizeof(conf),
                 "server_name: n%d\ncluster { name: test, listen: \"127.0.0.1:%d\", routes: [\n"
                 "\"nats://127.0.0.1:%d\", \"nats://127.0.0.1:%d\", \"nats://127.0.0.1:%d\"] }\n",
                 i, routes[i], routes[0], routes[1], routes[2]);
        server_start_on(&c->servers[i], fixed_port(), conf, args);
    }
    nc = test_connect(cluster_options(c));
    CHECK_OK(jsOptions_Init(&opts));
    opts.Wait = 500 * time_factor();
    CHECK_OK(natsConnection_JetStream(&js, nc, &opts));
    for (until = now_ms() + 6 * deadline_ms(); !takes_requests(js); poll_pause())
        if (now_ms() > until)
            check_failed(__FILE__, __LINE__, "the servers elect no leader");
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
}

void cluster_stop(cluster *c) {
    int i;

    for (i = 0; i < CLUSTER_SERVERS; i++)
        server_stop(&c->servers[i]);
}

natsOptions *cluster_options(const cluster *c) {
    const char *urls[CLUSTER_SERVERS];
    natsOptions *opts = test_options(c->servers[0].url);
    int i;

    for (i = 0; i < CLUSTER_SERVERS; i++)
        urls[i] = c->servers[i].url;
    CHECK_OK(natsOptions_SetServers(opts, urls, CLUSTER_SERVERS));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    CHECK_OK(natsOptions_SetReconnectWait(opts, 50));
    return opts;
}

static int number_of(const char *name) { return name == NULL || name[0] != 'n' ? -1 : atoi(name + 1); }

int cluster_leader(jsCtx *js, const char *stream) {
    jsStreamInfo *si = NULL;
    int leader;

    if (js_GetStreamInfo(&si, js, stream, NULL, NULL) != NATS_OK)
        return -1;
    leader = si->Cluster == NULL ? -1 : number_of(si->Cluster->Leader);
    jsStreamInfo_Destroy(si);
    return leader;
}

static bool settled(jsCtx *js, const char *stream) {
    jsStreamInfo *si = NULL;
    bool all;
    int i;

    if (js_GetStreamInfo(&si, js, stream, NULL, NULL) != NATS_OK)
        return false;
    all =
        si->Cluster != NULL && si->Cluster->Leader != NULL && si->Cluster->ReplicasLen == CLUSTER_SERVERS - 1;
    for (i = 0; all && i < si->Cluster->ReplicasLen; i++)
        all = si->Cluster->Replicas[i]->Current && !si->Cluster->Replicas[i]->Offline;
    jsStreamInfo_Destroy(si);
    return all;
}

void cluster_settle(jsCtx *js, const char *stream) {
    int64_t until = now_ms() + 6 * deadline_ms();

    while (!settled(js, stream)) {
        if (now_ms() > until)
            check_failed(__FILE__, __LINE__, "stream %s is never the same on all servers", stream);
        poll_pause();
    }
}
