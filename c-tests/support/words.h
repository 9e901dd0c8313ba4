/* Checks of error texts: required words, and words that must not appear. */
#ifndef NATS_RS_TEST_WORDS_H
#define NATS_RS_TEST_WORDS_H

#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Secrets of the tests, which no text may contain. */
#define SECRET "s3cret"

/* The text has all of these words, which a bar separates, in their order, is one line, and shows no secret,
 * no number of the operating system and no structure of the language that the library is written in.
 * With TEST_SHOW_TEXTS in the environment it is printed. */
void check_words(const char *file, int line, const char *what, const char *text, const char *words);
/* The call returned this status, and left it as the thread's last error with these words. */
void check_says(const char *file, int line, const char *what, natsStatus got, natsStatus want,
                const char *words);

#define CHECK_WORDS(text, words) check_words(__FILE__, __LINE__, #text, (text), (words))
#define CHECK_SAYS(call, status, words) check_says(__FILE__, __LINE__, #call, (call), (status), (words))

#ifdef __cplusplus
}
#endif
#endif
