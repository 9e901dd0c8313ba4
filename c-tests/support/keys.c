#include "keys.h"

#include <dirent.h>
#include <sys/wait.h>

#include "test.h"

enum { MOST_WORDS = 16 };

void keys_open(keys *k) {
    snprintf(k->dir, sizeof(k->dir), "/tmp/nats-rs-keys-XXXXXX");
    CHECK(mkdtemp(k->dir) != NULL);
}

void keys_close(keys *k) {
    DIR *d = opendir(k->dir);
    struct dirent *e;
    char path[512];

    while (d != NULL && (e = readdir(d)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", k->dir, e->d_name);
        if (unlink(path) != 0)
            rmdir(path);
    }
    if (d != NULL)
        closedir(d);
    rmdir(k->dir);
}

void keys_make(const keys *k, const char *command, ...) {
    const char *argv[MOST_WORDS + 4];
    const char *program = getenv("NKEYGEN"), *word;
    int n = 0, status = -1;
    va_list words;
    pid_t child;

    if (program == NULL || program[0] == '\0')
        program = "nkeygen";
    argv[n++] = program;
    argv[n++] = k->dir;
    argv[n++] = command;
    va_start(words, command);
    while ((word = va_arg(words, const char *)) != NULL) {
        CHECK(n < MOST_WORDS + 3);
        argv[n++] = word;
    }
    va_end(words);
    argv[n] = NULL;
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        execvp(program, (char *const *)argv);
        _exit(127);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        check_failed(__FILE__, __LINE__, "nkeygen %s failed (is NKEYGEN set?)", command);
}

const char *keys_path(const keys *k, const char *file, char path[KEYS_PATH]) {
    snprintf(path, KEYS_PATH, "%s/%s", k->dir, file);
    return path;
}

char *keys_read(const keys *k, const char *file) {
    enum { MOST = 65536 };
    char path[KEYS_PATH];
    char *text = (char *)malloc(MOST);
    FILE *f = fopen(keys_path(k, file, path), "r");
    size_t n;

    CHECK(f != NULL && text != NULL);
    n = fread(text, 1, MOST - 1, f);
    fclose(f);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    text[n] = '\0';
    return text;
}

void keys_write(const keys *k, const char *file, const char *text) {
    char path[KEYS_PATH];
    FILE *f = fopen(keys_path(k, file, path), "w");

    CHECK(f != NULL);
    CHECK(fputs(text, f) >= 0);
    CHECK(fclose(f) == 0);
}

void keys_copy(const keys *k, const char *from, const char *to) {
    char *text = keys_read(k, from);

    keys_write(k, to, text);
    free(text);
}
