#!/usr/bin/env bash
# Prints the version of this checkout, to be stamped into programs and images:
# the tag, or the tag and what came after it, or the revision; with -dirty if
# there are changes. Without git: dev.
cd "$(dirname "$0")/.." || exit 1
git describe --tags --always --dirty 2>/dev/null || echo dev
