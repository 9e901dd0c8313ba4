#!/usr/bin/env bash
# Compiles each header alone and included twice, with the oldest and the newest standards of C and C++ and with all warnings
# as errors; and a program that includes only the header. Uses cc and c++, and clang if it is installed.
#
# usage: header-test.sh [INCLUDE_DIR COMPAT_DIR]   of an installation; without them, the sources' folders
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

INCLUDE=${1:-$ROOT/include}
COMPAT=${2:-$ROOT/include/compat}
OURS=(nats_rs.h nats_rs/adapters/libuv.h nats_rs/adapters/libevent.h)
SHIMS=(nats.h nats/nats.h nats/status.h nats/version.h adapters/libuv.h adapters/libevent.h nats/adapters/libuv.h nats/adapters/libevent.h)
WARNINGS=(-pedantic-errors -Wall -Wextra -Wshadow -Wundef -Werror)

C=("${CC:-cc}")
CPP=("${CXX:-c++}")
if have clang; then C+=(clang); fi
if have clang++; then CPP+=(clang++); fi

# check WHAT COMPILER...: fails unless the compiler accepts $SOURCE, or $SCRATCH/source.c.
check() {
    local what=$1 source=${SOURCE:-$SCRATCH/source.c}
    shift
    "$@" -fsyntax-only "$source" >"$source.log" 2>&1 || {
        cat "$source.log" >&2
        die "$what: refused by $*"
    }
}

# check_all WHAT DIRECTORY: the same in each language.
check_all() {
    local compiler standard
    local flags=("${WARNINGS[@]}" -I "$2")
    # The header of libuv needs names of POSIX, which compilers in a strict mode do not define by default.
    case "$1" in *libuv*) flags+=(-D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE) ;; esac
    for compiler in "${C[@]}"; do
        for standard in c90 c99 c11 gnu17; do
            check "$1" "$compiler" "-std=$standard" -Wstrict-prototypes -Wmissing-prototypes "${flags[@]}" \
                $(clang_allows "$compiler" "$standard" "$1")
        done
    done
    for compiler in "${CPP[@]}"; do
        for standard in c++98 c++11 c++20; do
            check "$1" "$compiler" "-std=$standard" -Wold-style-cast "${flags[@]}" \
                $(clang_allows "$compiler" "$standard" "$1") -x c++
        done
    done
}

# clang_allows COMPILER STANDARD WHAT: options against warnings that gcc does not have: bool of <stdbool.h> in C90, and C
# casts in extern "C" functions, which the adapters have.
clang_allows() {
    case "$*" in
    "clang c90 "*) say -Wno-c99-extensions ;;
    "clang++ "*adapters*) say -Wno-old-style-cast ;;
    esac
}

# Included twice: the first one is the header alone, in front of which there is nothing.
check_header() { # check_header DIRECTORY HEADER
    printf '#include "%s"\n#include "%s"\n#ifndef NATS_RS_VERSION\n#error not ours\n#endif\nint x;\n' "$2" "$2" \
        >"$SCRATCH/source.c"
    check_all "$2" "$1"
}

for header in "${OURS[@]}"; do
    check_header "$INCLUDE" "$header"
done
for header in "${SHIMS[@]}"; do
    check_header "$COMPAT" "$header"
done

# The C++ interface: each header alone, and nats_rs.hpp twice, with each compiler. A header of the C++ library takes a second:
# as many at a time as there are processors.
check_cpp() ( # check_cpp FILE WHAT COMPILER...; in a process of its own
    trap - EXIT
    SOURCE=$1
    shift
    check "$@" "${WARNINGS[@]}" -Wconversion -I "$INCLUDE" -x c++
)
HPP=()
CHECKS=()
# fewer_than N: waits until fewer than N checks are running.
fewer_than() {
    while [ "$(jobs -rp | wc -l)" -ge "$1" ]; do
        wait -n || no_more
    done
}
# One has failed, and has said why: the others end first, because their files are in $SCRATCH.
no_more() {
    wait
    die "the C++ interface does not compile"
}
for header in "$INCLUDE"/nats_rs/cpp/*.hpp; do
    HPP+=("$(basename "$header")")
    printf '#include "nats_rs/cpp/%s"\nint x;\n' "${HPP[-1]}" >"$SCRATCH/${HPP[-1]}.c"
    fewer_than "$(jobs_wanted)"
    check_cpp "$SCRATCH/${HPP[-1]}.c" "${HPP[-1]}" "${CPP[0]}" -std=c++17 &
    CHECKS+=("$!")
done
printf '#include "nats_rs.hpp"\n#include "nats_rs.hpp"\nint x;\n' >"$SCRATCH/twice.c"
for compiler in "${CPP[@]}"; do
    for standard in c++17 c++20; do
        cp "$SCRATCH/twice.c" "$SCRATCH/$compiler-$standard.c"
        fewer_than "$(jobs_wanted)"
        check_cpp "$SCRATCH/$compiler-$standard.c" nats_rs.hpp "$compiler" "-std=$standard" &
        CHECKS+=("$!")
    done
done
for check in "${CHECKS[@]}"; do
    wait "$check" || no_more
done

# Properties of nats.c's header that programs rely on.
cat >"$SCRATCH/source.c" <<'SOURCE'
#define NATS_CONN_STATUS_NO_PREFIX
#include "nats_rs.h"

#ifndef PRId64
#error no <inttypes.h>
#endif

/* The layouts that the library has (src/ffi/types.rs). An array of negative size does not compile. */
#define SAME(name, a, b) typedef char name[(a) == (b) ? 1 : -1]
SAME(metadata_size, sizeof(natsMetadata), 2 * sizeof(void *));
SAME(list_size, sizeof(natsMsgList), 2 * sizeof(void *));
SAME(config_size, sizeof(natsClientConfig), 32 + 2 * sizeof(void *));
SAME(config_max, offsetof(natsClientConfig, ThreadPoolMax), 20);
SAME(config_reply_max, offsetof(natsClientConfig, ReplyThreadPoolMax), 28);
SAME(config_handler, offsetof(natsClientConfig, ThreadStartedHandler), 32);

int main(int argc, char **argv) {
    const char *url = getenv("NATS_URL");
    void *memory = malloc(16);
    natsConnStatus status = CONNECTED;
    bool fits = nats_CheckCompatibility();
    int64_t n = argc > 1 ? atoi(argv[1]) : 0;
    printf("%s\n", url != NULL ? url : NATS_DEFAULT_URL);
    free(memory);
    return fits && status != CLOSED && n == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
SOURCE
check_all "a program with nats_rs.h alone" "$INCLUDE"
bits="64 bits"
if printf '#include <stdio.h>\n' | "${C[0]}" -m32 -E - >/dev/null 2>&1; then
    check "a program of 32 bits" "${C[0]}" -m32 -std=c99 "${WARNINGS[@]}" -I "$INCLUDE"
    bits="32 and 64 bits"
fi

say "ok: ${OURS[*]} ${SHIMS[*]}: alone and twice, C90 to C17, C++98 to C++20, $bits; nats_rs.hpp and its ${#HPP[@]} parts: C++17, C++20 (${C[*]} ${CPP[*]})"
