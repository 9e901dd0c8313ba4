/* The arguments of calls, made at random. */
#include "calls.h"
#include "certs.h"
#include "run.h"

static __thread uint64_t state;
static __thread bool sensible;

/* splitmix64 */
static uint64_t next(void) {
    uint64_t z;

    if (state == 0)
        state = begin_thread();
    z = (state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

uint32_t pick(uint64_t n) { return n == 0 ? 0 : (uint32_t)(next() % n); }
bool one_in(uint32_t n) { return next() % n == 0; }

bool odd(uint32_t n) { return !sensible && one_in(n); }
bool some_field(void) { return one_in(sensible ? 25 : 3); }
bool is_sensible(void) { return sensible; }

bool set_sensible(bool value) {
    bool before = sensible;

    sensible = value;
    return before;
}

void *memory(frame *f, size_t size) {
    void *block;

    if (f->block_count == FRAME_BLOCKS)
        abort(); /* the generator asks for more than there is room for */
    block = calloc(1, size);
    f->blocks[f->block_count++] = block;
    return block;
}

static char *long_text(frame *f) {
    size_t n = 1 + pick(one_in(10) ? 120000 : 600);
    char *text = memory(f, n + 1);

    memset(text, one_in(2) ? 'a' : '.', n);
    return text;
}

/* In the size that it has, so that a sanitizer sees each byte beyond. */
static const char *copy_of(frame *f, const char *text, size_t length) {
    char *copy = memory(f, length + 1);

    memcpy(copy, text, length);
    return copy;
}

const char *a_choice(frame *f, const char *choices) {
    uint32_t n = 1;
    const char *c;

    for (c = choices; *c != 0; c++)
        n += *c == '|';
    for (n = pick(n), c = choices; n > 0; n--)
        c = strchr(c, '|') + 1;
    return copy_of(f, c, strcspn(c, "|"));
}

const char *a_file_text(frame *f, const char *choices) {
    const char *name = a_choice(f, choices);
    char *text = cert_text(name);
    const char *copy = copy_of(f, text, strlen(text));

    free(text);
    return copy;
}

const char *a_certificate(frame *f, const char *choices) {
    const char *path = cert(a_choice(f, choices));

    return copy_of(f, path, strlen(path));
}

const char *a_text(frame *f, int category) {
    /* For each category: texts that are often refused, and texts that a program would pass. */
    static const char *const texts[TEXT_CATEGORIES][2] = {
        [TEXT_ANY] =
            {"| |a|a b|a.b|*|>|a.>|a..b|.a|a.|$JS.API.INFO|$SRV.PING|_INBOX.x|a\r\nPUB b 0\r\n|%s%n%d|"
             "\xff\xfe\x80|\xc3|\xf0\x9f\x98\x80|1.0.0|name|0|-1|18446744073709551616|{\"a\":1}|100ms|@every "
             "1s|"
             "Nats-Msg-Id|+5|k0|b0|s0|c0",
             "a|name|other"},
        [TEXT_URL] = {"nats://127.0.0.1:1|tls://127.0.0.1:1,ws://[::1]:1/x", ""},
        [TEXT_FILE] = {"one|two|no/such/file|.", "one|two"},
        [TEXT_STREAM] = {"s0|s1|KV_b0|OBJ_o0|none", "s0|s0|s0|s1"},
        [TEXT_CONSUMER] = {"c0|c1|c2|none", "c0|c1"},
        [TEXT_BUCKET] = {"b0|o0|b1|o1", "b0|b0|b1"},
        [TEXT_KEY] = {"k0|k1|k.2|k.*|k.>|>|k0", "k0|k0|k1|k.2"},
        [TEXT_SUBJECT] = {"s0.a|s0.b|s0.>|s1.a|x|x.*|svc|$KV.b0.k0", "s0.a|s0.a|s0.b|x|x.y|svc"},
    };

    if (odd(30))
        return NULL;
    if (odd(40))
        return long_text(f);
    if (odd(8))
        category = (int)pick(TEXT_CATEGORIES);
    if (category == TEXT_URL && (is_sensible() || !one_in(4)))
        return copy_of(f, server_url, strlen(server_url));
    return a_choice(f, texts[category][is_sensible()]);
}

const char **some_texts(frame *f, int category, int n) {
    const char **list = memory(f, (size_t)n * sizeof(char *));

    while (n-- > 0)
        list[n] = a_text(f, category);
    return list;
}

const char **some_choices(frame *f, const char *choices, int n) {
    const char **list = memory(f, (size_t)n * sizeof(char *));

    while (n-- > 0)
        list[n] = a_choice(f, choices);
    return list;
}

/* With a NUL behind: lengths of 0 stand for a text in some functions. */
void *some_bytes(frame *f, int n) {
    unsigned char *bytes = memory(f, (size_t)n + 1);
    int i;

    for (i = 0; i < n; i++)
        bytes[i] = (unsigned char)(i < 64 ? next() : 7);
    return bytes;
}

int a_length(void) { return (int)(one_in(20) ? pick(200000) : one_in(4) ? 0 : pick(100)); }

int64_t a_time(void) {
    static const int64_t times[] = {1, 1, 2, 5, 10, 20, 20, 50, 0, -1};

    return is_sensible() ? 10 + (int64_t)pick(50) : times[pick(sizeof(times) / sizeof(times[0]))];
}

int64_t a_number(void) {
    if (is_sensible())
        return 1 + (int64_t)pick(5);
    switch (pick(6)) {
    case 0:
        return one_in(2) ? INT64_MAX : INT64_MIN;
    case 1:
        return (int64_t)next();
    case 2:
        return 1000000000ll * pick(20);
    default:
        return (int64_t)pick(5) - 1;
    }
}

int a_small_number(void) {
    if (is_sensible())
        return 1 + (int)pick(5);
    if (one_in(10))
        return one_in(2) ? INT32_MAX : INT32_MIN;
    return (int)pick(one_in(4) ? 1000 : 5) - 1;
}

int an_enum(void) { return odd(20) ? (int)next() : (int)pick(is_sensible() ? 3 : 8) - !is_sensible(); }

void read_text(const char *text) {
    static _Atomic(size_t) sum;

    if (text != NULL)
        sum += strlen(text);
}

natsMsg *an_advisory(frame *f) {
    static const char text[] =
        "{\"type\":\"io.nats.jetstream.advisory.v1.max_deliver\",\"id\":\"A\","
        "\"timestamp\":\"2026-01-02T03:04:05.6Z\",\"stream\":\"s0\",\"consumer\":\"c0\","
        "\"stream_seq\":5,\"deliveries\":2}";
    natsMsg *msg = NULL;

    if (natsMsg_Create(&msg, "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.s0.c0", NULL, text,
                       (int)sizeof(text) - 1) != NATS_OK)
        return NULL;
    return lend(f, KIND_natsMsg, msg);
}

void the_stream(frame *f, jsStreamConfig *cfg) {
    static const char *const subjects[] = {"s0.>", "s1.>", "s3.>"};
    const char **list = memory(f, sizeof(char *));

    list[0] = subjects[cfg->Name[1] == '0' ? 0 : cfg->Name[1] == '1' ? 1 : 2];
    cfg->Subjects = list;
    cfg->SubjectsLen = 1;
    cfg->Storage = js_MemoryStorage;
    cfg->MaxMsgs = 1000;
    cfg->AllowDirect = true;
    cfg->AllowAtomic = true;
    cfg->AllowBatched = true;
}
