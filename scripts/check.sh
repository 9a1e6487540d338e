#!/usr/bin/env bash
# The inner loop: formatting, vet, the unit tests of what changed and those of
# the page. Under a minute on a warm cache. `make check`.
#
#   scripts/check.sh          what differs from main, committed or not
#   scripts/check.sh HEAD~3   what differs from another revision
#
# It installs nothing; a test that lacks a program is skipped and names it. So
# are the longest tests (testing.Short), which `make test` runs.
source "$(dirname "$0")/stage.sh"

base=${1:-}
if [ -z "$base" ]; then
  base=$(git merge-base HEAD origin/main 2>/dev/null || git merge-base HEAD main 2>/dev/null || echo HEAD)
  # On a clean main, the last commit is what changed.
  if [ -z "$(git diff --name-only "$base"; git ls-files -o --exclude-standard)" ]; then
    base=$(git rev-parse --verify -q HEAD~1 || echo HEAD)
  fi
fi
changed() { { git diff --name-only "$base"; git ls-files -o --exclude-standard; } | sort -u; }

formatted() {
  local files
  files=$(changed | grep '\.go$' | while read -r f; do [ ! -e "$f" ] || gofmt -l "$f"; done)
  [ -z "$files" ] || { printf 'not formatted, run make fmt:\n%s\n' "$files"; return 1; }
}

# unit_packages: the packages with a changed file, except those that start whole
# clusters, and the tests of rules that concern the whole tree.
unit_packages() {
  { echo ./server; echo ./scripts; changed | grep -v '^static/' | xargs -r -n1 dirname | while read -r d; do
    while [ "$d" != . ] && ! compgen -G "$d/*.go" >/dev/null; do d=$(dirname "$d"); done
    [ "$d" = . ] || echo "./$d"
  done; } | grep -v -e '^\./e2e' -e '^\./tools/cluster$' -e '^\./deploy/' | sort -u
}

unit() {
  local packages
  mapfile -t packages < <(unit_packages)
  # Tests that run at the same time (t.Parallel) mostly wait.
  go test -short -vet=off -parallel 8 "${packages[@]}"
}

in_memory
stage 'formatting of what changed' formatted
stage 'go vet' go vet ./...
stage 'unit tests of what changed' unit
if changed | grep -q '^deploy/'; then
  stage 'chart and manifests' go -C deploy/check test -count=1 ./...
fi
if changed | grep -q '^static/'; then
  command -v tsc >/dev/null && stage 'types of the page (tsc)' tsc --noEmit -p static
fi
command -v node >/dev/null && stage 'page (node --test)' node --test --test-reporter=dot static/test/*.test.js
stage_times
