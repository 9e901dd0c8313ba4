/* Authentication errors of connected clients: expired or revoked credentials, forbidden operations, and
 * credentials that are no longer valid at a reconnect. */
#include "callbacks.h"
#include "jwt_server.h"
#include "test.h"

#include <signal.h>

/* Options that record everything, never give up by count, and have a credentials file. */
static natsOptions *recorded(jwt_server *f, closure *c, const char *file) {
    natsOptions *opts = test_options(f->s.url);
    char path[KEYS_PATH];

    closure_init(c);
    options_record(opts, c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, keys_path(&f->k, file, path), NULL));
    return opts;
}

/* The option for what is to expire in 2 s, or later where everything takes longer. */
static const char *soon(char option[32]) {
    snprintf(option, 32, "expires=%d", 1 + time_factor());
    return option;
}

static void expiring_while_connected(void) {
    const char *error = NULL;
    natsConnection *nc;
    natsOptions *opts;
    char option[32];
    jwt_server f;
    static closure c;
    int64_t n;

    jwt_server_start(&f);
    keys_make(&f.k, "user", "acc", "user", soon(option), NULL);
    opts = recorded(&f, &c, "user.creds");
    CHECK_OK(
        natsOptions_SetReconnectWait(opts, 200)); /* times count in seconds there: it may let us in again */
    nc = test_connect(opts);
    CHECK_REACHED(&c.errors, 1);
    CHECK_INT(c.statuses[0], NATS_CONNECTION_AUTH_FAILED);
    CHECK_CONTAINS(c.error_texts[0], "User Authentication Expired");
    /* The file has not been replaced, so the server goes on refusing, and that ends it. */
    CHECK_REACHED(&c.closed, 1);
    n = counter_get(&c.errors);
    CHECK(n >= 2 && n < CLOSURE_TEXTS);
    while (n-- > 0)
        CHECK_INT(c.statuses[n], NATS_CONNECTION_AUTH_FAILED);
    CHECK_STATUS(natsConnection_GetLastError(nc, &error), NATS_CONNECTION_AUTH_FAILED);
    natsConnection_Destroy(nc);
    jwt_server_stop(&f);
}

static void expiring_with_a_new_file_in_place(void) {
    natsConnection *nc;
    char option[32];
    jwt_server f;
    static closure c;

    /* Nothing that takes its time is done between the start of the two seconds and the new file. */
    jwt_server_start(&f);
    keys_make(&f.k, "user", "acc", "user", NULL);
    keys_copy(&f.k, "user.creds", "new.creds");
    keys_make(&f.k, "user", "acc", "user", soon(option), NULL);
    nc = test_connect(recorded(&f, &c, "user.creds"));
    keys_copy(&f.k, "new.creds", "user.creds");
    CHECK_REACHED(&c.errors, 1);
    CHECK_CONTAINS(c.error_texts[0], "User Authentication Expired");
    CHECK_REACHED(&c.reconnected, 1);
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_INT(counter_get(&c.closed), 0);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    jwt_server_stop(&f);
}

/* The server says that the user is revoked; nats.c closes then. */
static void revoked_while_connected(void) {
    const char *error = NULL;
    natsConnection *nc;
    natsOptions *opts;
    jwt_server f;
    static closure c;

    jwt_server_start(&f);
    nc = test_connect(recorded(&f, &c, "user.creds"));
    CHECK_OK(natsConnection_Flush(nc));
    jwt_server_change_account(&f, "revoke=user");
    server_signal(&f.s, SIGHUP);
    CHECK_REACHED(&c.closed, 1);
#if OURS
    /* It tries again, with what may be new credentials, and is refused twice. */
    CHECK_STATUS(natsConnection_GetLastError(nc, &error), NATS_CONNECTION_AUTH_FAILED);
    CHECK_CONTAINS(c.error_texts[0], "Revoked");
#else
    CHECK_STATUS(natsConnection_GetLastError(nc, &error), NATS_ERR);
#endif
    CHECK_CONTAINS(error, "Revoked");
    natsConnection_Destroy(nc);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    nc = NULL;
    opts = recorded(&f, &c, "user.creds");
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_CONNECTION_AUTH_FAILED);
    natsOptions_Destroy(opts);
    jwt_server_stop(&f);
}

