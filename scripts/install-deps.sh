#!/usr/bin/env bash
# Installs missing packages with apt-get, as root or with sudo without a password. If it may not do that, prints in one
# line what to install, and fails.
#
# usage: install-deps.sh [build|test|docs|bindings|cross|foreign|fuzz|server]   build: for the library and the demo; test (the
# default): for scripts/test.sh; docs: for scripts/docs.sh; cross: for scripts/cross-test.sh; bindings, foreign: for those of
# scripts/bindings-test.sh and scripts/foreign-test.sh that scripts/test.sh runs; fuzz: cargo-fuzz, into .cache/tools of the project, if there is a
# nightly Rust
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

PACKAGES=()
need() { # need PACKAGE COMMAND...: adds the package unless the command succeeds
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || PACKAGES+=("$package")
}
header_found() { echo "#include <$1>" | cc -E -include stdarg.h -include stddef.h -include setjmp.h -; }
pip_or_server() { [ -n "${NATS_SERVER:-}" ] || have nats-server || python3 -m pip --version; }

want_build() {
    need gcc have cc
    need libc6-dev header_found stdio.h
    need cmake have cmake
    need make have make
    need python3-pip pip_or_server
    need ca-certificates test -e /etc/ssl/certs/ca-certificates.crt
}
want_test() {
    want_build
    need g++ have c++
    need python3 have python3
    need python3-venv python3 -c "import ensurepip, venv"
    need pkg-config have pkg-config
    need valgrind have valgrind
    need clang-format have clang-format
    need binutils have nm
    need libcmocka-dev header_found cmocka.h
    need libuv1-dev header_found uv.h
    need libevent-dev header_found event2/event.h
    need libnats-dev header_found nats/nats.h
    want_docs
}
want_docs() {
    need doxygen have doxygen
    need python3 have python3
}

want_bindings() {
    need python3 have python3
    need pkg-config have pkg-config
    need golang-go have go
    need nodejs have node
    need npm have npm
}

# 32-bit x86.
want_foreign() {
    need gcc-i686-linux-gnu have i686-linux-gnu-gcc
    need libc6-dev-i386-cross test -e /usr/i686-linux-gnu/include/stdio.h
    need libc6-i386 test -e /lib/ld-linux.so.2
    need lib32gcc-s1 test -e /usr/lib32/libgcc_s.so.1
}
# The other machines that the library is built for.
want_cross() {
    need gcc-aarch64-linux-gnu have aarch64-linux-gnu-gcc
    need libc6-dev-arm64-cross test -e /usr/aarch64-linux-gnu/include/stdio.h
    need gcc-arm-linux-gnueabihf have arm-linux-gnueabihf-gcc
    need libc6-dev-armhf-cross test -e /usr/arm-linux-gnueabihf/include/stdio.h
    need musl-tools have musl-gcc
}

# want_targets TARGET...: adds Rust's targets.
want_targets() {
    local target missing=()
    for target in "$@"; do
        rustc --print target-libdir --target "$target" 2>/dev/null | xargs -r test -d || missing+=("$target")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    { have rustup && timeout 300 rustup target add "${missing[@]}" >/dev/null 2>&1; } ||
        die "Please install Rust's targets: rustup target add ${missing[*]}"
}

install_packages() {
    local sudo=() line="apt-get install -y ${PACKAGES[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        if ! have sudo || ! sudo -n true 2>/dev/null; then
            die "Please install what is missing: sudo $line"
        fi
        sudo=(sudo -n)
    fi
    have apt-get || die "Please install what is missing (named as in Debian): ${PACKAGES[*]}"
    say "installing: ${PACKAGES[*]}"
    export DEBIAN_FRONTEND=noninteractive
    local quiet=(-qq -o Dpkg::Use-Pty=0)
    if ! { ${sudo[@]+"${sudo[@]}"} apt-get update "${quiet[@]}" &&
        ${sudo[@]+"${sudo[@]}"} apt-get install -y --no-install-recommends "${quiet[@]}" "${PACKAGES[@]}"; } \
        >"$SCRATCH/apt.log" 2>&1; then
        tail -n 5 "$SCRATCH/apt.log" >&2
        die "Please install what is missing: sudo $line"
    fi
}

check_rust() {
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    have cargo || die "Please install Rust ${wanted:-1.95} or newer with rustup: cargo is not in PATH."
    found=$(rustc --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)
    if [ -n "$wanted" ] && [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
        die "Please install Rust $wanted or newer (this is $found): rustup update stable"
    fi
    [ "$1" = test ] || return 0
    if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
        { have rustup && rustup component add rustfmt clippy >/dev/null 2>&1; } ||
            die "Please install rustfmt and clippy: rustup component add rustfmt clippy"
    fi
}

install_cargo_fuzz() {
    if ! cargo +nightly --version >/dev/null 2>&1 || cargo +nightly fuzz --version >/dev/null 2>&1; then return; fi
    say "installing: cargo-fuzz"
    cargo install --quiet --locked --root "$TOOLS" cargo-fuzz
}

case "${1:-test}" in
build) want_build ;;
test) want_test ;;
docs) want_docs ;;
bindings) want_bindings ;;
cross) want_cross ;;
foreign) want_foreign ;;
fuzz) install_cargo_fuzz ;;
server) PACKAGES=(nats-server) ;;
*) die "usage: install-deps.sh [build|test|docs|bindings|cross|foreign|fuzz|server]" ;;
esac
[ "${#PACKAGES[@]}" -eq 0 ] || install_packages
case "${1:-test}" in
build | test) check_rust "${1:-test}" ;;
cross) want_targets aarch64-unknown-linux-gnu armv7-unknown-linux-gnueabihf x86_64-unknown-linux-musl ;;
foreign) want_targets i686-unknown-linux-gnu ;;
esac
