# The two commands of the README, and their parts. `make help` lists them.

# Outside the checkout, so that a new clone builds only what changed.
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/portcullis/target
# One profile for all: the tests through Envoy run the programs that the demo runs, and dependencies are compiled once.
CARGO_FLAGS := --release --workspace --locked
# What `build` builds: every program, unless a target needs a few only.
PROGRAMS := --bins

.DEFAULT_GOAL := help
.PHONY: help demo test build fmt lint unit deny envoy redis postgres generate elsewhere bench bench-gateway bench-services fuzz charts images images-check kind-up cluster-test

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 24

demo: PROGRAMS := $(addprefix --bin ,demo portcullis dev-entra task-api notification audit)
demo: build envoy ## Start everything and show what it does; DEMO=once leaves after the table
	ENVOY="$$(dev/envoy/obtain)" "$(CARGO_TARGET_DIR)/release/demo"

test: fmt lint build envoy redis postgres unit ## All that a change must pass

build: toolchain ## Build every program
	cargo build $(CARGO_FLAGS) $(PROGRAMS)

envoy: ## Obtain the pinned Envoy, unless ENVOY names one
	dev/envoy/obtain >/dev/null

redis: ## Obtain a redis-server or valkey-server, unless REDIS_SERVER names one
	dev/redis/obtain >/dev/null

postgres: ## Obtain a PostgreSQL, unless POSTGRES_BIN names one
	dev/postgres/obtain >/dev/null

fmt: toolchain ## Check the formatting
	cargo fmt --all --check

lint: toolchain ## clippy, warnings denied; one set of features; and the lock file that only the fuzz targets have
	dev/features/check
	cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
	cargo clippy $(CARGO_FLAGS) --all-targets -- -D warnings

unit: toolchain build envoy redis postgres ## Unit and integration tests, and the outcomes through the real Envoy
	ENVOY="$$(dev/envoy/obtain)" REDIS_SERVER="$$(dev/redis/obtain)" cargo test $(CARGO_FLAGS) --tests

elsewhere: build envoy ## Examples for other gateways: their own tools, lint, and the real Envoy
	ENVOY="$$(dev/envoy/obtain)" tests/elsewhere/run

generate: build ## Write docs/cli.md, docs/policy.schema.json, docs/openapi and the code in docs/verify-assertion.md anew
	"$(CARGO_TARGET_DIR)/release/portcullis" reference > docs/cli.md
	"$(CARGO_TARGET_DIR)/release/portcullis" schema > docs/policy.schema.json
	WRITE_PAGES=1 cargo test $(CARGO_FLAGS) --test conformance --test backends --test schemas -- page documents

bench: toolchain ## Measure the handler, signatures and memory
	cargo bench --workspace --locked

bench-gateway: build envoy ## Measure the gateway beside jwt_authn, a no-op server and no authorization, in BENCH_SECONDS
	ENVOY="$$(dev/envoy/obtain)" "$(CARGO_TARGET_DIR)/release/bench-gateway" $(if $(BENCH_SECONDS),--seconds $(BENCH_SECONDS)) $(BENCH_FLAGS)

bench-services: build ## Measure the Task API beside the same endpoints in FastAPI, on SQLite and PostgreSQL
	PROGRAMS="$(CARGO_TARGET_DIR)/release" bench/services/run

fuzz: toolchain ## Look for bytes that break something, FUZZ_SECONDS for each target
	fuzz/run $(or $(FUZZ_SECONDS),60)

charts: build envoy ## Tests of the charts that need no cluster
	PORTCULLIS="$(CARGO_TARGET_DIR)/release/portcullis" ENVOY="$$(dev/envoy/obtain)" tests/charts/run

images: ## Build the images with docker, podman or buildah, as archives in images/out
	images/build

images-check: images ## What every image is held to, and that a second build makes the same bytes
	images/check
	images/reproduce portcullis

cluster-test: images ## Everything on the cluster of KUBECONFIG, as tests/cluster/run says; LOAD loads image archives, POLICY takes off and on
	tests/cluster/run

kind-up: ## Install everything on a kind cluster with development values, and try the ways round the gate
	dev/kind/up

deny: ## Licences, sources and advisories of dependencies (needs cargo-deny)
	cargo deny check

# cargo tells two checkouts that share a cache apart by the times of their files alone, and programs of the demo and the tests hold the path
# of theirs. So the files of another checkout than the last one count as changed.
.PHONY: checkout
checkout:
	@mkdir -p "$(CARGO_TARGET_DIR)"
	@printf '%s\n' "$(CURDIR)" | cmp -s - "$(CARGO_TARGET_DIR)/checkout" || { \
		find . -name '*.rs' -exec touch {} + ; printf '%s\n' "$(CURDIR)" >"$(CARGO_TARGET_DIR)/checkout"; }

.PHONY: toolchain
toolchain: checkout
	@command -v cargo >/dev/null || { echo "make: cargo is needed and not installed; install Rust with rustup" >&2; exit 1; }
