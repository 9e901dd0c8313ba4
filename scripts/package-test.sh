#!/usr/bin/env bash
# Builds the packages with cpack and checks them: their files, a program that is built and run with the unpacked Debian
# packages, their installation on a copy of this machine (deb-install-test.sh), and lintian, if that is installed. Skipped with
# a message without Debian's tools. Takes a minute after the build of the library.
#
# usage: package-test.sh
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BUILD="$ROOT/build/deb"
if ! have dpkg-deb || ! have dpkg-shlibdeps; then
    say "SKIPPED: packages: dpkg-dev is not installed"
    exit 0
fi
NATS_SERVER=$(scripts/get-nats-server.sh)

quiet() {
    "$@" >"$SCRATCH/step.log" 2>&1 || {
        cat "$SCRATCH/step.log" >&2
        die "failed: $*"
    }
}

quiet cmake -S . -B "$BUILD" -DCMAKE_INSTALL_PREFIX=/usr -DNATS_RS_INSTALL_COMPAT=ON
quiet cmake --build "$BUILD" -j "$(jobs_wanted)"
rm -f "$BUILD"/libnats-rs*
(cd "$BUILD" && quiet cpack)

# has WHAT LIST FILE...: checks that each file is in the list, with the mode 644.
has() {
    local what=$1 list=$2 file
    shift 2
    for file in "$@"; do
        grep -qE "^-rw-r--r--.*/$file\$" "$list" || die "$what: no $file with mode 644: $(cat "$list")"
    done
}
VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
mkdir "$SCRATCH/root"
for package in libnats-rs0 libnats-rs-dev libnats-rs-compat; do
    deb=$(echo "$BUILD/${package}"_*.deb)
    dpkg-deb -c "$deb" >"$SCRATCH/$package.list"
    dpkg-deb -x "$deb" "$SCRATCH/root"
    has "$package" "$SCRATCH/$package.list" "doc/$package/copyright" "doc/$package/THIRD-PARTY-LICENSES\.gz"
done
has libnats-rs0 "$SCRATCH/libnats-rs0.list" "libnats_rs\.so\.$VERSION"
has libnats-rs-dev "$SCRATCH/libnats-rs-dev.list" "include/nats_rs\.h" "libnats_rs\.a" "nats_rs-config\.cmake" "nats_rs\.pc"
has libnats-rs-compat "$SCRATCH/libnats-rs-compat.list" "include/nats/nats\.h" "cnats-config\.cmake" "libnats\.pc" \
    "libnats\.so\.3\.4" "libnats\.so\.3\.14"
archive=$(echo "$BUILD"/libnats-rs-*.tar.gz)
tar -tzvf "$archive" >"$SCRATCH/archive.list"
has archive "$SCRATCH/archive.list" "include/nats_rs\.h" "libnats_rs\.a" "libnats_rs\.so\.$VERSION" \
    "\.debug/libnats_rs\.so\.$VERSION\.debug" LICENSE THIRD-PARTY-LICENSES
say "ok: libnats-rs0, libnats-rs-dev, libnats-rs-compat and $(basename "$archive") have their files"

# The debug information is in a separate file, which the library names; and no file contains the names of local folders.
LIBRARY=$(find "$SCRATCH/root" -name "libnats_rs.so.$VERSION")
readelf -S "$LIBRARY" | grep -q '\.gnu_debuglink' || die "$LIBRARY does not name its file of debug information"
! readelf -S "$LIBRARY" | grep -q '\.debug_info' || die "$LIBRARY contains debug information"
# To a file first, because grep -q ends at the first match.
tar -xzf "$archive" -C "$SCRATCH"
find "$SCRATCH"/libnats-rs-* "$SCRATCH/root" -type f -print0 >"$SCRATCH/files"
for name in "$ROOT" "${CARGO_HOME:-$HOME/.cargo}"; do
    found=$(xargs -0 grep -lF "$name/" <"$SCRATCH/files" || true)
    [ -z "$found" ] || die "the name of the folder $name is in: $found"
done
say "ok: no names of local folders"

start_server
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$SCRATCH/root" -name libnats.pc)")
read -ra flags <<<"$(pkg-config --cflags --libs libnats)"
quiet cc -std=c99 -DUSE_NATS_C_HEADER -o "$SCRATCH/program" examples-c/headers.c "${flags[@]}" -pthread
LD_LIBRARY_PATH=$(dirname "$LIBRARY") quiet timeout 60 "$SCRATCH/program" "$SERVER_URL" packages
grep -q 'Content-Type: text/plain' "$SCRATCH/step.log" || die "the headers did not arrive"
say "ok: a program from the packages"

scripts/deb-install-test.sh "$BUILD"

if have lintian; then
    # lintian refuses to run as root by default; these three packages were just built here and are trusted.
    lintian --allow-root --fail-on error,warning "$BUILD"/libnats-rs*.deb || die "lintian reports errors or warnings"
    say "ok: lintian"
else
    say "SKIPPED: lintian is not installed"
fi
