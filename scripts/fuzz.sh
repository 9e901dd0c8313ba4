#!/usr/bin/env bash
# Runs each fuzz target of fuzz/ for some time, beginning with the seeds that are kept there. Needs a nightly Rust and
# cargo-fuzz (cargo install cargo-fuzz); says so where they are missing, and does nothing. Not a part of test.sh.
# What the runs learn stays in fuzz/corpus; the input of a failure is in fuzz/artifacts.
#
# usage: fuzz.sh [SECONDS [TARGET...]]   60 seconds for each target without it; 0 only builds
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SECONDS_EACH=${1:-60}
[ $# -eq 0 ] || shift
if ! cargo +nightly --version >/dev/null 2>&1; then
    say "no nightly Rust (rustup toolchain install nightly): nothing is fuzzed"
    exit 0
fi
if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
    say "no cargo-fuzz (cargo install cargo-fuzz): nothing is fuzzed"
    exit 0
fi
cd fuzz
cargo +nightly fuzz build
[ "$SECONDS_EACH" -gt 0 ] || exit 0
TARGETS=("$@")
[ ${#TARGETS[@]} -gt 0 ] || mapfile -t TARGETS < <(cargo +nightly fuzz list)
for target in "${TARGETS[@]}"; do
    heading "$target"
    mkdir -p "corpus/$target"
    # Private keys are made, not kept.
    if [ "$target" = pem ] && have openssl; then
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=a \
            -keyout "$SCRATCH/key" -out "$SCRATCH/certificate" 2>/dev/null
        cat "$SCRATCH/certificate" "$SCRATCH/key" >corpus/pem/chain-and-key
    fi
    dictionary=()
    [ ! -f "seeds/$target.dict" ] || dictionary=("-dict=seeds/$target.dict")
    # Inputs of 16 KiB reach everything that has a limit below that; longer ones are slow.
    if ! cargo +nightly fuzz run "$target" "corpus/$target" "seeds/$target" -- -max_total_time="$SECONDS_EACH" \
        -max_len=16384 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 "${dictionary[@]}" >"$SCRATCH/log" 2>&1; then
        tail -n 60 "$SCRATCH/log"
        die "$target has found something: see fuzz/artifacts/$target"
    fi
    grep -E '^#[0-9]+.*(DONE|INITED)|stat::number_of_executed_units|stat::peak_rss_mb' "$SCRATCH/log"
done
