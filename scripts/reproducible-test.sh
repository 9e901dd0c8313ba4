#!/usr/bin/env bash
# Checks that two builds of the same sources in different folders give the same files: the shared and the static library, the
# libnats.so.3.N, debug information, headers and package descriptions. Copies the sources twice, builds and installs from both,
# and compares. The two full builds take some minutes; the script is not a part of
# test.sh. Without --release they are made without optimisation across crates, which is faster and would contain the same
# names of folders.
#
# usage: reproducible-test.sh [--release]
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case "$*" in
"") export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 ;;
--release) ;;
*) die "usage: reproducible-test.sh [--release]" ;;
esac
unset NATS_RS_CARGO_TARGET_DIR CARGO_TARGET_DIR CARGO_INCREMENTAL
# Incremental builds, which the environment may ask for, have random names in the static library.
export CARGO_PROFILE_RELEASE_INCREMENTAL=false

# Names of different lengths, so that a name in a file also moves the bytes behind it.
FOLDERS=("$SCRATCH/one" "$SCRATCH/another/folder")
for folder in "${FOLDERS[@]}"; do # before the builds, during which the sources may change
    mkdir -p "$folder"
    git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$folder"
done
for folder in "${FOLDERS[@]}"; do
    {
        cmake -S "$folder" -B "$folder/out" -DNATS_RS_INSTALL_COMPAT=ON
        cmake --build "$folder/out" -j "$(jobs_wanted)"
        DESTDIR="$folder/installed" cmake --install "$folder/out" --prefix /usr
    } >"$SCRATCH/cmake.log" 2>&1 || die "$(tail -n 30 "$SCRATCH/cmake.log")"
done
diff -r --no-dereference "$SCRATCH/one/installed" "$SCRATCH/another/folder/installed" || die "the two builds differ"
say "ok: both builds have the same files"
