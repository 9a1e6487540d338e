#!/usr/bin/env bash
# Runs the version of golangci-lint that this project uses. The first run builds
# it from source through the Go module proxy, which takes some minutes, into the
# user's cache, where all clones find it.
set -euo pipefail

version=v2.15.0
go=$(go env GOVERSION) # it checks only what its own Go compiles, so a new Go needs a new build
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
