#!/usr/bin/env bash
# Makes the manual of the C interface, build/docs/html/index.html, with doxygen. A warning is a failure.
#
# usage: docs.sh
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/install-deps.sh docs
rm -rf build/docs
mkdir -p build/docs
NATS_RS_VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
export NATS_RS_VERSION
doxygen Doxyfile
if [ -s build/docs/warnings.txt ]; then
    cat build/docs/warnings.txt >&2
    die "doxygen has warnings: see above"
fi
say "build/docs/html/index.html: $(find build/docs/html -name '*.html' | wc -l) pages"
