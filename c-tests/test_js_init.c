/* The *_Init functions of JetStream's structures: the values they set, independent of the former content. */
#include "test.h"

enum { PATTERN = 0xA5 };

/* The structure is zero but for what was put back to zero before. */
#define CHECK_ZERO(thing) check_zero(#thing, &(thing), sizeof(thing))

static void check_zero(const char *name, const void *memory, size_t size) {
    const unsigned char *bytes = (const unsigned char *)memory;
    size_t i;

    for (i = 0; i < size; i++) {
        if (bytes[i] != 0)
            check_failed(__FILE__, __LINE__, "%s: byte %zu is %d", name, i, bytes[i]);
    }
}

#define CHECK_INIT_ZERO(type)                                                                                \
    do {                                                                                                     \
        type thing;                                                                                          \
        memset(&thing, PATTERN, sizeof(thing));                                                              \
        CHECK_OK(type##_Init(&thing));                                                                       \
        CHECK_ZERO(thing);                                                                                   \
        CHECK_STATUS(type##_Init(NULL), NATS_INVALID_ARG);                                                   \
    } while (0)

static void plain_structures_are_zero(void) {
    CHECK_INIT_ZERO(jsOptions);
    CHECK_INIT_ZERO(jsPubOptions);
    CHECK_INIT_ZERO(jsPlacement);
    CHECK_INIT_ZERO(jsStreamSource);
    CHECK_INIT_ZERO(jsExternalStream);
    CHECK_INIT_ZERO(jsRePublish);
    CHECK_INIT_ZERO(jsDirectGetMsgOptions);
    CHECK_INIT_ZERO(jsFetchRequest);
}

static void a_stream_has_no_limits(void) {
    jsStreamConfig cfg;

    CHECK_STATUS(jsStreamConfig_Init(NULL), NATS_INVALID_ARG);
    memset(&cfg, PATTERN, sizeof(cfg));
    CHECK_OK(jsStreamConfig_Init(&cfg));
    CHECK_INT(cfg.MaxConsumers, -1);
    CHECK_INT(cfg.MaxMsgs, -1);
    CHECK_INT(cfg.MaxBytes, -1);
    CHECK_INT(cfg.MaxMsgSize, -1);
    CHECK_INT(cfg.Replicas, 1);
    CHECK_INT(cfg.MaxMsgsPerSubject, 0);
    cfg.MaxConsumers = cfg.MaxMsgs = cfg.MaxBytes = cfg.Replicas = 0;
    cfg.MaxMsgSize = 0;
    CHECK_ZERO(cfg);
}

/* -1 is "not chosen", and a value in C; js_AckExplicit is 0. */
static void check_no_policies(jsConsumerConfig *cfg) {
    CHECK_INT((int)cfg->DeliverPolicy, -1);
    CHECK_INT((int)cfg->AckPolicy, -1);
    CHECK_INT((int)cfg->ReplayPolicy, -1);
    cfg->DeliverPolicy = js_DeliverAll;
    cfg->AckPolicy = js_AckExplicit;
    cfg->ReplayPolicy = js_ReplayInstant;
}

static void a_consumer_has_no_policies(void) {
    jsConsumerConfig cfg;

    CHECK_STATUS(jsConsumerConfig_Init(NULL), NATS_INVALID_ARG);
    memset(&cfg, PATTERN, sizeof(cfg));
    CHECK_OK(jsConsumerConfig_Init(&cfg));
    check_no_policies(&cfg);
    CHECK_ZERO(cfg);
}

static void nor_has_that_of_a_subscription(void) {
    jsSubOptions opts;

    CHECK_STATUS(jsSubOptions_Init(NULL), NATS_INVALID_ARG);
    memset(&opts, PATTERN, sizeof(opts));
    CHECK_OK(jsSubOptions_Init(&opts));
    check_no_policies(&opts.Config);
    CHECK_ZERO(opts);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(plain_structures_are_zero),
        TEST(a_stream_has_no_limits),
        TEST(a_consumer_has_no_policies),
        TEST(nor_has_that_of_a_subscription),
    };

    return RUN_TESTS(cases, argc, argv);
}
