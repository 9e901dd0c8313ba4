#!/usr/bin/env bash
# Runs the examples that need JetStream or credentials or are services, and checks their output. dropin-test.sh runs the
# other ones. The argument is the build directory.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BUILD="${1:-$ROOT/build/test}"
NATS_SERVER=$(scripts/get-nats-server.sh)
[ -x "$BUILD/examples-c/kv-basic" ] || die "no examples in $BUILD: build them with -DNATS_RS_BUILD_EXAMPLES=ON"

# says NAME PATTERN ARGUMENT...: checks that the example succeeds and prints a line that matches the pattern.
says() {
    local name=$1 pattern=$2 out="$SCRATCH/$1.out"
    shift 2
    timeout 120 "$BUILD/examples-c/$name" "$SERVER_URL" "$@" >"$out" 2>&1 || die "$name failed: $(cat "$out")"
    grep -qE "$pattern" "$out" || die "$name does not print '$pattern': $(cat "$out")"
    say "ok: $name"
}

start_server -js -sd "$SCRATCH/store"
says js-publish '^Refused, as it should be' ORDERS 1000
says js-ordered '^Got 1000 messages, the last one at 1000$' ORDERS 1 1000
says js-push '^Got 1000 messages$' ORDERS worker 1000
says js-next '^Got 1000 messages$' ORDERS puller 1000
says js-async '^Stored 20000 messages .* 0 failures$' METRICS 20000 128
says js-batch '^Stored 5 batches of 100 messages' LEDGER 5 100
says js-counters '^HITS.home is at [0-9]+$' HITS 100
says js-manage '^INVENTORY is removed$' INVENTORY 100
says kv-basic '^A creation of a key that exists: refused$'
says kv-watch '^temperature.rome was deleted$'
says kv-watch-callback '^temperature.rome was deleted$'
says kv-transaction '^The accounts have 500 in all$' accounts 4 25
says kv-codec '^  /etc/line: 400 bytes$'
head -c 3000000 /dev/urandom >"$SCRATCH/file"
says obj-files '^Read it into ' files "$SCRATCH/file" "$SCRATCH/copy"
cmp "$SCRATCH/file" "$SCRATCH/copy" || die "obj-files: the copy differs"
grep -qx "$SCRATCH/file: 100 %" "$SCRATCH/obj-files.out" || die "obj-files reports no progress"
says obj-links '^latest is a link to report-2 in documents$'
says observe '^nats_received_messages_total\{.*,name="observed"\} 1000$'
says micro-groups '^orders.v1.admin.cancel: 1 requests, 0 errors, queue group none$'
says micro-service '^math.sum 1 two: error 400' 3
says cpp-core '^Two replies: ONE TWO$'
says cpp-jetstream '^Consumed 100 messages$' CPP
says cpp-kv '^color was deleted$' cpp
says concurrent '^4 threads have processed 200 messages$'
says many-subscriptions '^Got 9 messages of 3 subscriptions$'
says json '^Ada "the first" is 36 years old$'
says protobuf '^12 bytes: attic has counted 123456789$'
says js-limits '^A full stream that discards new messages: maximum messages exceeded'
says js-limits '^After their time: 0 messages$'
says js-interest '^Both have: 0 messages$'
says js-workqueue '^A consumer for east, one for west$'
says js-pull-limits '^Then message 3$'
says js-push-queue '^Together 60$'
says js-migrate '^The pull consumer goes on with message 5$'
says js-mirror '^PARTS has 40 messages$'
stop_server "$SERVER_PID"

# Those that sign in.
cat >"$SCRATCH/inbox.conf" <<'CONF'
authorization {
    users: [{user: alice, password: secret, permissions: {subscribe: ["service", "_INBOX_alice.>"]}}]
}
CONF
start_server -c "$SCRATCH/inbox.conf"
says private-inbox '^The replies of others are refused$' alice secret _INBOX_alice
stop_server "$SERVER_PID"
NKEYGEN=${NKEYGEN:-$ROOT/target/debug/examples/nkeygen}
[ -x "$NKEYGEN" ] || cargo build --quiet --example nkeygen
mkdir "$SCRATCH/keys"
"$NKEYGEN" "$SCRATCH/keys" nkey ada
printf 'authorization { users: [{nkey: %s}] }\n' "$(cat "$SCRATCH/keys/ada.pub")" >"$SCRATCH/nkey.conf"
start_server -c "$SCRATCH/nkey.conf"
says sign-in '^Signed in by nkey$' nkey "$(cat "$SCRATCH/keys/ada.pub")" "$SCRATCH/keys/ada.seed"
says sign-in '^Signed in by callback$' callback "$(cat "$SCRATCH/keys/ada.pub")" "$(cat "$SCRATCH/keys/ada.seed")"
stop_server "$SERVER_PID"
"$NKEYGEN" "$SCRATCH/keys" operator
"$NKEYGEN" "$SCRATCH/keys" account app
"$NKEYGEN" "$SCRATCH/keys" user app bob
"$NKEYGEN" "$SCRATCH/keys" conf
start_server -c "$SCRATCH/keys/server.conf"
says sign-in '^Signed in by jwt$' jwt "$SCRATCH/keys/bob.creds"
stop_server "$SERVER_PID"
say "the examples passed"
