#!/usr/bin/env bash
# Installs into a scratch directory and builds an example from there: through find_package and through pkg-config, as C99
# and as C++17, with the shared and with the static library, also after the installation was moved. Each program runs with
# a real server.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BUILD="$ROOT/build/package"
FIRST="$SCRATCH/first"
PREFIX="$SCRATCH/installed"
NATS_SERVER=$(scripts/get-nats-server.sh)

quiet() {
    "$@" >"$SCRATCH/step.log" 2>&1 || {
        cat "$SCRATCH/step.log" >&2
        die "failed: $*"
    }
}

# try WHAT PROGRAM [LIBRARY_PATH]: runs the headers example and checks its output.
try() {
    LD_LIBRARY_PATH="${3:-}" quiet timeout 60 "$2" "$SERVER_URL" "install-test.$RANDOM"
    grep -q 'Content-Type: text/plain' "$SCRATCH/step.log" || die "$1: the headers did not arrive"
    say "ok: $1"
}

check_link() { # check_link shared|static PROGRAM
    local linked=static
    if readelf -d "$2" | grep -q 'NEEDED.*libnats_rs\.so\.0'; then linked=shared; fi
    [ "$linked" = "$1" ] || die "$2 is linked to the $linked library, not to the $1 one"
}

quiet cmake -S . -B "$BUILD" -DNATS_RS_INSTALL_COMPAT=ON
quiet cmake --build "$BUILD" -j "$(jobs_wanted)"
quiet cmake --install "$BUILD" --prefix "$FIRST"
mv "$FIRST" "$PREFIX"
for file in include/nats_rs.h include/nats_rs/compat/nats.h include/nats_rs/compat/nats/nats.h \
    include/nats_rs{,/compat,/compat/nats}/adapters/{libuv,libevent}.h include/nats_rs/compat/nats/{status,version}.h \
    include/nats.h include/nats/{nats,status,version}.h include/nats/adapters/{libuv,libevent}.h \
    include/nats_rs.hpp include/nats_rs/cpp/connection.hpp; do
    [ -f "$PREFIX/$file" ] || die "not installed: $file"
done
PC=$(find "$PREFIX" -name nats_rs.pc)
LIBDIR=$(dirname "$(dirname "$PC")")
[ "$(readlink "$LIBDIR/libnats_rs.so")" = libnats_rs.so.0 ] || die "libnats_rs.so is not a link to libnats_rs.so.0"
[ -L "$LIBDIR/libnats_rs.so.0" ] && [ -f "$LIBDIR/libnats_rs.so.0" ] || die "libnats_rs.so.0 is not a link to a file"
start_server

for link in shared static; do
    for cxx in OFF ON; do
        dir="$SCRATCH/cmake-$link-$cxx"
        language=C99
        [ "$cxx" = OFF ] || language=C++17
        quiet cmake -S examples-c -B "$dir" -DCMAKE_PREFIX_PATH="$PREFIX" -DNATS_RS_EXAMPLES_LINK=$link \
            -DNATS_RS_EXAMPLES_CXX=$cxx
        quiet cmake --build "$dir" -j "$(jobs_wanted)"
        check_link $link "$dir/headers"
        try "find_package, $link, $language" "$dir/headers"
    done
done
quiet cmake -S examples-c -B "$SCRATCH/cmake-compat" -DCMAKE_PREFIX_PATH="$PREFIX" -DNATS_RS_EXAMPLES_COMPAT=ON
quiet cmake --build "$SCRATCH/cmake-compat" -j "$(jobs_wanted)"
check_link shared "$SCRATCH/cmake-compat/headers"
try "find_package, shared, #include <nats/nats.h>" "$SCRATCH/cmake-compat/headers"

