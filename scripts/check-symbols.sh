#!/usr/bin/env bash
# Compares the symbols that a library exports with the functions that a header declares: they must be the same. Checks the
# soname too.
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
# After the preprocessor, which removes comments and macros, a name before a parenthesis is a function. A declaration with
# `extern` and without a parenthesis is a variable.
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
