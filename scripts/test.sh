#!/usr/bin/env bash
# The tests.
#
#   scripts/test.sh           all but compose, browsers and peers; 22 to 33 minutes on two cores
#   scripts/test.sh unit      the Go packages that start no cluster; needs Go alone
#   scripts/test.sh page      types and unit tests of the page's JavaScript
#   scripts/test.sh e2e       the packages that start clusters and browsers
#   scripts/test.sh compose   docker-compose.yml; needs a Docker engine
#   scripts/test.sh kubernetes   the Helm chart and the manifests, without a cluster
#   scripts/test.sh browsers  the page in Firefox and WebKit
#   scripts/test.sh peers     the load tool against servers of others; builds one
#
# unit skips tests that lack a program, such as PostgreSQL, and names it. The
# others install what they need and fail without it.
source "$(dirname "$0")/stage.sh"

# The packages that start clusters, besides ./e2e/page and ./e2e/faults. Those of
# ./e2e/browsers need browsers that only their own part installs.
whole=(./e2e/accounts ./e2e/protocol ./e2e/haproxy ./e2e/rooms ./tools/cluster)
parts() { go list ./... | grep -vxF "$(go list ./e2e/{page,browsers,faults} "${whole[@]}")"; }

# Debian's wscat finds its modules only so when node is not Debian's.
[ ! -d /usr/share/nodejs ] || export NODE_PATH=${NODE_PATH:-/usr/share/nodejs}
# A program with the race detector sleeps for a second before it ends, for
# goroutines that still run. Each server of each cluster is such a program, and
# none has any left by then.
export GORACE="atexit_sleep_ms=100 ${GORACE:-}"

# The race detector makes SQLite, which is C translated to Go, five times as
# slow, and three times what decodes pictures, hashes passwords, bundles the page,
# matches regular expressions and runs Lua in the embedded Redis. These packages
# share no memory with ours, so it leaves them out.
race=(-race)
for path in modernc.org/... github.com/yuin/gopher-lua/... image/... golang.org/x/image/... compress/... \
  regexp/... golang.org/x/crypto/... github.com/evanw/esbuild/...; do
  race+=("-gcflags=$path=-race=false")
done

unit() {
  # shellcheck disable=SC2046 # a list of packages
  stage 'unit tests' go test -parallel 4 $(parts)
}

page() {
  stage 'programs that the page needs' scripts/install.sh node tsc
  stage 'types of the page (tsc)' tsc --noEmit -p static
  stage 'page (node --test)' node --test --test-reporter=dot static/test/*.test.js
}

# clusters: tests that mostly wait, for a minute to pass, run three at a time
# (t.Parallel), and so do those with a browser; the others of a package run before
# them, one by one. Faults are what needs the machine most, so nothing runs beside
# them. One server serves all tests, or each package would link its own: with the
# race detector, but for the page, as browsers need the time more. The clients of
# these tests run without it; the tests of their packages are among the parts.
clusters() {
  stage 'go build: the server' go build -o bin/test/ ./server
  stage 'go build -race: the server' go build "${race[@]}" -o bin/race/ ./server
  LIVECHAT_SERVER=$PWD/bin/test/server stage 'go test: the page' \
    go test -vet=off -count=1 -timeout 40m -parallel 3 ./e2e/page
  export LIVECHAT_SERVER=$PWD/bin/race/server
  stage 'go test: whole clusters, with -race: faults' \
    go test -vet=off -count=1 -timeout 20m -parallel 3 ./e2e/faults
  stage 'go test: whole clusters, with -race: all else' \
    go test -vet=off -count=1 -timeout 20m -p 2 -parallel 3 "${whole[@]}"
}

e2e() {
  stage 'programs that the tests need' scripts/install.sh
  stage 'go build -race' go build "${race[@]}" ./...
  clusters
}

compose() {
  docker info >/dev/null 2>&1 || { echo 'no Docker engine answers' >&2; exit 1; }
  LIVECHAT_COMPOSE=1 stage 'docker-compose.yml' go test ./e2e/compose -count=1 -v -timeout 25m
}

# A module of its own, so ./... leaves it out. It reads files outside of that
# module, and the cache of test results does not look at those.
kubernetes() {
  stage 'Kubernetes: chart and manifests' go -C deploy/check test -vet=off -count=1 ./...
}

browsers() {
  stage 'programs that the tests need' \
    scripts/install.sh redis-server haproxy nginx firefox-esr WebKitWebDriver Xvfb
  stage 'Firefox and WebKit' go test ./e2e/browsers -count=1 -timeout 10m
}

peers() {
  stage 'programs that the tests need' scripts/install.sh redis-server python-socketio centrifugo
  LIVECHAT_PEERS=1 stage "servers of others" go test ./load -run 'Centrifugo|SocketIO|Gorilla' -count=1 -v
}

everything() {
  stage 'programs that the tests need' scripts/install.sh
  scripts/lint.sh # vets everything, so the stages below need not: -vet=off
  stage 'page (node --test)' node --test --test-reporter=spec static/test/*.test.js
  # All cores build first. Then three packages run at a time, and in each of them
  # four of the tests that mostly wait (t.Parallel). Tests that measure time run
  # before those, one by one, and allow for a busy machine.
  kubernetes
  stage 'go build -race' go build "${race[@]}" ./...
  # shellcheck disable=SC2046 # a list of packages
  stage 'go test -race: the parts' \
    go test "${race[@]}" -vet=off -count=1 -timeout 30m -p 3 -parallel 4 $(parts)
  # The race detector's own frames take stack, and it allocates and is slow.
  stage 'go test: stack, allocations and a hundred servers' \
    go test -vet=off -count=1 -run 'SmallStack|Allocate|Hundred' ./server/socket ./server/fanout ./server/presence
  clusters
}

part=${1:-everything}
case $part in
  everything | unit | page | e2e | compose | browsers | kubernetes | peers) ;;
  *) echo "test.sh: unknown part '$part'; the parts are unit, page, e2e, compose, browsers, kubernetes and peers" >&2; exit 2 ;;
esac
# A test that does not find a program it needs fails, except in the unit tests,
# where it is skipped.
[ "$part" = unit ] || export LIVECHAT_REQUIRE=1
in_memory
"$part"
stage_times
