#include "words.h"

void check_words(const char *file, int line, const char *what, const char *text, const char *words) {
    static const char *const never[] = {SECRET, "(os error", "NATS_", "Some(", "Err(",
                                        "::<",  "{ ",        "\n",    "\r"};
    const char *from = text;
    size_t i;

    if (text == NULL)
        check_failed(file, line, "%s: no text", what);
    if (getenv("TEST_SHOW_TEXTS") != NULL)
        fprintf(stderr, "%.60s\n    %s\n", what, text);
    for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
        if (strstr(text, never[i]) != NULL)
            check_failed(file, line, "%s: \"%s\" shows \"%s\"", what, text, never[i]);
    while (*words != '\0') {
        size_t length = strcspn(words, "|");
        char word[256];

        snprintf(word, sizeof(word), "%.*s", (int)length, words);
        from = strstr(from, word);
        if (from == NULL)
            check_failed(file, line, "%s: \"%s\" does not say \"%s\"", what, text, word);
        from += length;
        words += length + (words[length] == '|');
    }
}

void check_says(const char *file, int line, const char *what, natsStatus got, natsStatus want,
                const char *words) {
    natsStatus last = NATS_OK;
    const char *text = nats_GetLastError(&last);

    check_status(file, line, what, got, want);
    check_status(file, line, "the last error", last, want);
    check_words(file, line, what, text, words);
}
