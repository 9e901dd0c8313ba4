#include "jwt_server.h"

#include "test.h"

void jwt_server_start(jwt_server *f) {
    char *conf;

    keys_open(&f->k);
    keys_make(&f->k, "operator", NULL);
    keys_make(&f->k, "account", "acc", NULL);
    keys_make(&f->k, "user", "acc", "user", NULL);
    keys_make(&f->k, "conf", NULL);
    conf = keys_read(&f->k, "server.conf");
    server_start(&f->s, conf, NULL);
    free(conf);
}

void jwt_server_stop(jwt_server *f) {
    server_stop(&f->s);
    keys_close(&f->k);
}

void jwt_server_change_account(jwt_server *f, const char *option) {
    char path[128], *conf;
    FILE *file;

    keys_make(&f->k, "account", "acc", option, NULL);
    keys_make(&f->k, "conf", NULL);
    conf = keys_read(&f->k, "server.conf");
    snprintf(path, sizeof(path), "%s/conf", f->s.dir);
    file = fopen(path, "w");
    CHECK(file != NULL);
    CHECK(fputs(conf, file) >= 0);
    CHECK(fclose(file) == 0);
    free(conf);
}
