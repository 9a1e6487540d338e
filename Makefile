.DEFAULT_GOAL := help
.PHONY: help run up down images cluster test lint bench build fmt

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

test: ## everything that can be tested without Docker; installs what is missing
	scripts/test.sh

lint: ## formatting, vet, golangci-lint, types of the page, HAProxy's own check
	scripts/lint.sh

bench: ## the measurements
	go run ./load/bench

build: ## the server as one static program, bin/livechat
	CGO_ENABLED=0 go build -trimpath -o bin/livechat ./server

fmt: ## formats the Go code
	gofmt -w .
