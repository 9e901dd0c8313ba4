#!/usr/bin/env bash
# Runs the test of chaos.sh for hours, samples memory, threads, descriptors and round-trip times once a second, and plots
# them. Fails if chaos.sh would, and if memory grows by more than 4 MiB from the first fifth of the time (without its first
# tenth) to the last one.
#
# usage: soak.sh [MINUTES] [DIRECTORY]   MINUTES (60); DIRECTORY for soak.txt, soak.svg and soak.log (build/soak)
# CHAOS_SEED=N and NATS_RS_LIBRARY=FILE as for chaos.sh. The streams need about 100 MB on the disk for each hour.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

MINUTES=${1:-60}
OUT=${2:-build/soak}
mkdir -p "$OUT"
have python3 || die "Please install python3"
export CHAOS_SAMPLES="$OUT/soak.txt"
export CHAOS_SLOW=${CHAOS_SLOW:-4} CHAOS_FLAT_KIB=${CHAOS_FLAT_KIB:-4096}
rc=0
scripts/chaos.sh $((MINUTES * 60)) 2>&1 | tee "$OUT/soak.log" || rc=$?
python3 tests/chaos/plot.py "$CHAOS_SAMPLES" "$OUT/soak.svg"
say "Wrote $OUT/soak.txt, $OUT/soak.svg and $OUT/soak.log"
exit "$rc"
