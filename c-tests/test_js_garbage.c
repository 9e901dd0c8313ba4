/* Invalid answers of JetStream to every call that sends a request: not JSON, truncated, of wrong types, nested too
 * deeply, much too long. Each call returns in time with a status and a text, has no outputs on failure, and never
 * reports an operation as done that the server did not confirm.
 *
 * A second connection answers all requests (support/js_garbage.h). Subscriptions, watchers and deliveries are in
 * test_js_garbage_in.c. */
#include "callbacks.h"
#include "js_garbage.h"

enum { LONG_TEXT = 1000 * 1000, NESTING = 100 * 1000 };

/* No JSON at all, or not the whole of one. */
static void no_json(void) {
    static const char *const answers[] = {
        "garbage",
        "{",
        "}",
        "{\"type\":\"io.nats.jetstream.api.v1.stream_info_response\",\"config\":{\"na",
        "{\"success\":true",
        "{\"success\":true}}",
        "{\"success\":true} x",
        "{\"stream\":\"S\",\"seq\":1",
        "{\"stream\":\"S\",\"seq\":1,}",
        "{\"stream\":\"S\",\"seq\":01}",
        "{'stream':'S'}",
        "{\"a\":NaN}",
        "\"\\ud800\"",
        "{\"stream\":\"\xff\xfe\",\"seq\":1,\"success\":true,\"config\":{\"name\":\"\xc3\x28\"}}",
        "\x01\x02\x03",
        "-ERR 'Authorization Violation'\r\n",
    };
    garbage w;
    size_t i;

    garbage_start(&w);
    for (i = 0; i < sizeof(answers) / sizeof(*answers); i++)
        garbage_answer_all(&w, answers[i], NULL, answers[i], -1, false);
    garbage_answer_all(&w, "a NUL", NULL, "{\0}", 3, false);
    garbage_check_end(&w);
}

/* JSON that is none of the objects that were asked for. */
static void other_json(void) {
    static const char *const answers[] = {
        "[]", "7", "\"text\"", "true", "[{\"success\":true}]", "1e400", "-0", "[[],[]]",
    };
    garbage w;
    size_t i;

    garbage_start(&w);
    for (i = 0; i < sizeof(answers) / sizeof(*answers); i++)
        garbage_answer_all(&w, answers[i], NULL, answers[i], -1, false);
    garbage_check_end(&w);
}

/* Objects that say nothing, or not enough. */
static void empty_json(void) {
    static const char *const answers[] = {
        "{}",
        "null",
        " {} ",
        "{\"type\":\"x\"}",
        "{\"success\":false}",
        "{\"success\":null,\"stream\":null,\"seq\":null,\"config\":null,\"state\":null,\"message\":null,"
        "\"streams\":null,\"consumers\":null,\"name\":null,\"error\":null}",
        "{\"streams\":[],\"consumers\":[],\"total\":5,\"offset\":0,\"limit\":0}",
        "{\"streams\":[],\"consumers\":[],\"total\":9223372036854775807,\"limit\":5000000000000000000}",
        "{\"streams\":[],\"consumers\":[],\"total\":-1,\"limit\":-1}",
    };
    garbage w;
    size_t i;

    garbage_start(&w);
    for (i = 0; i < sizeof(answers) / sizeof(*answers); i++)
        garbage_answer_all(&w, answers[i], NULL, answers[i], -1, true);
    garbage_check_end(&w);
}

