#!/usr/bin/env bash
# Runs an existing program unchanged on this library: Debian's SIP server kamailio with its NATS module, which is linked with
# Debian's libnats.so.3.N and uses connections with libuv in several processes. It consumes and publishes, before and after
# a restart of the server. Called by dropin-test.sh.
#
# usage: kamailio-test.sh LIBRARY_DIR   the folder with libnats_rs.so.0 and libnats.so.3.N
# Skipped with a message if the packages cannot be downloaded. They are unpacked into .cache; nothing is installed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -eq 1 ] || die "usage: kamailio-test.sh LIBRARY_DIR"

LIBRARIES=$1
CACHE="$ROOT/.cache/kamailio"
PACKAGES=(kamailio kamailio-nats-modules)
NEEDED=(libuv1 libpcre3 libpcre2-8-0) # not each release of Debian has all of them
NATS_SERVER=$(scripts/get-nats-server.sh)

skip() {
    say "SKIPPED: kamailio: $*"
    exit 0
}

fetch() {
    local debs="$SCRATCH/debs" package
    mkdir -p "$debs" "$SCRATCH/unpacked"
    chmod 777 "$debs" 2>/dev/null || true
    have apt-get && have dpkg-deb || return 1
    (cd "$debs" && timeout 60 apt-get download -qq "${PACKAGES[@]}") >"$SCRATCH/apt.log" 2>&1 || return 1
    for package in "${NEEDED[@]}"; do
        (cd "$debs" && timeout 60 apt-get download -qq "$package") >>"$SCRATCH/apt.log" 2>&1 || true
    done
    for package in "$debs"/*.deb; do
        dpkg-deb -x "$package" "$SCRATCH/unpacked" || return 1
    done
    mkdir -p "$(dirname "$CACHE")"
    rm -rf "$CACHE.new" && cp -a "$SCRATCH/unpacked" "$CACHE.new" && rm -rf "$CACHE" && mv "$CACHE.new" "$CACHE"
}
[ -x "$CACHE/usr/sbin/kamailio" ] || fetch || skip "its packages cannot be fetched: $(tail -n 1 "$SCRATCH/apt.log" 2>/dev/null)"

MODULES=$(dirname "$(find "$CACHE" -name nats.so -path '*/kamailio/modules/*' | head -n 1)")
SYSTEM=$(dirname "$(dirname "$MODULES")")
SEARCH="$LIBRARIES:$SYSTEM:${SYSTEM/\/usr\/lib//lib}"
SONAME=$(readelf -d "$MODULES/nats.so" | sed -n 's/.*NEEDED.*\[\(libnats\.so\.[0-9.]*\)\].*/\1/p')
[ -e "$LIBRARIES/$SONAME" ] || skip "its module needs $SONAME"
for file in "$CACHE/usr/sbin/kamailio" "$MODULES/nats.so"; do
    missing=$(LD_LIBRARY_PATH="$SEARCH" ldd "$file" | grep 'not found' || true)
    [ -z "$missing" ] || skip "$missing"
done

# ---- run --------------------------------------------------------------------------------------------------------

start_server
SIP_PORT=$(python3 -c 'import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$SCRATCH/kamailio.cfg" <<CONFIG
#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=2
disable_tcp=yes
listen=udp:127.0.0.1:$SIP_PORT
mpath="$MODULES"
loadmodule "nats.so"
loadmodule "pv.so"
loadmodule "sl.so"
modparam("nats", "nats_url", "$SERVER_URL")
modparam("nats", "num_publish_workers", 2)
modparam("nats", "subject_queue_group", "kamailio-in:workers")
request_route { nats_publish("kamailio-sip", "\$rm \$ci"); sl_send_reply("200", "OK"); }
event_route[nats:kamailio-in] { nats_publish("kamailio-out", "echo of \$natsData"); }
CONFIG
LD_LIBRARY_PATH="$SEARCH" "$CACHE/usr/sbin/kamailio" -f "$SCRATCH/kamailio.cfg" -DD -E -Y "$SCRATCH" -L "$MODULES" \
    >"$SCRATCH/kamailio.log" 2>&1 &
KAMAILIO=$!
STARTED+=("$KAMAILIO")

# A minimal client, so that the test does not depend on the library that it tests.
cat >"$SCRATCH/talk.py" <<'PYTHON'
import socket
import sys
import time

nats_port, sip_port, name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
END = time.monotonic() + 30
nats = socket.create_connection(("127.0.0.1", nats_port))
nats.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB kamailio-out 1\r\nSUB kamailio-sip 2\r\n')
sip = socket.socket(type=socket.SOCK_DGRAM)
sip.bind(("127.0.0.1", 0))
sip.setblocking(False)
received = {b"1": [], b"2": []}
buffer = b""


def read(seconds):
    """Takes what comes in this time, up to the first message."""
    global buffer
    nats.settimeout(seconds)
    while True:
        line, found, rest = buffer.partition(b"\r\n")
        if found and line.startswith(b"MSG "):
            words = line.split()
            size = int(words[-1])
            if len(rest) >= size + 2:
                received[words[2]].append(rest[:size].decode())
                buffer = rest[size + 2:]
                return True
        elif found:
            if line == b"PING":
                nats.sendall(b"PONG\r\n")
            buffer = rest
            continue
        try:
            more = nats.recv(65536)
        except TimeoutError:
            return False
        if not more:
            sys.exit("the server has closed the connection")
        buffer += more


def publish(text):
    nats.sendall(b"PUB kamailio-in %d\r\n%s\r\n" % (len(text), text.encode()))


def options(call):
    via = "SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%s" % (sip.getsockname()[1], call)
    sip.sendto(("OPTIONS sip:127.0.0.1:%d SIP/2.0\r\nVia: %s\r\nFrom: <sip:a@localhost>;tag=1\r\nTo: <sip:b@localhost>\r\n"
                "Call-ID: %s\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
                % (sip_port, via, call)).encode(), ("127.0.0.1", sip_port))


def until(what, ask, done):
    """Asks again until it is done: kamailio's processes connect when they please."""
    while not done():
        if time.monotonic() > END:
            sys.exit("%s: no answer; received %r" % (what, received))
        ask()
        while read(0.2) and not done():
            pass


until("consuming", lambda: publish("probe-" + name), lambda: received[b"1"])
until("publishing", lambda: options("call-" + name), lambda: "OPTIONS call-" + name in received[b"2"])
# From here on each message is answered exactly once.
wanted = sorted("echo of %s-%d" % (name, i) for i in range(200))
for i in range(200):
    publish("%s-%d" % (name, i))
echoes = lambda: sorted(e for e in received[b"1"] if not e.startswith("echo of probe"))
until("echoes", lambda: None, lambda: len(echoes()) >= 200)
if echoes() != wanted:
    sys.exit("other echoes than expected: %r" % echoes())
PYTHON

talk() {
    timeout 60 python3 "$SCRATCH/talk.py" "${SERVER_URL##*:}" "$SIP_PORT" "$1" || {
        tail -n 20 "$SCRATCH/kamailio.log" >&2
        die "kamailio, $1: failed"
    }
}
talk first
grep -qF "$(realpath "$LIBRARIES/libnats_rs.so.0")" "/proc/$KAMAILIO/maps" || die "kamailio does not run on libnats_rs"
stop_server "$SERVER_PID"
start_server -p "${SERVER_URL##*:}"
talk restarted
say "ok: kamailio ($SONAME) consumes and publishes, also after a restart of the server"
