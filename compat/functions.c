/* Finding the functions of libnats_rs that this library hides by functions of the same name. */
#define _GNU_SOURCE
#include <dlfcn.h>

#include "functions.h"

#define LIBRARY "libnats_rs.so.0"

Functions real;

/* Ends the process if there is none: the two libraries are not of one version, and no call could be trusted. */
static void *find(void *library, const char *name) {
    void *function = library != NULL ? dlsym(library, name) : NULL;
    if (function == NULL) {
        fprintf(stderr, "libnats: " LIBRARY " has no function %s: the two libraries are not of one version\n",
                name);
        abort();
    }
    return function;
}

__attribute__((constructor)) static void find_all(void) {
    /* It is loaded, as the dynamic linker has loaded what this library needs: only its handle is asked for. */
    void *library = dlopen(LIBRARY, RTLD_LAZY | RTLD_NOLOAD);
#define FIND(name) real.name = (__typeof__(real.name))find(library, #name);
    FUNCTIONS(FIND)
    SERVICE_FUNCTIONS(FIND)
#undef FIND
    if (library != NULL)
        dlclose(library);
}
