/* Keys, JWTs and operator-mode configurations, made by the program nkeygen (examples/nkeygen.rs, which has
 * its commands). Found by the environment variable NKEYGEN, else in PATH. Nothing of it is ever committed. */
#ifndef NATS_RS_TEST_KEYS_H
#define NATS_RS_TEST_KEYS_H

#ifdef __cplusplus
extern "C" {
#endif

enum { KEYS_PATH = 160 };

typedef struct keys {
    char dir[64]; /* a directory of its own */
} keys;

/* Makes the directory. */
void keys_open(keys *k);
/* Removes it with all that is in it. */
void keys_close(keys *k);
/* Runs nkeygen there; the words of its command, the last one NULL. Fails the test if that fails. */
void keys_make(const keys *k, const char *command, ...) __attribute__((sentinel));
/* The path of a file there; in the buffer, which is returned. */
const char *keys_path(const keys *k, const char *file, char path[KEYS_PATH]);
/* A file's text, without the line's end at its end; free() it. */
char *keys_read(const keys *k, const char *file);
/* Writes a file. */
void keys_write(const keys *k, const char *file, const char *text);
/* Makes a file have the content of another. */
void keys_copy(const keys *k, const char *from, const char *to);

#ifdef __cplusplus
}
#endif
#endif
