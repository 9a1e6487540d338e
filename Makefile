.DEFAULT_GOAL := help
.PHONY: help run up down images cluster check test lint bench load chaos soak times build fmt

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

run: ## one server with everything in it, on http://localhost:8080
	go run ./server

up: ## the cluster in Docker: page on http://localhost:1007, room on ws://localhost:8080
	docker/up.sh

down: ## stops what `make up` started; messages stay in their volume
	docker/down.sh

images: ## base images out of Debian packages, for machines that reach no registry
	docker/stand-ins.sh

cluster: ## the same cluster without Docker: redis-server, four servers, HAProxy, Nginx
	scripts/install.sh redis-server haproxy nginx
	go run ./e2e/cmd/cluster

check: ## the inner loop, under a minute: format, vet, the tests of what changed, the page
	scripts/check.sh $(BASE)

test: ## everything that can be tested without Docker; installs what is missing
	scripts/test.sh

lint: ## formatting, vet, golangci-lint, types of the page, HAProxy's own check
	scripts/lint.sh

bench: ## the measurements
	go run ./load/bench

load: ## load on a room, and a report on it: make load CLIENTS=5000 RATE=50 FOR=30s ARGS='-scenario storm'
	go run ./load $(if $(URL),-url $(URL)) $(if $(CLIENTS),-clients $(CLIENTS)) $(if $(RATE),-rate $(RATE)) $(if $(FOR),-for $(FOR)) $(ARGS)

times: ## how long people notice crashes, restarts and lost links
	scripts/install.sh redis-server haproxy initdb
	go run ./e2e/cmd/times

chaos: ## everything breaks at random while 200 people talk: make chaos SEED=7 FOR=2m
	scripts/install.sh redis-server haproxy initdb gcc
	go run ./e2e/cmd/chaos $(if $(SEED),-seed $(SEED)) $(if $(FOR),-for $(FOR))

soak: ## the same for longer, and what the servers hold before and after: make soak FOR=10m
	scripts/install.sh redis-server haproxy initdb gcc
	go run ./e2e/cmd/chaos -soak $(if $(SEED),-seed $(SEED)) -for $(or $(FOR),10m)

build: ## the server as one static program, bin/livechat
	CGO_ENABLED=0 go build -trimpath -o bin/livechat ./server

fmt: ## formats the Go code
	gofmt -w .
