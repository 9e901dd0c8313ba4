/* The side of this library in the interoperability test: writes what other clients read, and reads what they wrote.
 * scripts/interop-test.sh runs it, and says what the test is. README.md says what is written.
 *
 * usage: ours URL write|read|watch|change|serve|ask WHO */
#include "ours.h"

char why[1024];

bool fail(const char *file, int line, const char *what) {
    const char *text = nats_GetLastError(NULL);

    snprintf(why, sizeof(why), "%s:%d: %s%s%s%s", strrchr(file, '/') == NULL ? file : strrchr(file, '/') + 1,
             line, what, text != NULL && text[0] != '\0' ? " (" : "", text != NULL ? text : "",
             text != NULL && text[0] != '\0' ? ")" : "");
    return false;
}

bool report(const char *name, bool well) {
    if (well)
        printf("ok %s\n", name);
    else
        printf("FAIL %s | %s\n", name, why);
    fflush(stdout);
    return well;
}

const char *named(char buffer[64], const char *kind, const char *who) {
    snprintf(buffer, 64, "%s-%s", kind, who);
    return buffer;
}

void ready(void) {
    printf("ready\n");
    fflush(stdout);
}

int main(int argc, char **argv) {
    natsConnection *nc = NULL;
    jsCtx *js = NULL;
    const char *command = argc == 4 ? argv[2] : "", *who = argc == 4 ? argv[3] : "";
    bool well = true;

    if (argc != 4) {
        fprintf(stderr, "usage: ours URL write|read|watch|change|serve|ask WHO\n");
        return 2;
    }
    if (natsConnection_ConnectTo(&nc, argv[1]) != NATS_OK ||
        natsConnection_JetStream(&js, nc, NULL) != NATS_OK) {
        fprintf(stderr, "connect: %s\n", nats_GetLastError(NULL));
        return 1;
    }
    if (strcmp(command, "write") == 0)
        well = write_keys(js, who) & write_objects(js, who);
    else if (strcmp(command, "read") == 0)
        well = read_keys(js, who) & read_objects(js, who);
    else if (strcmp(command, "watch") == 0)
        well = watch(js, who);
    else if (strcmp(command, "change") == 0)
        well = change(js, who);
    else if (strcmp(command, "serve") == 0)
        well = serve(nc, who);
    else if (strcmp(command, "ask") == 0)
        well = ask(nc, who);
    else
        well = false;
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    nats_Close();
    return well ? 0 : 1;
}
