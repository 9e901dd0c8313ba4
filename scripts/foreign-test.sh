#!/usr/bin/env bash
# Runs tests on machines of another kind than this one: as 32-bit x86, whose programs an x86-64 machine runs itself; as
# 64-bit and as 32-bit ARM, in qemu; and on this machine with musl, in static programs. Runs some of the C tests, and with
# --all also the unit tests of the core and, with musl, a program built by what CMake installs; the servers are those of
# this machine. A machine whose tools are missing is left out with a message: Rust's target (rustup target add TARGET), a C
# compiler, what runs the programs, and cmocka, which is downloaded from Debian and not installed.
# scripts/install-deps.sh foreign installs what there is in Debian for 32-bit x86, and scripts/install-deps.sh cross the
# other compilers; the programs for ARM also need Debian's qemu-user.
#
# usage: foreign-test.sh [--all] [TARGET...]
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ALL=no
if [ "${1:-}" = --all ]; then
    ALL=yes
    shift
fi
[ $# -gt 0 ] || set -- i686-unknown-linux-gnu aarch64-unknown-linux-gnu armv7-unknown-linux-gnueabihf \
    x86_64-unknown-linux-musl

# What has to do with sizes, alignment, atomics, times and the frames of callbacks: structures and NULL, messages, threads,
# callbacks that end their threads, and each layer once with a server.
SUITES="test_msg test_options test_publish_server test_subscribe test_request test_reconnect test_tls test_js_configs
    test_js_publish_async test_js_pull test_js_outputs test_kv test_obj test_micro test_process"

machine() { # machine TARGET: sets what is named after the machine
    RUN=()
    STATIC=no
    case "$1" in
    i686-unknown-linux-gnu)
        DEBIAN=i386
        COMPILER=i686-linux-gnu-gcc
        ;;
    aarch64-unknown-linux-gnu)
        DEBIAN=arm64
        COMPILER=aarch64-linux-gnu-gcc
        RUN=(qemu-aarch64 -L /usr/aarch64-linux-gnu)
        ;;
    armv7-unknown-linux-gnueabihf)
        DEBIAN=armhf
        COMPILER=arm-linux-gnueabihf-gcc
        RUN=(qemu-arm -L /usr/arm-linux-gnueabihf)
        ;;
    x86_64-unknown-linux-musl)
        DEBIAN=musl
        COMPILER=musl-gcc
        STATIC=yes
        ;;
    *) die "$1: not one of i686-unknown-linux-gnu, aarch64-unknown-linux-gnu, armv7-unknown-linux-gnueabihf, \
x86_64-unknown-linux-musl" ;;
    esac
}

rust_has() { rustc --print target-libdir --target "$1" 2>/dev/null | xargs -r test -d; }

runs() { # Can programs be compiled and run?
    printf '#include <stdio.h>\nint main(void) { return puts("runs") < 0; }\n' >"$SCRATCH/runs.c"
    have "$COMPILER" && "$COMPILER" -o "$SCRATCH/runs" "$SCRATCH/runs.c" && "${RUN[@]}" "$SCRATCH/runs"
} >/dev/null 2>&1

