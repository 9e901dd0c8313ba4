/* Compares a service with a plain subscription that gives the same answers, one case in each run; built like js.c, for
 * this library only. Prints one line of JSON.
 *
 *   micro CASE URL COUNT      micro_service or micro_plain
 *
 * A child process sends requests and keeps WINDOW of them in flight. Only the answering process is measured. */
#include "js.h"

#define MAX_COUNT 5000000L
#define WARM_UP 1000
#define WINDOW 500
#define SIZE 16
#define SUBJECT "bench.micro"

static long wanted, answered;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t room = PTHREAD_COND_INITIALIZER;

static microError *handle(microRequest *request) {
    return microRequest_Respond(request, microRequest_GetData(request),
                                (size_t)microRequest_GetDataLength(request));
}

static void on_request(natsConnection *conn, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)sub;
    (void)closure;
    CHECK(natsConnection_Publish(conn, natsMsg_GetReply(msg), natsMsg_GetData(msg),
                                 natsMsg_GetDataLength(msg)));
    natsMsg_Destroy(msg);
}

static void serve(const char *name) {
    microServiceConfig config = {.Name = "bench", .Version = "1.0.0"};
    microEndpointConfig endpoint = {.Name = "echo", .Subject = SUBJECT, .Handler = handle};
    microService *service = NULL;
    natsSubscription *sub = NULL;

    config.Endpoint = &endpoint;
    if (strcmp(name, "micro_service") == 0) {
        if (micro_AddService(&service, nc, &config) != NULL)
            fail("no service");
    } else if (strcmp(name, "micro_plain") == 0) {
        CHECK(natsConnection_QueueSubscribe(&sub, nc, SUBJECT, "q", on_request, NULL));
    } else {
        fail("no such case");
    }
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
}

/* ---- the requesting process --------------------------------------------------------------------------------------- */

static void on_answer(natsConnection *conn, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)conn;
    (void)sub;
    (void)closure;
    if (natsMsg_GetDataLength(msg) != SIZE)
        fail("another answer");
    natsMsg_Destroy(msg);
    pthread_mutex_lock(&lock);
    answered++;
    pthread_cond_signal(&room);
    pthread_mutex_unlock(&lock);
}

static void ask_for(long count) {
    wanted += count;
    for (long i = wanted - count; i < wanted; i++) {
        pthread_mutex_lock(&lock);
        while (i - answered >= WINDOW)
            pthread_cond_wait(&room, &lock);
        pthread_mutex_unlock(&lock);
        CHECK(natsConnection_PublishRequest(nc, SUBJECT, "bench.answers", "0123456789abcdef", SIZE));
    }
    pthread_mutex_lock(&lock);
    while (answered < wanted)
        pthread_cond_wait(&room, &lock);
    pthread_mutex_unlock(&lock);
}

/* Waits for a byte, sends the requests, and writes a byte after the last answer; twice, the first time to warm up. */
static void asker(int from, int to, long count) {
    natsSubscription *sub = NULL;
    char byte;

    begin(false);
    CHECK(natsConnection_Subscribe(&sub, nc, "bench.answers", on_answer, NULL));
    CHECK(natsSubscription_SetPendingLimits(sub, -1, -1));
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    for (int i = 0; i < 2; i++) {
        if (read(from, &byte, 1) != 1)
            _exit(1);
        ask_for(i == 0 ? WARM_UP : count);
        if (write(to, &byte, 1) != 1)
            _exit(1);
    }
    _exit(0);
}

static void have_it_ask(int to, int from) {
    char byte = 'x';
    if (write(to, &byte, 1) != 1 || read(from, &byte, 1) != 1)
        fail("the process that asks has failed");
}

int main(int argc, char **argv) {
    int there[2], back[2];
    int64_t wall, cpu;

    if (argc != 4) {
        fprintf(stderr, "usage: micro CASE URL COUNT\n");
        return 2;
    }
    url = argv[2];
    long count = strtol(argv[3], NULL, 10);
    if (count < 1 || count > MAX_COUNT)
        fail("a count is 1 to 5000000");
    if (pipe(there) != 0 || pipe(back) != 0)
        fail("no pipe");
    pid_t child = fork(); /* before the library is opened */
    if (child == 0) {
        close(there[1]);
        close(back[0]);
        asker(there[0], back[1], count);
    }
    close(there[0]);
    close(back[1]);
    begin(false);
    serve(argv[1]);
    have_it_ask(there[1], back[0]);
    cpu = cpu_ns();
    wall = now_ns();
    have_it_ask(there[1], back[0]);
    wall = now_ns() - wall;
    cpu = cpu_ns() - cpu;
    waitpid(child, NULL, 0);
    tell(argv[1], count, wall, cpu);
    end();
}
