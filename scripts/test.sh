#!/usr/bin/env bash
# All tests but the one of docker-compose.yml, which needs a Docker engine. `make test`.
source "$(dirname "$0")/stage.sh"

# From here on a program that a test needs and does not find is a failure, not a skipped test.
export LIVECHAT_REQUIRE=1
# Debian's wscat, run by a node that is not Debian's, finds its modules only so.
[ ! -d /usr/share/nodejs ] || export NODE_PATH=${NODE_PATH:-/usr/share/nodejs}

parts() { go list ./... | grep -v /e2e; } # those below e2e start clusters

stage 'programs that the tests need' scripts/install.sh
scripts/lint.sh
stage 'page (node --test)' node --test --test-reporter=spec static/test/*.test.js
# Built by all cores first. No test judges how fast something was, so two packages at a time do no harm; those that start whole clusters come alone.
stage 'go build -race' go build -race ./...
# shellcheck disable=SC2046 # a list of packages
stage 'go test -race: the parts' go test -race -count=1 -timeout 5m -p 2 $(parts)
# The race detector's own frames take stack, and it allocates.
stage 'go test: what is held without it' go test -count=1 -run 'SmallStack|Allocate' ./server/session ./server/fanout
# Tests that mostly wait, for a page or for a minute to go by, do so three at a time (t.Parallel); those with tight time limits run before them, alone.
stage 'go test -race: the whole, on real parts' go test -race -count=1 -timeout 40m -p 1 -parallel 3 ./e2e/...
stage_times