# Debian's cmocka for the other machine, by lists of packages of its own: those of this machine stay as they are.
cmocka() {
    CMOCKA="$ROOT/.cache/cmocka-$DEBIAN"
    [ ! -d "$CMOCKA" ] || return 0
    if [ "$DEBIAN" = musl ]; then
        cmocka_of_source
        return
    fi
    have apt-get && have dpkg-deb || return 1
    local apt="$SCRATCH/apt-$DEBIAN" options package
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    options=(-qq -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o "APT::Architecture=$DEBIAN"
        -o "APT::Architectures=$DEBIAN")
    say "downloading cmocka for $DEBIAN"
    # A list that cannot be had may be one that is not needed.
    apt-get "${options[@]}" update >/dev/null 2>&1 || true
    (cd "$apt" && apt-get "${options[@]}" download libcmocka0 libcmocka-dev) >/dev/null 2>&1 || return 1
    for package in "$apt"/*.deb; do
        dpkg-deb -x "$package" "$apt/root" || return 1
    done
    mkdir -p "$ROOT/.cache"
    mv "$apt/root" "$CMOCKA.$$"
    mv "$CMOCKA.$$" "$CMOCKA"
}

# The same for musl, compiled from Debian's source.
cmocka_of_source() {
    have apt-get || return 1
    local apt="$SCRATCH/apt-source" options defines
    mkdir -p "$apt"/{lists/partial,parts,source,root/usr/lib,root/usr/include}
    cat /etc/apt/sources.list.d/*.sources 2>/dev/null | sed 's/^Types:.*/Types: deb-src/' >"$apt/parts/source.sources"
    cat /etc/apt/sources.list 2>/dev/null | sed -n 's/^deb /deb-src /p' >"$apt/parts/source.list"
    options=(-qq -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o "Dir::Etc::sourcelist=/dev/null"
        -o "Dir::Etc::sourceparts=$apt/parts")
    say "downloading the source of cmocka"
    # A list that cannot be had may be one that is not needed.
    apt-get "${options[@]}" update >/dev/null 2>&1 || true
    (cd "$apt" && apt-get "${options[@]}" source --download-only cmocka &&
        tar -xf cmocka_*.orig.tar.?z -C source --strip-components=1) >/dev/null 2>&1 || return 1
    defines=(-DHAVE_{INTTYPES,MALLOC,SIGNAL,STDINT,STRINGS,TIME,UNISTD}_H -DHAVE_STRUCT_TIMESPEC -DHAVE_CLOCK_REALTIME
        -DHAVE_CLOCK_GETTIME -DHAVE_GCC_THREAD_LOCAL_STORAGE -D_GNU_SOURCE)
    "$COMPILER" -O1 -w "${defines[@]}" -I"$apt/source/include" -c -o "$apt/cmocka.o" "$apt/source/src/cmocka.c" || return 1
    ar rc "$apt/root/usr/lib/libcmocka.a" "$apt/cmocka.o"
    cp "$apt/source/include/"cmocka*.h "$apt/root/usr/include"
    mkdir -p "$ROOT/.cache"
    mv "$apt/root" "$CMOCKA.$$"
    mv "$CMOCKA.$$" "$CMOCKA"
}