/* Fields of types that they do not have, beyond their range, twice, or with values that nobody knows. */
static void odd_fields(void) {
    static const char *const answers[] = {
        "{\"config\":7,\"state\":\"x\",\"streams\":{},\"consumers\":3,\"success\":\"yes\",\"stream\":5,"
        "\"seq\":\"x\",\"message\":[],\"name\":{},\"stream_name\":[],\"created\":0,\"memory\":\"x\","
        "\"paused\":\"x\",\"reset_seq\":\"x\"}",
        "{\"config\":[],\"state\":[],\"streams\":[7],\"consumers\":[7],\"success\":1,\"stream\":true,"
        "\"seq\":-1,\"message\":7,\"created\":\"yesterday\",\"name\":false,\"memory\":[],\"paused\":7}",
        "{\"config\":{\"name\":\"S\",\"max_msgs\":99999999999999999999999999},\"state\":{\"messages\":1e999},"
        "\"seq\":18446744073709551616,\"stream\":\"S\"}",
        "{\"config\":{\"name\":\"S\",\"retention\":7,\"deliver_policy\":[],\"max_age\":\"5s\"},\"seq\":1.5,"
        "\"stream\":\"S\",\"success\":null}",
        "{\"message\":{\"subject\":\"a\",\"seq\":1,\"data\":\"no base64!\",\"time\":\"never\"},"
        "\"config\":{\"subjects\":[null,7]},\"stream\":\"S\",\"seq\":\"1\"}",
        "{\"success\":true,\"success\":false,\"stream\":\"A\",\"stream\":\"\",\"seq\":1,\"config\":{},"
        "\"config\":null,\"message\":{},\"message\":null,\"name\":\"C\",\"name\":\"\"}",
        "{\"streams\":[null,null],\"consumers\":[null],\"total\":1}",
        "{\"streams\":[\"\",\"a b\"],\"consumers\":[\"\\u0000\"],\"total\":1}",
    };
    garbage w;
    size_t i;

    garbage_start(&w);
    for (i = 0; i < sizeof(answers) / sizeof(*answers); i++)
        garbage_answer_all(&w, answers[i], NULL, answers[i], -1, true);
    garbage_check_end(&w);
}

/* Errors without what makes them errors. */
static void odd_errors(void) {
    static const char *const answers[] = {
        "{\"error\":{\"description\":\"no code\"}}",
        "{\"error\":\"text\"}",
        "{\"error\":7}",
        "{\"error\":[]}",
        "{\"error\":true}",
        "{\"error\":{\"code\":\"404\"}}",
        "{\"error\":{\"code\":404}}",
        "{\"error\":{\"err_code\":10059}}",
        "{\"error\":{\"code\":-1,\"err_code\":99999999999,\"description\":\"d\"},\"success\":true}",
        "{\"error\":{\"code\":500,\"err_code\":1,\"description\":\"%s%n\\u0000\\n\\u001b[2J\"},\"stream\":"
        "\"S\",\"seq\":5}",
        "{\"error\":{\"code\":1e3,\"description\":{}}}",
    };
    garbage w;
    size_t i;

    garbage_start(&w);
    for (i = 0; i < sizeof(answers) / sizeof(*answers); i++)
        garbage_answer_all(&w, answers[i], NULL, answers[i], -1, false);
    garbage_check_end(&w);
}

/* A text of a head, much of something, and an end. */
static char *much(const char *head, const char *of, int times, const char *end) {
    size_t h = strlen(head), n = strlen(of), e = strlen(end);
    char *text = (char *)malloc(h + n * (size_t)times + e + 1), *at = text;
    int i;

    CHECK(text != NULL);
    memcpy(at, head, h);
    at += h;
    for (i = 0; i < times; i++, at += n)
        memcpy(at, of, n);
    memcpy(at, end, e + 1);
    return text;
}

static void much_of_it(void) {
    garbage w;
    char *text;

    garbage_start(&w);
    text = much("", "[", NESTING, "");
    garbage_answer_all(&w, "nested lists", NULL, text, -1, false);
    free(text);
    text = much("", "{\"config\":", NESTING, "");
    garbage_answer_all(&w, "nested objects", NULL, text, -1, false);
    free(text);
    text = much("{\"a\":", "[", 120, "]");
    garbage_answer_all(&w, "nested and cut", NULL, text, -1, false);
    free(text);
    text = much("", "x", LONG_TEXT, "");
    garbage_answer_all(&w, "1 MB of no JSON", NULL, text, -1, false);
    free(text);
    text = much("{\"error\":{\"code\":500,\"err_code\":10001,\"description\":\"", "x", LONG_TEXT, "\"}}");
    garbage_answer_all(&w, "1 MB of an error", NULL, text, -1, false);
    free(text);
    text = much("{\"config\":{\"name\":\"", "n", LONG_TEXT, "\"},\"success\":false}");
    garbage_answer_all(&w, "1 MB of a name", NULL, text, -1, true);
    free(text);
    text = much("{\"", "k", LONG_TEXT, "\":1}");
    garbage_answer_all(&w, "1 MB of a key", NULL, text, -1, true);
    free(text);
    garbage_check_end(&w);
}

/* Statuses in place of an answer. */
static void statuses(void) {
    static const char *const headers[] = {"404", "408 Request Timeout", "409 Consumer Deleted", "500 x",
                                          "abc"};
    garbage w;
    size_t i;

    garbage_start(&w);
    for (i = 0; i < sizeof(headers) / sizeof(*headers); i++)
        garbage_answer_all(&w, headers[i], headers[i], "", 0, true);
    garbage_check_end(&w);
}

