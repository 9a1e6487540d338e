#!/usr/bin/env bash
# Runs the golangci-lint that this project was last checked with. The first time it is built from source, by the Go module proxy
# alone: some minutes, once, into the user's cache, where every clone finds it.
set -euo pipefail

version=v2.15.0
go=$(go env GOVERSION) # a golangci-lint can check what its own Go can compile, so a new Go needs a new build
cache=${XDG_CACHE_HOME:-$HOME/.cache}/livechat
program=$cache/golangci-lint-$version-$go

if [ ! -x "$program" ]; then
  echo "building golangci-lint $version with $go into $cache: once, for some minutes" >&2
  mkdir -p "$cache"
  fresh=$(mktemp -d "$cache/build.XXXXXX")
  trap 'rm -rf "$fresh"' EXIT
  GOBIN=$fresh GOFLAGS='' go install -ldflags='-s -w' "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version"
  mv "$fresh/golangci-lint" "$program"
fi
"$program" "$@"
