#!/usr/bin/env bash
# Runs each fuzz target of fuzz/ for some time, beginning with the seeds that are kept there; as many at a time as there are
# processors. Needs a nightly Rust and cargo-fuzz (scripts/install-deps.sh fuzz); says so where they are missing, and only
# compiles the targets. What the runs learn stays in fuzz/corpus; the input of a failure is in fuzz/artifacts.
#
# usage: fuzz.sh [SECONDS [TARGET...]]   60 seconds for each target without it; 0 only builds
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SECONDS_EACH=${1:-60}
[ $# -eq 0 ] || shift
JOBS="${JOBS:-$(jobs_wanted)}"
if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
    say "no nightly Rust (rustup toolchain install nightly) or no cargo-fuzz (scripts/install-deps.sh fuzz): nothing is fuzzed"
    if cargo fetch -q --manifest-path fuzz/Cargo.toml 2>/dev/null; then
        RUSTFLAGS="--cfg fuzzing" cargo check -q --manifest-path fuzz/Cargo.toml --target-dir "$ROOT/target/fuzz-check"
    else
        say "the crates of the targets cannot be had: they are not compiled either"
    fi
    exit 0
fi
cd fuzz
cargo +nightly fuzz build
[ "$SECONDS_EACH" -gt 0 ] || exit 0
TARGETS=("$@")
[ ${#TARGETS[@]} -gt 0 ] || mapfile -t TARGETS < <(cargo +nightly fuzz list)

# fuzz_one TARGET: its outcome is in the files TARGET.log and TARGET.failed.
fuzz_one() {
    local target=$1 log="$SCRATCH/$1.log" dictionary=()
    mkdir -p "corpus/$target"
    # Private keys are made, not kept.
    if [ "$target" = pem ] && have openssl; then
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=a \
            -keyout "$SCRATCH/key" -out "$SCRATCH/certificate" 2>/dev/null
        cat "$SCRATCH/certificate" "$SCRATCH/key" >corpus/pem/chain-and-key
    fi
    [ ! -f "seeds/$target.dict" ] || dictionary=("-dict=seeds/$target.dict")
    # Inputs of 16 KiB reach everything that has a limit below that; longer ones are slow.
    cargo +nightly fuzz run "$target" "corpus/$target" "seeds/$target" -- -max_total_time="$SECONDS_EACH" -max_len=16384 \
        -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 ${dictionary[@]+"${dictionary[@]}"} >"$log" 2>&1 ||
        touch "$SCRATCH/$target.failed"
    say "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs," \
        "$(sed -n 's/^stat::peak_rss_mb: *//p' "$log") MB"
}

for target in "${TARGETS[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n; done
    fuzz_one "$target" &
    STARTED+=("$!")
done
wait
for target in "${TARGETS[@]}"; do
    if [ -e "$SCRATCH/$target.failed" ]; then
        tail -n 60 "$SCRATCH/$target.log"
        die "$target has found something: see fuzz/artifacts/$target"
    fi
done
say "${#TARGETS[@]} targets, $SECONDS_EACH seconds each: nothing found"
