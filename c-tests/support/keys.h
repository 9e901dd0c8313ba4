/* Keys, JWTs and operator-mode configurations, made by the program nkeygen (examples/nkeygen.rs, which has its
 * commands). Found by the environment variable NKEYGEN, otherwise in PATH. None of these files is ever committed. */
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
/* Removes the directory with its content. */
void keys_close(keys *k);
/* Runs nkeygen in the directory with these arguments, the last one NULL. Fails the test if
 * nkeygen fails. */
void keys_make(const keys *k, const char *command, ...) __attribute__((sentinel));
/* Writes the path of a file in the directory to the buffer, which is returned. */
const char *keys_path(const keys *k, const char *file, char path[KEYS_PATH]);
/* Returns the text of a file, without the last line end, to be released with free(). */
char *keys_read(const keys *k, const char *file);
/* Writes a file. */
void keys_write(const keys *k, const char *file, const char *text);
/* Copies the content of one file to another. */
void keys_copy(const keys *k, const char *from, const char *to);

#ifdef __cplusplus
}
#endif
#endif
