/* The functions of microError that take a format: Rust cannot define functions with a variable number of arguments.
 * Each formats its text and hands it to a function with a fixed number (errors.rs). The names by which programs know
 * these functions are given to them in variadic.rs. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__GNUC__)
#define HIDDEN __attribute__((visibility("hidden")))
#else
#define HIDDEN
#endif

typedef struct micro_error_s microError;

extern microError *micro_ErrorOutOfMemory;
extern microError *micro_ErrorInvalidFormat;
extern microError *micro_ErrorFromText(int code, const char *text);
extern microError *microError_WrapText(microError *err, const char *text);
extern void microError_Destroy(microError *err);

HIDDEN microError *nats_rs_micro_errorf(const char *format, ...);
HIDDEN microError *nats_rs_micro_errorf_code(int code, const char *format, ...);
HIDDEN microError *nats_rs_micro_wrapf(microError *err, const char *format, ...);

/* The text, to be freed unless it is `small`; NULL with *error set if it cannot be made. */
static char *formatted(char *small, size_t size, microError **error, const char *format, va_list args) {
    va_list again;
    char *text = small;
    int length;

    if (format == NULL) {
        small[0] = '\0';
        return small;
    }
    va_copy(again, args);
    length = vsnprintf(small, size, format, args);
    if (length < 0) {
        *error = micro_ErrorInvalidFormat;
        text = NULL;
    } else if ((size_t)length >= size) {
        text = (char *)malloc((size_t)length + 1);
        if (text == NULL)
            *error = micro_ErrorOutOfMemory;
        else
            vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text;
}

static microError *make(int code, const char *format, va_list args) {
    char small[256];
    microError *error = NULL;
    char *text = formatted(small, sizeof(small), &error, format, args);

    if (text != NULL)
        error = micro_ErrorFromText(code, text);
    if (text != small)
        free(text);
    return error;
}

microError *nats_rs_micro_errorf(const char *format, ...) {
    va_list args;
    microError *error;

    va_start(args, format);
    error = make(0, format, args);
    va_end(args);
    return error;
}

microError *nats_rs_micro_errorf_code(int code, const char *format, ...) {
    va_list args;
    microError *error;

    va_start(args, format);
    error = make(code, format, args);
    va_end(args);
    return error;
}

microError *nats_rs_micro_wrapf(microError *err, const char *format, ...) {
    char small[256];
    microError *error = NULL;
    char *text;
    va_list args;

    if (err == NULL)
        return NULL;
    va_start(args, format);
    text = formatted(small, sizeof(small), &error, format, args);
    va_end(args);
    if (text != NULL)
        error = microError_WrapText(err, text);
    else
        microError_Destroy(err);
    if (text != small)
        free(text);
    return error;
}
