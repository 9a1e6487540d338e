#!/usr/bin/env bash
# Static checks. `make lint`.
source "$(dirname "$0")/stage.sh"

formatted() {
  local files
  files=$(gofmt -l .)
  [ -z "$files" ] || { printf 'not formatted, run make fmt:\n%s\n' "$files"; return 1; }
}

in_folder() { (cd "$1" && shift && "$@"); }

alerts() {
  promtool check config docker/observe/prometheus.yml && # and the rules that it names
    promtool test rules docker/observe/rules_test.yml
}

stage 'programs that checking needs' scripts/install.sh tsc haproxy promtool
stage 'gofmt' formatted
stage 'go.mod is tidy' go mod tidy -diff
stage 'go.mod of deploy/check is tidy' go -C deploy/check mod tidy -diff
stage 'go vet' go vet ./...
stage 'golangci-lint' scripts/golangci-lint.sh run
stage 'golangci-lint: deploy/check' in_folder deploy/check ../../scripts/golangci-lint.sh run
stage 'known vulnerabilities (govulncheck)' scripts/govulncheck.sh
stage 'a Go client from openapi.json (oapi-codegen)' scripts/generated-client.sh
stage 'types of the page (tsc)' tsc --noEmit -p static
stage 'haproxy.cfg' haproxy -c -dW -f haproxy/haproxy.cfg
stage 'alerts (promtool)' alerts