c_tests() { # c_tests TARGET: builds the library and the C tests, and runs these
    local out="$ROOT/target/$1/c-tests" flags libraries link object source suite
    if [ "$STATIC" = yes ]; then
        libraries=
        # Of the libraries for unwinding, Rust's: that of Debian's compiler needs glibc.
        link="-static $NATS_RS_CARGO_TARGET_DIR/$1/debug/libnats_rs.a $CMOCKA/usr/lib/libcmocka.a \
$(rustc --print target-libdir --target "$1")/self-contained/libunwind.a"
    else
        libraries="$out:$(echo "$CMOCKA"/usr/lib/*-linux-gnu*)"
        link="-L${libraries%%:*} -L${libraries#*:} -lnats_rs -lcmocka"
    fi
    # Tables for unwinding, which C has on all of these but 32-bit ARM: as in Python, whose threads may end in a callback.
    # Offsets of 64 bits: folders of this machine have such ones, which qemu passes on.
    flags=(-funwind-tables -D_FILE_OFFSET_BITS=64 -std=gnu99 -D_GNU_SOURCE -DHAVE_CREDENTIALS -O1 -Wall -Wextra
        -Ic-tests/support -Iinclude -I"$CMOCKA/usr/include")
    rm -rf "$out"
    mkdir -p "$out/support"
    [ "$STATIC" = yes ] || ln -s "$NATS_RS_CARGO_TARGET_DIR/$1/debug/libnats_rs.so" "$out/libnats_rs.so"
    [ "$STATIC" = yes ] || ln -s libnats_rs.so "$out/libnats_rs.so.0"
    # In make, for the processors.
    {
        printf 'all:'
        printf " $out/%s" $SUITES
        printf '\n'
        for source in c-tests/support/*.c; do
            object="$out/support/$(basename "$source" .c).o"
            printf '%s: ; @%s -c -o $@ %s\nSUPPORT += %s\n' "$object" "$COMPILER ${flags[*]}" "$source" "$object"
        done
        for suite in $SUITES; do
            printf '%s: $(SUPPORT) ; @%s -o $@ c-tests/%s.c $(SUPPORT) %s -pthread\n' \
                "$out/$suite" "$COMPILER ${flags[*]}" "$suite" "$link"
        done
    } >"$out/Makefile"
    make -s -f "$out/Makefile" -j "$(jobs_wanted)" all
    for suite in $SUITES; do
        # 10 minutes, and all times of the tests longer: qemu translates the code as it runs it.
        LD_LIBRARY_PATH=$([ "${#RUN[@]}" -gt 0 ] || echo "$libraries") TEST_TIME_FACTOR=$([ "${#RUN[@]}" -gt 0 ] && echo 10 || echo 2) \
            timeout 600 "${RUN[@]}" ${RUN[@]+-E "LD_LIBRARY_PATH=$libraries"} "$out/$suite" >"$SCRATCH/test.log" 2>&1 || {
            cat "$SCRATCH/test.log"
            die "FAILED: $suite for $1"
        }
        say "ok: $suite: $(grep -cE '^\[       OK \]' "$SCRATCH/test.log") cases"
    done
}

# installed TARGET: a static program, built with what CMake installs, by find_package and by pkg-config.
installed() {
    local dir="$SCRATCH/install" log="$SCRATCH/install.log" program
    {
        cmake -S . -B "$dir/build" -DCMAKE_C_COMPILER="$COMPILER" -DNATS_RS_CARGO_PROFILE=dev &&
            cmake --build "$dir/build" -j "$(jobs_wanted)" && cmake --install "$dir/build" --prefix "$dir/usr" &&
            cmake -S examples-c -B "$dir/examples" -DCMAKE_PREFIX_PATH="$dir/usr" -DCMAKE_C_COMPILER="$COMPILER" \
                -DCMAKE_EXE_LINKER_FLAGS=-static -DNATS_RS_EXAMPLES_LINK=static &&
            cmake --build "$dir/examples" --target example-headers
    } >"$log" 2>&1 || die "$(cat "$log")"
    # shellcheck disable=SC2046
    PKG_CONFIG_PATH=$(dirname "$(find "$dir/usr" -name nats_rs.pc)") "$COMPILER" -static -o "$dir/headers" \
        examples-c/headers.c $(PKG_CONFIG_PATH=$(dirname "$(find "$dir/usr" -name nats_rs.pc)") \
            pkg-config --static --cflags --libs nats_rs)
    start_server
    for program in "$dir/examples/headers" "$dir/headers"; do
        "$program" "$SERVER_URL" "foreign-test.$RANDOM" | grep -q 'Content-Type: text/plain' ||
            die "FAILED: $program for $1"
    done
    stop_server "$SERVER_PID"
    say "ok: an installation for $1"
}

NATS_SERVER=$(scripts/get-nats-server.sh)
export NATS_SERVER
cargo build -q --locked --example nkeygen
export NKEYGEN="$NATS_RS_CARGO_TARGET_DIR/debug/examples/nkeygen"
for target in "$@"; do
    machine "$target"
    if ! rust_has "$target"; then
        say "SKIPPED: $target: rustup target add $target"
        continue
    elif ! runs; then
        say "SKIPPED: $target: no $COMPILER, or its programs cannot be run${RUN[*]+ with ${RUN[*]}}"
        continue
    elif ! cmocka; then
        say "SKIPPED: $target: no cmocka for $DEBIAN"
        continue
    fi
    name=${target//-/_}
    upper=${name^^}
    export "CC_$name=$COMPILER"
    # For musl, Rust has what its programs are linked with.
    [ "$STATIC" = yes ] || export "CARGO_TARGET_${upper}_LINKER=$COMPILER"
    [ -z "${RUN[*]}" ] || export "CARGO_TARGET_${upper}_RUNNER=${RUN[*]}"
    # As in scripts/cross-test.sh, whose builds are used again.
    CARGO_PROFILE_DEV_DEBUG=0 cargo build -q --locked --lib --target "$target"
    c_tests "$target"
    [ "$ALL" = no ] || CARGO_PROFILE_DEV_DEBUG=0 cargo test -q --locked --lib --target "$target"
    [ "$ALL$STATIC" != yesyes ] || installed "$target"
    say "ok: $target"
done
