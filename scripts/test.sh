#!/usr/bin/env bash
# All tests but the one of docker-compose.yml, which needs a Docker engine.
# `make test`. All of it has to take less than 20 minutes on two cores.
source "$(dirname "$0")/stage.sh"

# From here on a program that a test needs and does not find is a failure, not a
# skipped test.
export LIVECHAT_REQUIRE=1
# Debian's wscat, run by a node that is not Debian's, finds its modules only so.
[ ! -d /usr/share/nodejs ] || export NODE_PATH=${NODE_PATH:-/usr/share/nodejs}
# A program with the race detector sleeps for a second before it ends, for those
# of its goroutines that still run. Here that is each server of each cluster and
# each package, whose goroutines have ended by then.
export GORACE="atexit_sleep_ms=100 ${GORACE:-}"

whole=(./e2e ./e2e/haproxy ./e2e/private ./e2e/cmd/cluster) # start clusters
parts() { go list ./... | grep -vxF "$(go list "${whole[@]}")"; }

stage 'programs that the tests need' scripts/install.sh
scripts/lint.sh # vets everything, so the stages below need not: -vet=off
stage 'page (node --test)' node --test --test-reporter=spec static/test/*.test.js
# Built by all cores first. Tests that mostly wait do so four at a time
# (t.Parallel), in two packages at a time; those that judge how fast something
# was come before them, one by one, and forgive a busy machine.
stage 'go build -race' go build -race ./...
# shellcheck disable=SC2046 # a list of packages
stage 'go test -race: the parts' \
  go test -race -vet=off -count=1 -timeout 5m -p 2 -parallel 4 $(parts)
# The race detector's own frames take stack, and it allocates.
stage 'go test: what is held without it' \
  go test -vet=off -count=1 -run 'SmallStack|Allocate' ./server/session ./server/fanout
# Tests that mostly wait, for a page or for a minute to go by, do so three at a
# time (t.Parallel); those with tight time limits run before them, alone.
stage 'go test -race: the whole, on real parts' \
  go test -race -vet=off -count=1 -timeout 40m -p 1 -parallel 3 "${whole[@]}"
stage_times
