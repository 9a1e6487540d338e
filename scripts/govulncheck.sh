#!/usr/bin/env bash
# Looks for known vulnerabilities in the code that the programs reach. Where the
# tool or the vulnerability database cannot be fetched, it says so and passes:
# a machine without a way out must be able to lint.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

output=$(go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./... 2>&1)
status=$?
echo "$output"
[ "$status" != 0 ] || exit 0
if grep -qE 'fetching vulnerabilities: |golang.org/x/vuln.*(dial tcp|no such host|i/o timeout|module lookup disabled)' <<<"$output"; then
  echo 'govulncheck: the vulnerability database cannot be reached; known vulnerabilities were not checked' >&2
  exit 0
fi
exit "$status"
