#!/usr/bin/env bash
# Finds or downloads a nats-server before 2.10, for the tests of older servers (c-tests/test_js_old_server.c), and prints
# its path, or nothing if there is none. The first that exists of: $NATS_SERVER_OLD; nats-server in PATH; Debian's package
# (2.9 in Debian 12), unpacked into .cache and not installed, because the installation would start a server.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

CACHED="$ROOT/.cache/nats-server-old/nats-server"

is_old() {
    local version
    version=$("$1" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+' | head -n 1)
    case "$version" in 2.[0-9]) return 0 ;; *) return 1 ;; esac
}

fetch_package() {
    local files
    have apt-get && have dpkg-deb || return 1
    say "downloading Debian's nats-server" >&2
    (cd "$SCRATCH" && apt-get download -qq nats-server) >&2 2>/dev/null || return 1
    files=("$SCRATCH"/nats-server_*.deb)
    dpkg-deb -x "${files[0]}" "$SCRATCH/old" || return 1
    is_old "$SCRATCH/old/usr/sbin/nats-server" || return 1
    mkdir -p "$(dirname "$CACHED")"
    # In two steps, so that a concurrent run never finds an incomplete file.
    cp "$SCRATCH/old/usr/sbin/nats-server" "$CACHED.$$"
    mv "$CACHED.$$" "$CACHED"
}

if [ -n "${NATS_SERVER_OLD:-}" ]; then
    is_old "$NATS_SERVER_OLD" || die "NATS_SERVER_OLD=$NATS_SERVER_OLD is not a nats-server before 2.10"
    say "$NATS_SERVER_OLD"
elif have nats-server && is_old nats-server; then
    command -v nats-server
elif [ -x "$CACHED" ] || fetch_package; then
    say "$CACHED"
else
    say "no nats-server before 2.10: the tests with an older server are not run" >&2
fi
