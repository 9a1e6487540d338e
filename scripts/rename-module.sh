#!/usr/bin/env bash
# rename-module.sh PATH: gives the Go module another path, for a fork that
# others are to `go get`. It rewrites go.mod, imports, and the places in Go code
# and documents that name the module, and builds everything. It changes nothing
# that a running server shows: the program is still called livechat.
set -euo pipefail
cd "$(dirname "$0")/.."

new=${1:-}
if ! [[ $new =~ ^[A-Za-z0-9.-]+(/[A-Za-z0-9._~-]+)*$ ]]; then
  echo 'usage: make rename-module MODULE=example.com/you/livechat' >&2
  exit 2
fi
old=$(go mod edit -json | sed -n '/"Module"/,/}/s/.*"Path": "\(.*\)".*/\1/p')
[ "$new" != "$old" ] || exit 0

quote() { printf '%s' "$1" | sed 's/[.[\*^$/&]/\\&/g'; }
from=$(quote "$old") to=$(quote "$new")

# The folders with packages: only before one of them is "livechat/" a path.
files() { find . \( -name .git -o -name node_modules \) -prune -o -type f "$@" -print0; }
folders=$(files -name '*.go' | xargs -0 -n1 | sed -n 's,^\./\([^/]*\)/.*,\1,p' | sort -u | paste -sd '|')

files \( -name '*.go' -o -name '*.md' \) | xargs -0 sed -i -E \
  -e "s/([\"\` ])$from\/($folders)([\"\`/ ]|\$)/\1$to\/\2\3/g" \
  -e "s/(const module = \")$from\//\1$to\//" \
  -e "s/(-require )$from@/\1$to@/; s/(-replace )$from=/\1$to=/"
go mod edit -module "$new"
# Imports are sorted by path.
files -name '*.go' | xargs -0 gofmt -w
go build ./...
echo "the module is $new; go vet ./... and make check test the rest"
