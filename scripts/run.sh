#!/usr/bin/env bash
# Builds a program of this repository into bin/ and runs it:
#
#   scripts/run.sh ./server
#   scripts/run.sh ./load -clients 500
#
# Not `go run`, which ends with status 1 after Ctrl-C however cleanly the program
# ended. And make itself dies of a Ctrl-C that reaches it, so on a terminal the
# program gets a process group of its own in the foreground: Ctrl-C reaches the
# program alone, and make sees its status.
set -euo pipefail
cd "$(dirname "$0")/.."

package=$1
shift
program=bin/$(basename "$package")
# Programs without a version ignore the stamp.
go build -ldflags "-X main.version=$(scripts/version.sh)" -o "$program" "$package"
[ -t 0 ] || exec "$program" "$@"
set -m
"$program" "$@"
