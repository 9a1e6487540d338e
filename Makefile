.DEFAULT_GOAL := help
.PHONY: help run cluster load up down images check unit page lint e2e browsers peers compose test \
	kubernetes bench times chaos soak build release manifests hook fmt rename-module

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2} \
		/^## / {printf "\n%s\n", substr($$0, 4)}' Makefile
	@printf '\nARGS passes options on: make cluster ARGS="-page 8081"; ARGS=-h lists them.\n'

## Run
run: ## one server with everything in it, on http://localhost:8080
	@scripts/run.sh ./server $(ARGS)

cluster: ## the cluster without Docker: Redis, four servers, HAProxy, Nginx; up in 10 s
	@scripts/install.sh redis-server haproxy nginx
	@scripts/run.sh ./tools/cluster $(ARGS)

up: ## the cluster in Docker: page on http://localhost:1007, room on ws://localhost:8080
	docker/up.sh

down: ## stop what `make up` started; messages stay in their volume
	docker/down.sh

images: ## base images out of Debian packages, for machines without a registry; 3 min
	docker/stand-ins.sh

load: ## load on a room and a report: make load CLIENTS=5000 RATE=50 FOR=30s
	@scripts/run.sh ./load $(if $(URL),-url $(URL)) $(if $(CLIENTS),-clients $(CLIENTS)) \
		$(if $(RATE),-rate $(RATE)) $(if $(FOR),-for $(FOR)) $(ARGS)

## Test, from the fast to the whole
check: ## inner loop: format, vet, tests of what changed, the page; under 60 s
	scripts/check.sh $(BASE)

unit: ## Go tests that start no cluster; need Go alone; 90 s
	scripts/test.sh unit

page: ## types and tests of the page's JavaScript; 10 s
	scripts/test.sh page

lint: ## format, vet, linters, types, haproxy.cfg, alerts; 60 s, the first time 4 min
	scripts/lint.sh

e2e: ## whole clusters, faults and browsers; 12 min
	scripts/test.sh e2e

browsers: ## the page in Firefox and WebKit; installs them by apt, 500 MB; 2 min
	scripts/test.sh browsers

peers: ## the load tool against servers of others; builds Centrifugo, some minutes
	scripts/test.sh peers

compose: ## docker-compose.yml, built and started; needs Docker; 10 min
	scripts/test.sh compose

kubernetes: ## the Helm chart and the manifests, without a cluster; 10 s, the first time 3 min
	scripts/test.sh kubernetes

test: ## everything but compose, browsers and peers; installs what is missing by apt; 22 to 33 min
	scripts/test.sh

## Measure
bench: ## benchmarks against baselines; 15 min, fewer with ARGS
	@scripts/run.sh ./bench $(ARGS)

times: ## how long users notice crashes, restarts and lost links; 3 min
	@scripts/install.sh redis-server haproxy initdb
	@scripts/run.sh ./tools/failover $(ARGS)

chaos: ## random faults while 200 clients talk: make chaos SEED=7 FOR=2m
	@scripts/install.sh redis-server haproxy initdb gcc $(if $(findstring -s3,$(ARGS)),versitygw)
	@scripts/run.sh ./tools/chaos $(if $(SEED),-seed $(SEED)) $(if $(FOR),-for $(FOR)) $(ARGS)

soak: ## chaos for longer, and resources before and after: make soak FOR=10m
	@scripts/install.sh redis-server haproxy initdb gcc
	@scripts/run.sh ./tools/chaos -soak -edits 10 -deletes 5 -reactions 10 $(if $(SEED),-seed $(SEED)) -for $(or $(FOR),10m) $(ARGS)

## Build
build: ## the server as one static program, bin/livechat; 1 min, later 5 s
	CGO_ENABLED=0 go build -trimpath -ldflags "-X main.version=$$(scripts/version.sh)" \
		-o bin/livechat ./server

release: ## programs for amd64 and arm64, checksums, SBOMs, images: dist/; 5 min
	scripts/release.sh

manifests: ## deploy/kubernetes out of the Helm chart
	go -C deploy/check run .

hook: ## run `make check` before each commit in this clone; make hook OFF=1 stops that
	scripts/hook.sh $(if $(OFF),off)

fmt: ## format the Go code
	gofmt -w .

rename-module: ## another path for the Go module: make rename-module MODULE=example.com/you/livechat
	scripts/rename-module.sh $(MODULE)
