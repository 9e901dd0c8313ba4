#!/usr/bin/env bash
# Builds the manuals with doxygen: build/docs/html/index.html of the C interface, and build/docs/html/cpp/index.html of the
# C++ interface. Fails if doxygen warns.
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
doxygen Doxyfile.cpp
if [ -s build/docs/warnings.txt ] || [ -s build/docs/warnings-cpp.txt ]; then
    cat build/docs/warnings.txt build/docs/warnings-cpp.txt >&2
    die "doxygen has warnings: see above"
fi
say "build/docs/html/index.html: $(find build/docs/html -name '*.html' | wc -l) pages"
