#!/usr/bin/env bash
# Runs tests on machines of another kind than this one: as 32-bit x86, whose programs an x86-64 machine runs itself, and
# as 64-bit ARM in qemu. Runs some of the C tests, and with --all also the unit tests of the core; the servers are those of
# this machine. A machine whose tools are missing is left out with a message: Rust's target (rustup target add TARGET), a
# C compiler, what runs the programs, and cmocka, which is downloaded from Debian and not installed.
# scripts/install-deps.sh foreign installs what there is in Debian.
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
[ $# -gt 0 ] || set -- i686-unknown-linux-gnu aarch64-unknown-linux-gnu

# What has to do with sizes, alignment, atomics, times and the frames of callbacks: structures and NULL, messages, threads,
# callbacks that end their threads, and each layer once with a server.
SUITES="test_msg test_options test_publish_server test_subscribe test_request test_reconnect test_tls test_js_configs
    test_js_publish_async test_js_pull test_js_outputs test_kv test_obj test_micro test_process"

machine() { # machine TARGET: sets what is named after the machine
    RUN=()
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
    *) die "$1: not one of i686-unknown-linux-gnu, aarch64-unknown-linux-gnu" ;;
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

c_tests() { # c_tests TARGET: builds the library and the C tests, and runs these
    local out="$ROOT/target/$1/c-tests" flags libraries object source suite
    libraries="$out:$(echo "$CMOCKA"/usr/lib/*-linux-gnu)"
    flags=(-std=gnu99 -D_GNU_SOURCE -DHAVE_CREDENTIALS -O1 -Wall -Wextra -Ic-tests/support -Iinclude
        -I"$CMOCKA/usr/include")
    rm -rf "$out"
    mkdir -p "$out/support"
    ln -s "$NATS_RS_CARGO_TARGET_DIR/$1/debug/libnats_rs.so" "$out/libnats_rs.so"
    ln -s libnats_rs.so "$out/libnats_rs.so.0"
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
            printf '%s: $(SUPPORT) ; @%s -o $@ c-tests/%s.c $(SUPPORT) -L%s -L%s -lnats_rs -lcmocka -pthread\n' \
                "$out/$suite" "$COMPILER ${flags[*]}" "$suite" "${libraries%%:*}" "${libraries#*:}"
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
        say "SKIPPED: $target: no cmocka for Debian's $DEBIAN"
        continue
    fi
    name=${target//-/_}
    upper=${name^^}
    export "CC_$name=$COMPILER" "CARGO_TARGET_${upper}_LINKER=$COMPILER" "CARGO_TARGET_${upper}_RUNNER=${RUN[*]}"
    [ -n "${RUN[*]}" ] || unset "CARGO_TARGET_${upper}_RUNNER"
    cargo build -q --locked --lib --target "$target"
    c_tests "$target"
    [ "$ALL" = no ] || cargo test -q --locked --lib --target "$target"
    say "ok: $target"
done