export PKG_CONFIG_PATH="$LIBDIR/pkgconfig"
read -ra cflags <<<"$(pkg-config --cflags nats_rs)"
read -ra shared <<<"$(pkg-config --libs nats_rs)"
# Both libraries are in the same folder: the static one must be selected by its file name.
read -ra static <<<"$(pkg-config --static --libs nats_rs | sed 's/-lnats_rs/-l:libnats_rs.a/')"
compat=(-I "$(pkg-config --variable=compatdir nats_rs)")
warnings=(-Wall -Wextra -Werror)
c99=(cc -std=c99 "${warnings[@]}" -pedantic)
cpp17=(c++ -std=c++17 "${warnings[@]}" -x c++)

quiet "${cpp17[@]}" "${cflags[@]}" -o "$SCRATCH/cpp-core" examples-c/cpp-core.cpp -x none "${shared[@]}" -pthread
LD_LIBRARY_PATH="$LIBDIR" quiet timeout 60 "$SCRATCH/cpp-core" "$SERVER_URL"
grep -q '^A reply: HELLO$' "$SCRATCH/step.log" || die "nats_rs.hpp: cpp-core got no reply"
say "ok: pkg-config, shared, nats_rs.hpp"

pkg_config_try() { # pkg_config_try shared|static NAME COMPILER...
    local link=$1 name=$2 program="$SCRATCH/pkg-config-program" libs=("${shared[@]}")
    shift 2
    [ "$link" = shared ] || libs=("${static[@]}")
    quiet "$@" -o "$program" examples-c/headers.c -x none "${libs[@]}" -pthread
    check_link "$link" "$program"
    try "pkg-config, $link, $name" "$program" "$LIBDIR"
}
pkg_config_try shared C99 "${c99[@]}" "${cflags[@]}"
pkg_config_try shared C++17 "${cpp17[@]}" "${cflags[@]}"
pkg_config_try static C99 "${c99[@]}" "${cflags[@]}"
pkg_config_try static C++17 "${cpp17[@]}" "${cflags[@]}"
# A program that was written for nats.c needs only the compat directory.
pkg_config_try shared "#include <nats/nats.h>" "${c99[@]}" -DUSE_NATS_C_HEADER "${compat[@]}"

# An unchanged project that was written for nats.c: it finds cnats or libnats, and includes <nats/nats.h>.
mkdir "$SCRATCH/cnats"
cat >"$SCRATCH/cnats/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.16)
project(user C)
find_package(cnats 3.8 REQUIRED)
find_package(Threads REQUIRED)
if(NOT cnats_VERSION VERSION_GREATER_EQUAL 3.14)
    message(FATAL_ERROR "cnats_VERSION is ${cnats_VERSION}")
endif()
foreach(target IN ITEMS nats nats_static)
    add_executable(with_${target} ${SOURCE})
    target_compile_definitions(with_${target} PRIVATE USE_NATS_C_HEADER)
    target_link_libraries(with_${target} PRIVATE cnats::${target} Threads::Threads)
endforeach()
CMAKE
quiet cmake -S "$SCRATCH/cnats" -B "$SCRATCH/cnats/build" -DCMAKE_PREFIX_PATH="$PREFIX" -DSOURCE="$ROOT/examples-c/headers.c"
quiet cmake --build "$SCRATCH/cnats/build"
check_link shared "$SCRATCH/cnats/build/with_nats"
check_link static "$SCRATCH/cnats/build/with_nats_static"
try "find_package(cnats), cnats::nats" "$SCRATCH/cnats/build/with_nats"
try "find_package(cnats), cnats::nats_static" "$SCRATCH/cnats/build/with_nats_static"
[ "$(pkg-config --modversion libnats | cut -d. -f1,2)" = 3.14 ] || die "libnats.pc has another version"
read -ra cflags <<<"$(pkg-config --cflags libnats)"
read -ra shared <<<"$(pkg-config --libs libnats)"
pkg_config_try shared "libnats.pc, #include <nats/nats.h>" "${c99[@]}" -DUSE_NATS_C_HEADER "${cflags[@]}"
pkg_config_try shared "libnats.pc, #include <nats.h>" "${c99[@]}" -DUSE_NATS_C_HEADER -include nats.h "${cflags[@]}"

scripts/header-test.sh "$PREFIX/include" "$(pkg-config --variable=compatdir nats_rs)"
say "install test passed"
