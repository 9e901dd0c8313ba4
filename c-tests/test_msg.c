/* Messages, their headers, stand-alone headers, lists, inboxes and statistics. */
#include "test.h"

static void creates(void) {
    natsMsg *msg = NULL;
    char data[] = "data", subject[] = "foo", reply[] = "bar";

    CHECK_OK(nats_Open(-1));
    CHECK_OK(natsMsg_Create(&msg, subject, reply, data, 4));
    memset(data, 'x', 4);
    memset(subject, 'x', 3);
    memset(reply, 'x', 3);
    CHECK_STR(natsMsg_GetSubject(msg), "foo");
    CHECK_STR(natsMsg_GetReply(msg), "bar");
    CHECK_STR(natsMsg_GetData(msg), "data");
    CHECK_INT(natsMsg_GetDataLength(msg), 4);
    CHECK(!natsMsg_IsNoResponders(msg));
    CHECK(natsMsg_GetSequence(msg) == 0 && natsMsg_GetTime(msg) == 0);
    natsMsg_Destroy(msg);
}

static void creates_without_reply_or_data(void) {
    natsMsg *msg = NULL;

    CHECK_OK(nats_Open(-1));
    CHECK_OK(natsMsg_Create(&msg, "foo", NULL, NULL, 0));
    CHECK(natsMsg_GetReply(msg) == NULL);
    CHECK(natsMsg_GetData(msg) != NULL);
    CHECK_INT(natsMsg_GetData(msg)[0], 0);
    CHECK_INT(natsMsg_GetDataLength(msg), 0);
    natsMsg_Destroy(msg);
    CHECK_OK(natsMsg_Create(&msg, "foo", NULL, "ignored", 0));
    CHECK_INT(natsMsg_GetDataLength(msg), 0);
    CHECK_STR(natsMsg_GetData(msg), "");
    natsMsg_Destroy(msg);
}

static void data_may_hold_any_bytes(void) {
    static const char data[] = {'a', 0, '\r', '\n', 0};
    natsMsg *msg = NULL;

    CHECK_OK(nats_Open(-1));
    CHECK_OK(natsMsg_Create(&msg, "foo", NULL, data, sizeof(data)));
    CHECK_INT(natsMsg_GetDataLength(msg), 5);
    CHECK(memcmp(natsMsg_GetData(msg), data, sizeof(data)) == 0);
    CHECK_INT(natsMsg_GetData(msg)[5], 0);
    natsMsg_Destroy(msg);
}