#if OURS
/* Items of a list that cannot be read, and have no name to tell: the others are listed, and the error handler is told. */
static void strange_items_hide_no_others(void) {
    static const char streams[] =
        "{\"total\":5,\"offset\":0,\"limit\":256,\"streams\":[7,{\"config\":{\"name\":\"A\",\"subjects\":["
        "\"a\"]}},"
        "{},{\"config\":{\"name\":\"KV_B\",\"subjects\":5}},{\"config\":{\"name\":\"C\"}}]}";
    static const char consumers[] = "{\"total\":3,\"offset\":0,\"limit\":256,\"consumers\":[{\"name\":\"a\"},"
                                    "{\"name\":[]},{\"name\":\"b\",\"config\":{}}]}";
    static const char names[] = "{\"total\":3,\"offset\":0,\"limit\":256,\"streams\":[\"KV_A\",9,\"KV_C\"],"
                                "\"consumers\":[\"a\",null,{}]}";
    garbage w;
    closure c;
    natsConnection *nc;
    jsCtx *js = NULL;
    jsStreamInfoList *infos = NULL;
    jsConsumerInfoList *consumer_infos = NULL;
    jsStreamNamesList *stream_names = NULL;
    jsConsumerNamesList *consumer_names = NULL;

    garbage_start(&w);
    nc = test_connect(options_recorded(w.s.url, &c));
    CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
    garbage_answer(&w, NULL, streams, -1);
    CHECK_OK(js_ListStreams(&infos, &stream_names, js, NULL, NULL));
    CHECK_INT(infos->Count, 2);
    CHECK_STR(infos->List[1]->Config->Name, "C");
    CHECK_INT(stream_names->Count, 1);
    CHECK_STR(stream_names->List[0], "KV_B");
    jsStreamInfoList_Destroy(infos);
    jsStreamNamesList_Destroy(stream_names);
    CHECK_REACHED(&c.errors, 1);
    CHECK_CONTAINS(c.error_texts[0], "list of streams has 2 without a name");
    garbage_answer(&w, NULL, consumers, -1);
    CHECK_OK(js_Consumers(&consumer_infos, js, "S", NULL, NULL));
    CHECK_INT(consumer_infos->Count, 2);
    jsConsumerInfoList_Destroy(consumer_infos);
    CHECK_REACHED(&c.errors, 2);
    garbage_answer(&w, NULL, names, -1);
    CHECK_OK(js_StreamNames(&stream_names, js, NULL, NULL));
    CHECK_INT(stream_names->Count, 2);
    jsStreamNamesList_Destroy(stream_names);
    CHECK_REACHED(&c.errors, 3);
    CHECK_OK(js_ConsumerNames(&consumer_names, js, "S", NULL, NULL));
    CHECK_INT(consumer_names->Count, 1);
    jsConsumerNamesList_Destroy(consumer_names);
    CHECK_REACHED(&c.errors, 4);
    CHECK_INT(c.statuses[3], NATS_ERR);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    garbage_end(&w);
}
#endif

/* Tiers of an account have one of two names. */
static void tiers(void) {
    static const char *const answers[] = {"{\"streams\":3,\"tiers\":{\"R3\":{\"memory\":5}}}",
                                          "{\"streams\":3,\"tier\":{\"R3\":{\"memory\":5}}}"};
    garbage w;
    size_t i;

    garbage_start(&w);
    for (i = 0; i < 2; i++) {
        jsAccountInfo *info = NULL;

        garbage_answer(&w, NULL, answers[i], -1);
        CHECK_SOON(js_GetAccountInfo(&info, w.js, NULL, NULL) == NATS_OK);
        CHECK_INT(info->Streams, 3);
        CHECK_INT(info->TiersLen, 1);
        CHECK_STR(info->Tiers[0]->Name, "R3");
        CHECK_INT(info->Tiers[0]->Memory, 5);
        jsAccountInfo_Destroy(info);
    }
    garbage_end(&w);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(no_json),
        TEST(other_json),
        TEST(empty_json),
        TEST(odd_fields),
        TEST(odd_errors),
        TEST(much_of_it),
        TEST(statuses),
        TEST(tiers),
#if OURS
        TEST(strange_items_hide_no_others),
#endif
    };

    return RUN_TESTS(cases, argc, argv);
}
