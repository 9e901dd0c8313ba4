/* Signs in with an NKey, or with a JWT: the server sends a nonce, and the client signs it. The seed stays here.
 *
 * build: cc -o sign-in sign-in.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   sign-in URL nkey PUBLIC_KEY SEED_FILE
 *        sign-in URL jwt CREDENTIALS_FILE
 *        sign-in URL callback PUBLIC_KEY SEED
 *
 * Files are read at each attempt to connect: one that is replaced counts from the next reconnect on. */
#include "example.h"

/* A program that has its keys elsewhere, in an agent or in hardware, signs by itself. Here nats_Sign does it. */
static natsStatus onSign(char **customErrTxt, unsigned char **signature, int *length, const char *nonce,
                         void *closure) {
    (void)customErrTxt;
    return nats_Sign((const char *)closure, nonce, signature, length);
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL), *way = textArg(argc, argv, 2, "");
    const char *first = textArg(argc, argv, 3, ""), *second = textArg(argc, argv, 4, "");
    natsOptions *opts = NULL;
    natsConnection *nc = NULL;
    natsStatus s = natsOptions_Create(&opts);

    if (s == NATS_OK)
        s = natsOptions_SetURL(opts, url);
    if (s != NATS_OK)
        ;
    else if (strcmp(way, "nkey") == 0)
        s = natsOptions_SetNKeyFromSeed(opts, first, second);
    else if (strcmp(way, "callback") == 0)
        s = natsOptions_SetNKey(opts, first, onSign, (void *)second);
    else if (strcmp(way, "jwt") == 0)
        s = natsOptions_SetUserCredentialsFromFiles(opts, first, NULL);
    else {
        fprintf(stderr, "usage: sign-in URL nkey|jwt|callback ...\n");
        s = NATS_INVALID_ARG;
    }
    if (s == NATS_OK)
        s = natsConnection_Connect(&nc, opts);
    if (s == NATS_OK)
        s = natsConnection_Flush(nc);
    if (succeeded("sign-in", s))
        printf("Signed in by %s\n", way);
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);
    return s == NATS_OK ? 0 : 1;
}
