#!/usr/bin/env bash
# Installs the Debian packages with apt, uses them, and removes them: on a copy of this machine, an overlay of its files that
# ends with the script. Programs are built against the installed files and run; a program and kamailio, which are linked with
# Debian's libnats, run before and after libnats-rs-compat takes its place. Called by package-test.sh.
#
# usage: deb-install-test.sh FOLDER   the folder with the packages
# Skipped with a message where there is no apt, or where overlays cannot be mounted (not root, in some containers).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -eq 1 ] || die "usage: deb-install-test.sh FOLDER"
FOLDER=$(realpath "$1")

quiet() {
    "$@" >"$SCRATCH/step.log" 2>&1 || {
        cat "$SCRATCH/step.log" >&2
        die "failed: $*"
    }
}

# ---- outside: mounts the copy, and runs this script again in it ------------------------------------------------------

if [ -z "${NATS_RS_IN_COPY:-}" ]; then
    skip() {
        say "SKIPPED: installing the packages: $*"
        exit 0
    }
    have apt-get && have dpkg || skip "no apt"
    [ "$(id -u)" -eq 0 ] && have unshare || skip "not root"
    mkdir "$SCRATCH/new" "$SCRATCH/work" "$SCRATCH/copy"
    # The file systems that are mounted below / are mounted there too, where the packages or this repository are on them.
    cat >"$SCRATCH/mount" <<SH
set -e
mount -t overlay overlay -o "lowerdir=/,upperdir=$SCRATCH/new,workdir=$SCRATCH/work" "$SCRATCH/copy"
for folder in /proc /dev "$ROOT" "$FOLDER" "\$(dirname "\$NATS_SERVER")"; do
    mkdir -p "$SCRATCH/copy\$folder"
    mount --rbind "\$folder" "$SCRATCH/copy\$folder"
done
SH
    NATS_SERVER=$(scripts/get-nats-server.sh)
    export NATS_SERVER
    unshare -m sh "$SCRATCH/mount" 2>"$SCRATCH/mount.log" || skip "$(tail -n 1 "$SCRATCH/mount.log")"
    # shellcheck disable=SC2016
    NATS_RS_IN_COPY=yes unshare -m sh -c '. "$1/mount" && exec chroot "$1/copy" "$2/scripts/deb-install-test.sh" "$3"' \
        sh "$SCRATCH" "$ROOT" "$FOLDER"
    exit 0
fi

# ---- inside ----------------------------------------------------------------------------------------------------------

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
LIBRARIES=/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
install_package() { quiet apt-get install -y --no-install-recommends "$FOLDER/$1"_*.deb; }
# on LIBRARY PROGRAM: is the program linked with the library?
on() { LD_TRACE_LOADED_OBJECTS=1 "$2" | grep -q "$1\."; }
try() { # try WHAT PROGRAM
    quiet timeout 60 "$2" "$SERVER_URL" "deb-install-test.$RANDOM"
    grep -q 'Content-Type: text/plain' "$SCRATCH/step.log" || die "$1: the headers did not arrive"
    say "ok: $1"
}
unset LD_LIBRARY_PATH PKG_CONFIG_PATH CMAKE_PREFIX_PATH
start_server

dpkg -s libnats-dev >/dev/null 2>&1 || die "libnats-dev is not installed: scripts/install-deps.sh test"
quiet cc -DUSE_NATS_C_HEADER -o "$SCRATCH/debian" examples-c/headers.c -lnats -pthread
on libnats_rs "$SCRATCH/debian" && die "Debian's libnats is libnats_rs"

install_package libnats-rs0
install_package libnats-rs-dev
read -ra flags <<<"$(pkg-config --cflags --libs nats_rs)"
quiet cc -o "$SCRATCH/program" examples-c/headers.c "${flags[@]}" -pthread
try "installed: pkg-config nats_rs" "$SCRATCH/program"
quiet cc -o "$SCRATCH/program" examples-c/headers.c -lnats_rs -pthread
try "installed: -lnats_rs" "$SCRATCH/program"
quiet c++ -std=c++17 -o "$SCRATCH/cpp" examples-c/cpp-core.cpp -lnats_rs -pthread
quiet timeout 60 "$SCRATCH/cpp" "$SERVER_URL"
say "ok: installed: nats_rs.hpp"
for link in shared static; do
    quiet cmake -S examples-c -B "$SCRATCH/$link" -DNATS_RS_EXAMPLES_LINK=$link
    quiet cmake --build "$SCRATCH/$link" --target example-headers
    try "installed: find_package(nats_rs), $link" "$SCRATCH/$link/headers"
done
# Beside it, Debian's libnats remains what it was.
on libnats_rs "$SCRATCH/debian" && die "the packages without compat take the place of libnats"
try "Debian's libnats beside it" "$SCRATCH/debian"

install_package libnats-rs-compat
! dpkg -s libnats-dev 2>/dev/null | grep -q '^Status: install ok' || die "libnats-dev is still installed"
on libnats_rs "$SCRATCH/debian" || die "the program does not run on libnats_rs"
try "compat: a program that was linked with Debian's libnats" "$SCRATCH/debian"
read -ra flags <<<"$(pkg-config --cflags --libs libnats)"
quiet cc -DUSE_NATS_C_HEADER -o "$SCRATCH/program" examples-c/headers.c "${flags[@]}" -pthread
on libnats_rs "$SCRATCH/program" || die "pkg-config libnats gives another library"
try "compat: pkg-config libnats" "$SCRATCH/program"
cat >"$SCRATCH/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.16)
project(user C)
find_package(cnats 3.8 REQUIRED)
find_package(Threads REQUIRED)
add_executable(program ${SOURCE})
target_compile_definitions(program PRIVATE USE_NATS_C_HEADER)
target_link_libraries(program PRIVATE cnats::nats Threads::Threads)
CMAKE
quiet cmake -S "$SCRATCH" -B "$SCRATCH/cnats" -DSOURCE="$ROOT/examples-c/headers.c"
quiet cmake --build "$SCRATCH/cnats"
try "compat: find_package(cnats)" "$SCRATCH/cnats/program"
scripts/kamailio-test.sh "$LIBRARIES"

# Packages that depend on Debian's libnats can be installed with it. Without their lists there is nothing to ask.
if apt-cache show kamailio-nats-modules >/dev/null 2>&1; then
    quiet apt-get install --simulate kamailio-nats-modules
    ! grep -qE '^(Inst libnats3|Remv libnats-rs)' "$SCRATCH/step.log" || die "kamailio-nats-modules wants another libnats"
    say "ok: kamailio-nats-modules can be installed with libnats-rs-compat"
fi

quiet apt-get purge -y libnats-rs-compat libnats-rs-dev libnats-rs0
left=$(find /usr/include /usr/lib /usr/share -name '*nats_rs*' -o -name '*libnats*' -o -name 'libnats-rs*')
[ -z "$left" ] || die "left after the packages were removed: $left"
! ldconfig -p | grep -q libnats || die "the linker's cache still has the library"
say "ok: removed, nothing is left"