/* The whole account expires: the same, with other words. */
static void account_expires_while_connected(void) {
    const char *error = NULL;
    natsConnection *nc;
    char option[32];
    jwt_server f;
    static closure c;

    jwt_server_start(&f);
    nc = test_connect(recorded(&f, &c, "user.creds"));
    CHECK_OK(natsConnection_Flush(nc));
    jwt_server_change_account(&f, soon(option));
    server_signal(&f.s, SIGHUP);
    CHECK_REACHED(&c.closed, 1);
#if OURS
    CHECK_STATUS(natsConnection_GetLastError(nc, &error), NATS_CONNECTION_AUTH_FAILED);
    CHECK_CONTAINS(c.error_texts[0], "Account Authentication Expired");
#else
    CHECK_STATUS(natsConnection_GetLastError(nc, &error), NATS_ERR);
#endif
    CHECK_CONTAINS(error, "Account Authentication Expired");
    natsConnection_Destroy(nc);
    jwt_server_stop(&f);
}

static void permissions(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL, *denied = NULL;
    const char *error = NULL;
    jwt_server f;
    static closure c;

    jwt_server_start(&f);
    keys_make(&f.k, "user", "acc", "user", "deny=top.secret", NULL);
    nc = test_connect(recorded(&f, &c, "user.creds"));
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "open"));
    CHECK_OK(natsConnection_PublishString(nc, "top.secret", "x"));
    CHECK_REACHED(&c.errors, 1);
    CHECK_INT(c.statuses[0], NATS_NOT_PERMITTED);
    CHECK_CONTAINS(c.error_texts[0], "Permissions Violation");
    CHECK_CONTAINS(c.error_texts[0], "Publish to \"top.secret\"");
    CHECK_STATUS(natsConnection_GetLastError(nc, &error), NATS_NOT_PERMITTED);
    CHECK_OK(natsConnection_SubscribeSync(&denied, nc, "top.secret"));
    CHECK_REACHED(&c.errors, 2);
    CHECK_INT(c.statuses[1], NATS_NOT_PERMITTED);
    CHECK_CONTAINS(c.error_texts[1], "Subscription to \"top.secret\"");
    CHECK_OK(natsConnection_PublishString(nc, "open", "hi")); /* it stays up */
    test_expect_next(sub, "hi");
    CHECK_INT(counter_get(&c.disconnected), 0);
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(denied);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    jwt_server_stop(&f);
}

/* The password is changed while the server is away. ignore: does the client go on? */
static void change_password(bool ignore) {
    static const char *const wrong[] = {"--user", "me", "--pass", "changed", NULL};
    static const char *const right[] = {"--user", "me", "--pass", "secret", NULL};
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    server s, again;
    int i;

    closure_init(&c);
    server_start(&s, NULL, right);
    opts = test_options(s.url);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetUserInfo(opts, "me", "secret"));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    CHECK_OK(natsOptions_SetIgnoreAuthErrorAbort(opts, ignore));
    nc = test_connect(opts);
    server_kill(&s);
    CHECK_REACHED(&c.disconnected, 1);
    server_start_on(&again, s.port, NULL, wrong);
    CHECK_REACHED(&c.errors, ignore ? 4 : 2);
    for (i = 0; i < 2; i++) {
        CHECK_INT(c.statuses[i], NATS_CONNECTION_AUTH_FAILED);
        CHECK_CONTAINS(c.error_texts[i], "Authorization Violation");
    }
    if (ignore) {
        CHECK_INT(counter_get(&c.closed), 0);
        server_stop(&again);
        server_restart(&s); /* the old password is back */
        CHECK_REACHED(&c.reconnected, 1);
    } else {
        CHECK_REACHED(&c.closed, 1);
        CHECK_INT(counter_get(&c.errors), 2);
        CHECK_INT(counter_get(&c.reconnected), 0);
        server_stop(&again);
    }
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    server_stop(&s);
}

static void same_refusal_twice_ends_it(void) { change_password(false); }

static void refusals_can_be_ignored(void) { change_password(true); }

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(expiring_while_connected),
        TEST(expiring_with_a_new_file_in_place),
        TEST(revoked_while_connected),
        TEST(account_expires_while_connected),
        TEST(permissions),
        TEST(same_refusal_twice_ends_it),
        TEST(refusals_can_be_ignored),
    };

    return RUN_TESTS(cases, argc, argv);
}
