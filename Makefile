# The commands of the README and their parts. `make help` lists them.

# Outside the checkout, so that a new clone builds only what changed.
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/portcullis/target
# One profile for everything except `quick`, so that the tests through Envoy run the demo's programs, and dependencies are compiled once.
CARGO_FLAGS := --release --workspace --locked
# The programs that `build` builds: all, unless a target needs only a few.
PROGRAMS := --bins

.DEFAULT_GOAL := help
.PHONY: doc typos shellcheck help demo test quick build fmt lint unit deny envoy redis postgres generate elsewhere entra-clients bench bench-gateway bench-services fuzz charts images images-check kind-up cluster-test

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 24

demo: PROGRAMS := $(addprefix --bin ,demo portcullis dev-entra task-api notification audit)
demo: build envoy ## Start the whole system and show what it does; DEMO=once exits after the table
	ENVOY="$$(dev/envoy/obtain)" "$(CARGO_TARGET_DIR)/release/demo"

test: fmt lint build envoy redis postgres unit ## Run all checks that a change must pass

build: toolchain ## Build every program
	cargo build $(CARGO_FLAGS) $(PROGRAMS)

envoy: ## Obtain the pinned Envoy, unless ENVOY names one
	dev/envoy/obtain >/dev/null

redis: ## Obtain a redis-server or valkey-server, unless REDIS_SERVER names one
	dev/redis/obtain >/dev/null

postgres: ## Obtain a PostgreSQL, unless POSTGRES_BIN names one
	dev/postgres/obtain >/dev/null

quick: toolchain ## Run fmt, clippy and the unit tests that need no Envoy, Redis, PostgreSQL or network
	cargo fmt --all --check
	cargo clippy --workspace --locked --all-targets -- -D warnings
	cargo test --workspace --locked --lib -- --skip store_tests --skip ::postgres

fmt: toolchain ## Check the formatting
	cargo fmt --all --check

lint: toolchain ## Run clippy with warnings denied; check that features are unified, and the lock file of the fuzz targets
	dev/features/check
	cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
	cargo clippy $(CARGO_FLAGS) --all-targets -- -D warnings

unit: toolchain build envoy redis postgres ## Run unit and integration tests, and the outcomes through the real Envoy
	cargo test $(CARGO_FLAGS) --tests --no-run
	@echo "Two halves of the tests run at once; each half prints its output when it ends, in about three minutes."
	@ENVOY="$$(dev/envoy/obtain)" REDIS_SERVER="$$(dev/redis/obtain)" $(MAKE) --no-print-directory --jobs=2 --output-sync=target \
		tests-of-gateway other-tests

# Most tests wait for processes and deadlines: one after the other, the programs left two thirds of the cores idle.
.PHONY: tests-of-gateway other-tests
tests-of-gateway:
	cargo test $(CARGO_FLAGS) --test gateway --test gateways

other-tests:
	cargo test $(CARGO_FLAGS) --exclude gateway-tests --exclude conformance-tests --tests
	cargo test $(CARGO_FLAGS) --doc

elsewhere: build envoy ## Test the examples for other gateways with their own tools, lint, and the real Envoy
	ENVOY="$$(dev/envoy/obtain)" tests/elsewhere/run

generate: build ## Regenerate docs/cli*.md, docs/*.schema.json, docs/reason-codes.md, docs/openapi, the code in docs/verify-assertion.md, and the removed headers in docs/identity-headers.md, envoy and k8s/gateways
	"$(CARGO_TARGET_DIR)/release/portcullis" reference > docs/cli.md
	"$(CARGO_TARGET_DIR)/release/portcullis-conformance" reference > docs/cli-conformance.md
	"$(CARGO_TARGET_DIR)/release/portcullis" schema > docs/policy.schema.json
	"$(CARGO_TARGET_DIR)/release/dev-entra" --print-schema > docs/dev-entra-directory.schema.json
	WRITE_PAGES=1 cargo test $(CARGO_FLAGS) --test reason_codes --test conformance --test backends --test schemas -- page documents

bench: toolchain ## Measure the handler, signatures and memory
	cargo bench --workspace --locked

.PHONY: measured
measured: toolchain
	cargo build --profile measured --workspace --locked --bins

bench-gateway: measured envoy ## Measure the gateway beside jwt_authn, a no-op server and no authorization, in BENCH_SECONDS
	ENVOY="$$(dev/envoy/obtain)" "$(CARGO_TARGET_DIR)/measured/bench-gateway" $(if $(BENCH_SECONDS),--seconds $(BENCH_SECONDS)) $(BENCH_FLAGS)

bench-services: measured ## Measure the Task API beside the same endpoints in FastAPI, on SQLite and PostgreSQL
	PROGRAMS="$(CARGO_TARGET_DIR)/measured" bench/services/run

fuzz: toolchain ## Run the fuzz targets, each for FUZZ_SECONDS
	fuzz/run $(or $(FUZZ_SECONDS),60)

charts: build envoy ## Run the tests of the charts that need no cluster
	PORTCULLIS="$(CARGO_TARGET_DIR)/release/portcullis" ENVOY="$$(dev/envoy/obtain)" tests/charts/run

images: ## Build the images with docker, podman or buildah, as archives in images/out
	images/build

images-check: images ## Check every image, and that a second build makes the same bytes
	images/check
	images/reproduce portcullis

entra-clients: PROGRAMS := --bin dev-entra
entra-clients: build ## Test dev-entra with unmodified clients for Python, Node.js, Go, Java and browsers
	tests/entra-clients/run

cluster-test: images ## Run the tests on the cluster of KUBECONFIG; see tests/cluster/run for LOAD and POLICY
	tests/cluster/run

kind-up: ## Install everything on a kind cluster with development values, and test the ways round the gateway
	k8s/kind/up

deny: ## Check licences, sources, bans and duplicates of dependencies; advisories only warn (needs cargo-deny)
	cargo deny --locked check bans licenses sources
	cargo deny --locked check advisories || \
		echo "$(if $(GITHUB_ACTIONS),::warning::,make: )dependencies have advisories, or these cannot be fetched; see above"

doc: toolchain ## Build the documentation of every crate, warnings denied
	RUSTDOCFLAGS="-D warnings" cargo doc $(CARGO_FLAGS) --no-deps

typos: ## Check the spelling (needs typos)
	typos

shellcheck: ## Check every shell script (needs shellcheck)
	git grep -lzE '^#!.*(ba)?sh$$' | xargs -0 shellcheck

# cargo distinguishes two checkouts that share a cache only by the times of their files, but the programs of the demo and the tests contain
# the path of their checkout. If the checkout is another than the last one, all its sources are therefore marked as changed.
.PHONY: checkout
checkout:
	@mkdir -p "$(CARGO_TARGET_DIR)"
	@printf '%s\n' "$(CURDIR)" | cmp -s - "$(CARGO_TARGET_DIR)/checkout" || { \
		find . -name '*.rs' -exec touch {} + ; printf '%s\n' "$(CURDIR)" >"$(CARGO_TARGET_DIR)/checkout"; }

.PHONY: toolchain
toolchain: checkout
	@command -v cargo >/dev/null || { echo "make: cargo is needed and not installed; install Rust with rustup" >&2; exit 1; }
