#!/usr/bin/env bash
# Compares what a library exports with what a header declares: each function declared must be exported, and nothing
# else may be. Checks the soname too.
#
# usage: check-symbols.sh LIBRARY HEADER
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -eq 2 ] || die "usage: check-symbols.sh LIBRARY HEADER"
LIBRARY=$1
HEADER=$2
export LC_ALL=C

nm -D --defined-only "$LIBRARY" | awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u >"$SCRATCH/exported"
# Functions are the names of the interface before a parenthesis; comments and macros are gone after the preprocessor.
# What is declared `extern` without one is a variable.
cc -E -P -x c "$HEADER" >"$SCRATCH/preprocessed"
{
    grep -oE '\b(nats|js|kv|objStore|micro)[A-Za-z0-9]*_[A-Za-z0-9_]+ *\(' "$SCRATCH/preprocessed" | tr -d ' (' || true
    sed -nE 's/^extern .*\b((nats|js|kv|objStore|micro)[A-Za-z0-9]*_[A-Za-z0-9_]+);$/\1/p' "$SCRATCH/preprocessed"
} | sort -u >"$SCRATCH/declared"

missing=$(comm -13 "$SCRATCH/exported" "$SCRATCH/declared")
extra=$(comm -23 "$SCRATCH/exported" "$SCRATCH/declared")
[ -s "$SCRATCH/declared" ] || die "$HEADER declares no function"
[ -z "$missing" ] || die "declared but not exported: $(echo "$missing" | tr '\n' ' ')"
[ -z "$extra" ] || die "exported but not declared: $(echo "$extra" | tr '\n' ' ')"
readelf -d "$LIBRARY" | grep -q 'SONAME.*\[libnats_rs\.so\.0\]' || die "the soname is not libnats_rs.so.0"
say "$(wc -l <"$SCRATCH/exported") symbols declared and exported, nothing else; soname libnats_rs.so.0"