static void create_refuses(void) {
    natsMsg *msg = NULL;

    CHECK_STATUS(natsMsg_Create(&msg, NULL, NULL, "x", 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsg_Create(&msg, "", NULL, "x", 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsg_Create(&msg, "foo", "", "x", 1), NATS_INVALID_ARG);
#if OURS
    CHECK_STATUS(natsMsg_Create(&msg, "foo", NULL, NULL, 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsg_Create(&msg, "foo", NULL, "x", -1), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsg_Create(NULL, "foo", NULL, "x", 1), NATS_INVALID_ARG);
#endif
    CHECK(msg == NULL);
}

static void getters_take_null(void) {
    CHECK(natsMsg_GetSubject(NULL) == NULL);
    CHECK(natsMsg_GetReply(NULL) == NULL);
    CHECK(natsMsg_GetData(NULL) == NULL);
    CHECK_INT(natsMsg_GetDataLength(NULL), 0);
    CHECK(!natsMsg_IsNoResponders(NULL));
    CHECK(natsMsg_GetSequence(NULL) == 0 && natsMsg_GetTime(NULL) == 0);
    natsMsg_Destroy(NULL);
    natsMsgList_Destroy(NULL);
    natsInbox_Destroy(NULL);
    natsStatistics_Destroy(NULL);
}

static void headers_set_get_add(void) {
    natsMsg *msg = test_msg("foo", NULL, "x");
    const char *value = NULL, **values = NULL;
    int count = -1;

    CHECK_STATUS(natsMsgHeader_Get(msg, "Key", &value), NATS_NOT_FOUND);
    CHECK_OK(natsMsgHeader_Set(msg, "Key", "one"));
    CHECK_OK(natsMsgHeader_Get(msg, "Key", &value));
    CHECK_STR(value, "one");
    value = "before";
    CHECK_STATUS(natsMsgHeader_Get(msg, "key", &value), NATS_NOT_FOUND); /* case matters */
    CHECK(value == NULL);
    CHECK_OK(natsMsgHeader_Add(msg, "Key", "two"));
    CHECK_OK(natsMsgHeader_Add(msg, "Key", ""));
    CHECK_OK(natsMsgHeader_Values(msg, "Key", &values, &count));
    CHECK_INT(count, 3);
    CHECK_STR(values[0], "one");
    CHECK_STR(values[1], "two");
    CHECK_STR(values[2], "");
    free((void *)values);
    CHECK_OK(natsMsgHeader_Get(msg, "Key", &value));
    CHECK_STR(value, "one");
    CHECK_OK(natsMsgHeader_Set(msg, "Key", "three"));
    CHECK_OK(natsMsgHeader_Values(msg, "Key", &values, &count));
    CHECK_INT(count, 1);
    CHECK_STR(values[0], "three");
    free((void *)values);
    CHECK_OK(natsMsgHeader_Add(msg, "Fresh", "added"));
    CHECK_OK(natsMsgHeader_Get(msg, "Fresh", &value));
    CHECK_STR(value, "added");
    natsMsg_Destroy(msg);
}

static void header_keys_and_delete(void) {
    natsMsg *msg = test_msg("foo", NULL, "x");
    const char **keys = NULL, **values = NULL;
    int count = -1, i, seen = 0;

    CHECK_STATUS(natsMsgHeader_Keys(msg, &keys, &count), NATS_NOT_FOUND);
    CHECK(keys == NULL);
    CHECK_INT(count, 0);
    CHECK_OK(natsMsgHeader_Set(msg, "a", "1"));
    CHECK_OK(natsMsgHeader_Set(msg, "b", "2"));
    CHECK_OK(natsMsgHeader_Set(msg, "c", "3"));
    CHECK_OK(natsMsgHeader_Keys(msg, &keys, &count));
    CHECK_INT(count, 3);
    for (i = 0; i < count; i++) {
        CHECK(strlen(keys[i]) == 1);
        seen |= 1 << (keys[i][0] - 'a');
    }
    CHECK_INT(seen, 7);
    free((void *)keys);
    CHECK_OK(natsMsgHeader_Delete(msg, "b"));
    CHECK_STATUS(natsMsgHeader_Delete(msg, "b"), NATS_NOT_FOUND);
    count = -1;
    CHECK_STATUS(natsMsgHeader_Values(msg, "b", &values, &count), NATS_NOT_FOUND);
    CHECK(values == NULL);
    CHECK_INT(count, 0);
    CHECK_OK(natsMsgHeader_Delete(msg, "a"));
    CHECK_OK(natsMsgHeader_Delete(msg, "c"));
    CHECK_STATUS(natsMsgHeader_Keys(msg, &keys, &count), NATS_NOT_FOUND);
    natsMsg_Destroy(msg);
}

#if OURS
static void many_headers(void) {
    natsMsg *msg = test_msg("foo", NULL, "x");
    const char **keys = NULL, *value = NULL;
    char key[32], text[32];
    int i, count = 0;

    for (i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        snprintf(text, sizeof(text), "%d", i * i);
        CHECK_OK(natsMsgHeader_Set(msg, key, text));
    }
    for (i = 0; i < 1000; i += 2) {
        snprintf(key, sizeof(key), "key-%d", i);
        CHECK_OK(natsMsgHeader_Delete(msg, key));
    }
    CHECK_OK(natsMsgHeader_Keys(msg, &keys, &count));
    CHECK_INT(count, 500);
    free((void *)keys);
    for (i = 1; i < 1000; i += 2) {
        snprintf(key, sizeof(key), "key-%d", i);
        snprintf(text, sizeof(text), "%d", i * i);
        CHECK_OK(natsMsgHeader_Get(msg, key, &value));
        CHECK_STR(value, text);
    }
    natsMsg_Destroy(msg);
}
#endif

static void header_calls_refuse(void) {
    natsMsg *msg = test_msg("foo", NULL, "x");
    const char *value = NULL, **values = NULL;
    int count = 0;

    CHECK_STATUS(natsMsgHeader_Set(NULL, "k", "v"), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "message cannot be NULL");
    CHECK_STATUS(natsMsgHeader_Set(msg, NULL, "v"), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "key cannot be NULL nor empty");
    CHECK_STATUS(natsMsgHeader_Set(msg, "", "v"), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsgHeader_Add(NULL, "k", "v"), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsgHeader_Add(msg, NULL, "v"), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsgHeader_Add(msg, "", "v"), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsgHeader_Get(NULL, "k", &value), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsgHeader_Get(msg, NULL, &value), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsgHeader_Get(msg, "", &value), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsgHeader_Get(msg, "k", NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "value cannot be NULL");
    CHECK_STATUS(natsMsgHeader_Values(NULL, "k", &values, &count), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsgHeader_Values(msg, "", &values, &count), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsgHeader_Values(msg, "k", NULL, &count), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsgHeader_Values(msg, "k", &values, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "value or count cannot be NULL");
    CHECK_STATUS(natsMsgHeader_Keys(NULL, &values, &count), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsgHeader_Keys(msg, NULL, &count), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsgHeader_Keys(msg, &values, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "keys or count cannot be NULL");
    CHECK_STATUS(natsMsgHeader_Delete(NULL, "k"), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsgHeader_Delete(msg, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsgHeader_Delete(msg, ""), NATS_INVALID_ARG);
    natsMsg_Destroy(msg);
}

static void null_header_value_is_stored(void) {
    natsMsg *msg = test_msg("foo", NULL, "x");
    const char *value = "before";

    CHECK_OK(natsMsgHeader_Set(msg, "k", NULL));
    CHECK_OK(natsMsgHeader_Get(msg, "k", &value));
    CHECK(value == NULL);
    CHECK_OK(natsMsgHeader_Add(msg, "k", "v"));
    CHECK_OK(natsMsgHeader_Add(msg, "other", NULL));
    CHECK_OK(natsMsgHeader_Get(msg, "other", &value));
    CHECK(value == NULL);
    natsMsg_Destroy(msg);
}

#if OURS
static void standalone_headers(void) {
    natsHeader *h = NULL;
    const char *value = NULL, **values = NULL, **keys = NULL;
    int count = -1;

    CHECK_STATUS(natsHeader_New(NULL), NATS_INVALID_ARG);
    CHECK_OK(natsHeader_New(&h));
    CHECK_INT(natsHeader_KeysCount(h), 0);
    CHECK_STATUS(natsHeader_Keys(h, &keys, &count), NATS_NOT_FOUND);
    CHECK(keys == NULL);
    CHECK_INT(count, 0);
    CHECK_STATUS(natsHeader_Get(h, "k", &value), NATS_NOT_FOUND);
    CHECK_STATUS(natsHeader_Values(h, "k", &values, &count), NATS_NOT_FOUND);
    CHECK_STATUS(natsHeader_Delete(h, "k"), NATS_NOT_FOUND);
    CHECK_OK(natsHeader_Set(h, "k", "1"));
    CHECK_OK(natsHeader_Add(h, "k", "2"));
    CHECK_OK(natsHeader_Add(h, "K", ""));
    CHECK_INT(natsHeader_KeysCount(h), 2);
    CHECK_OK(natsHeader_Get(h, "k", &value));
    CHECK_STR(value, "1");
    CHECK_OK(natsHeader_Values(h, "k", &values, &count));
    CHECK_INT(count, 2);
    CHECK_STR(values[1], "2");
    free((void *)values);
    CHECK_OK(natsHeader_Keys(h, &keys, &count));
    CHECK_INT(count, 2);
    free((void *)keys);
    CHECK_OK(natsHeader_Set(h, "k", "3"));
    CHECK_OK(natsHeader_Values(h, "k", &values, &count));
    CHECK_INT(count, 1);
    free((void *)values);
    CHECK_OK(natsHeader_Delete(h, "k"));
    CHECK_INT(natsHeader_KeysCount(h), 1);
    natsHeader_Destroy(h);
}

static void standalone_headers_refuse(void) {
    natsHeader *h = NULL;
    const char *value = NULL, **values = NULL;
    int count = 0;

    CHECK_OK(natsHeader_New(&h));
    CHECK_STATUS(natsHeader_Set(NULL, "k", "v"), NATS_INVALID_ARG);
    CHECK_STATUS(natsHeader_Set(h, NULL, "v"), NATS_INVALID_ARG);
    CHECK_STATUS(natsHeader_Set(h, "", "v"), NATS_INVALID_ARG);
    CHECK_STATUS(natsHeader_Add(NULL, "k", "v"), NATS_INVALID_ARG);
    CHECK_STATUS(natsHeader_Add(h, "", "v"), NATS_INVALID_ARG);
    CHECK_STATUS(natsHeader_Get(NULL, "k", &value), NATS_INVALID_ARG);
    CHECK_STATUS(natsHeader_Get(h, "", &value), NATS_INVALID_ARG);
    CHECK_STATUS(natsHeader_Get(h, "k", NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsHeader_Values(NULL, "k", &values, &count), NATS_INVALID_ARG);
    CHECK_STATUS(natsHeader_Values(h, "k", NULL, &count), NATS_INVALID_ARG);
    CHECK_STATUS(natsHeader_Values(h, "k", &values, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsHeader_Keys(NULL, &values, &count), NATS_INVALID_ARG);
    CHECK_STATUS(natsHeader_Keys(h, NULL, &count), NATS_INVALID_ARG);
    CHECK_STATUS(natsHeader_Delete(NULL, "k"), NATS_INVALID_ARG);
    CHECK_STATUS(natsHeader_Delete(h, ""), NATS_INVALID_ARG);
    CHECK_INT(natsHeader_KeysCount(NULL), 0);
    natsHeader_Destroy(NULL);
    natsHeader_Destroy(h);
}
#endif

static void msg_list(void) {
    natsMsgList list;

    CHECK_OK(nats_Open(-1));
    list.Count = 3;
    list.Msgs = (natsMsg **)calloc(3, sizeof(natsMsg *));
    list.Msgs[0] = test_msg("a", NULL, "1");
    list.Msgs[2] = test_msg("b", NULL, "2");
    natsMsgList_Destroy(&list);
    CHECK(list.Msgs == NULL);
    CHECK_INT(list.Count, 0);
    natsMsgList_Destroy(&list);
}

static void *make_inboxes(void *arg) {
    char(*out)[32] = (char(*)[32])arg;
    int i;

    for (i = 0; i < 1000; i++) {
        natsInbox *inbox = NULL;

        if (natsInbox_Create(&inbox) != NATS_OK)
            return NULL;
        snprintf(out[i], 32, "%s", (const char *)inbox);
        natsInbox_Destroy(inbox);
    }
    return NULL;
}

static int compare(const void *a, const void *b) { return strcmp((const char *)a, (const char *)b); }

static void inboxes(void) {
    static char all[4000][32];
    pthread_t threads[4];
    int i;

    CHECK_OK(nats_Open(-1));
    for (i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, make_inboxes, all[1000 * i]) == 0);
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    qsort(all, 4000, 32, compare);
    for (i = 0; i < 4000; i++) {
        CHECK_INT(strlen(all[i]), 7 + 22);
        CHECK(strncmp(all[i], "_INBOX.", 7) == 0);
        CHECK(strchr(all[i] + 7, '.') == NULL);
        CHECK(i == 0 || strcmp(all[i - 1], all[i]) != 0);
    }
#if OURS
    CHECK_STATUS(natsInbox_Create(NULL), NATS_INVALID_ARG);
#endif
}

static void statistics(void) {
    natsStatistics *stats = NULL;
    uint64_t a = 9, b = 9, c = 9, d = 9, e = 9;

    CHECK_OK(natsStatistics_Create(&stats));
    CHECK_OK(natsStatistics_GetCounts(stats, &a, &b, &c, &d, &e));
    CHECK_INT(a + b + c + d + e, 0);
    CHECK_OK(natsStatistics_GetCounts(stats, NULL, NULL, NULL, NULL, NULL));
    CHECK_STATUS(natsStatistics_GetCounts(NULL, &a, &b, &c, &d, &e), NATS_INVALID_ARG);
    natsStatistics_Destroy(stats);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(creates),
        TEST(creates_without_reply_or_data),
        TEST(data_may_hold_any_bytes),
        TEST(create_refuses),
        TEST(getters_take_null),
        TEST(headers_set_get_add),
        TEST(header_keys_and_delete),
#if OURS
        TEST(many_headers),
#endif
        TEST(header_calls_refuse),
        TEST(null_header_value_is_stored),
#if OURS
        TEST(standalone_headers),
        TEST(standalone_headers_refuse),
#endif
        TEST(msg_list),
        TEST(inboxes),
        TEST(statistics),
    };

    return RUN_TESTS(cases, argc, argv);
}
