SHELL := /bin/bash
export CGO_ENABLED := 0
TOOL := go tool -modfile=tools/go.mod
BUF  := $(TOOL) buf
LINT := go tool -modfile=tools/lint/go.mod golangci-lint

.DEFAULT_GOAL := help
.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- use

.PHONY: build demo
build: ## build the one binary, build/xinlian
	@mkdir -p build && go build -trimpath -ldflags='-s -w' -o build/xinlian ./cmd/xinlian
demo: build ## play the whole line on this machine, then serve the portal on http://localhost:8080
	@build/xinlian demo

# ---- tests

# Only packages of ours: the fuzz corpora and the browser, fault and bench suites
# have targets of their own.
.PHONY: test check lint race fuzz sim fault bench bench-loans bench-data bench-proofs test-browser test-s3 test-races test-canary test-commitment test-vault-model test-schedule bench-scoring
test: ## run the tests
	@go test ./...
check: gen-check proto-check lint ## generated code fresh, protos and Go linted, go vet, formatted
	@go vet ./...
	@go vet -tags 'browser fault canary s3' ./test/... ./gateway/vault
	@test -z "$$($(TOOL) gofumpt -l $$(git ls-files '*.go' ':!gen' ':!*_templ.go' ':!*.pb.go' ':!internal/tidy/testdata'))" \
		|| { echo 'not formatted: run make fmt'; exit 1; }
lint: ## golangci-lint; every linter has its reason in .golangci.yml
	@$(LINT) run ./...
race: ## the packages with goroutines of their own under the race detector; needs a C compiler
	@CGO_ENABLED=1 go test -race ./app/node ./gateway/vault ./gateway/store ./gateway/custody ./gateway/pull ./gateway/tagging ./internal/settings ./internal/durable
sim: ## seeded random simulation of the whole chain: SIM_STEPS=100000 SIM_SEED=1
	@SIM_STEPS=$(or $(SIM_STEPS),20000) SIM_SEED=$(or $(SIM_SEED),1) go test -count=1 -timeout 6h ./test/sim -v -run TestSimulation
test-vault-model: ## vault against its rulebook: OPS=1000000 SEED=1
	@VAULT_OPS=$(or $(OPS),1000000) VAULT_SEED=$(or $(SEED),1) go test -count=1 -timeout 2h ./gateway/vault -run TestOperationsAgainstRulebook -v
test-schedule: ## lives of loans against a second model in fractions: HISTORIES=1000000 SEED=1
	@HISTORIES=$(or $(HISTORIES),1000000) SEED=$(or $(SEED),1) go test -count=1 -timeout 2h ./schedule -run TestHistoriesAgainstModel -v
fuzz: ## every fuzz target for FUZZTIME each, default 30s
	@tools/fuzz $(or $(FUZZTIME),30s)
test-races: ## two lenders race for RACES=10000 receivables through four validators; exactly one wins each
	@RACES=$(or $(RACES),10000) go test -count=1 -timeout 2h ./test/races -v -run TestRaces
fault: ## kill the demonstration at random moments and start it again: FAULT_KILLS=12
	@FAULT_KILLS=$(or $(FAULT_KILLS),12) go test -count=1 -timeout 60m -tags fault ./test/fault -v
bench: ## benchmarks of proof, scorecard, vault and passkey, and a short bench-loans
	@go test -run '^$$' -bench . -benchtime 2s ./zk ./scorecard ./gateway/vault ./passkey
	@$(MAKE) --no-print-directory bench-loans LOANS=2000
bench-loans: ## transactions and servicing over a book of LOANS=10000, beside the SDK's bank and PostgreSQL; tables in build/bench
	@ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || tools/postgres
	@LOANS=$(or $(LOANS),10000) XINLIAN_LOAN_BENCH=$(abspath build/bench) go test -count=1 -timeout 6h -run TestReport ./test/scale -v
bench-proofs: ## gates, time and memory of proofs by size of the model, each in a process of its own
	@go test -c -o build/zk.test ./zk
	@for size in 12x8+0 24x8+0 24x8+8 32x8+0 32x32+0 32x32+8 64x32+16; do \
		(cd zk && ../build/zk.test -test.run '^$$' -test.bench "BenchmarkProve/test-$${size/+/\\+}$$" -test.benchtime $(or $(BENCHTIME),5x)) | grep '^Benchmark'; \
	done
	@go test -run '^$$' -bench 'Verify|Statement|Decode' ./zk
	@go test -run '^$$' -bench . -benchtime 5x ./gateway/prover
bench-scoring: ## train every kind of model on the real data beside the repository; writes docs/benchmarks/scoring.md
	@XINLIAN_SCORING_BENCH=$(abspath docs/benchmarks/scoring.md) go test -count=1 -timeout 60m -v -run TestScoringBenchmark ./scorecard/train
test-s3: ## the whole vault on a real S3 server, versitygw, which is built here
	@mkdir -p build && go build -modfile=tools/s3/go.mod -o build/versitygw github.com/versity/versitygw/cmd/versitygw
	@XINLIAN_S3_SERVER=$(abspath build/versitygw) go test -count=1 -timeout 10m -tags s3 -run 'S3' ./gateway/vault
bench-data: ## rows read; records collected, proven and read on a real chain; revocation to refusal
	@go test -run '^$$' -bench 'Million|Statement' -benchtime 1x ./gateway/connector/format
	@go test -count=1 -timeout 30m -run '^$$' -bench . -benchtime $(or $(BENCHTIME),5x) ./test/data
test-canary: ## hunt for CANARIES=10000 invented people and firms in all that node and gateway leave
	@CANARIES=$(or $(CANARIES),10000) go test -count=1 -timeout 6h -tags canary ./test/canary/... -v
test-commitment: ## try CANDIDATES=10000000 for each tag, source and root on a real chain
	@CANDIDATES=$(or $(CANDIDATES),10000000) go test -count=1 -timeout 6h ./test/commitment -v
test-browser: ## the owner's line in a real browser; screenshots in build/screenshots
	@go test -count=1 -timeout 20m -tags browser ./test/browser -v

# ---- generated code

.PHONY: fmt templ
fmt: ## format Go and protos
	@$(TOOL) gofumpt -w $$(git ls-files '*.go' ':!gen' ':!*_templ.go' ':!*.pb.go' ':!internal/tidy/testdata')
	@$(BUF) format -w proto
	@$(TOOL) templ fmt gateway/portal
templ: ## regenerate the portal's pages from gateway/portal/*.templ
	@cd gateway/portal && $(subst tools/go.mod,../../tools/go.mod,$(TOOL)) templ generate -log-level error

# module:directory-with-protos:link-name, versions always those of go.mod
PROTO_DEPS := \
	github.com/cosmos/cosmos-sdk:proto:sdk \
	github.com/cosmos/gogoproto:.:gogo \
	github.com/cosmos/cosmos-proto:proto:cosmosproto \
	github.com/grpc-ecosystem/grpc-gateway:third_party/googleapis:googleapis

.PHONY: proto-deps gen gen-check proto-check
proto-deps: ## link third-party protos out of the module cache
	@mkdir -p .protodeps
	@for d in $(PROTO_DEPS); do IFS=: read -r mod dir name <<< "$$d"; \
		ln -sfn "$$(go list -m -f '{{.Dir}}' $$mod)/$$dir" .protodeps/$$name; done
gen: proto-deps templ ## regenerate gen/, passkey/keys.pb.go and the portal's templates
	@$(BUF) generate
	@$(BUF) generate --template buf.gen.passkey.yaml proto --path proto/xinlian/passkey
	@mv .gentmp/github.com/xinlian/xinlian/passkey/*.pb.go passkey/ && rm -rf .gentmp
proto-check: proto-deps ## lint and format the protos
	@$(BUF) lint proto
	@$(BUF) format proto --diff --exit-code
gen-check: gen ## fail when generated code is stale
	@git diff --exit-code --stat -- gen passkey gateway/portal && test -z "$$(git status --porcelain -- gen passkey 'gateway/portal/*_templ.go')"

WEB := gateway/portal/web
WEB_PROTOS := $(addprefix --path ,$(foreach m,org profile attestation loan cash,proto/xinlian/$(m)/v1/tx.proto) proto/xinlian/passkey \
	.protodeps/sdk/cosmos/tx/v1beta1/tx.proto)

# $(1) is a copy of gateway/portal/web with node_modules, $(2) where the files for static/ go
define web-build
cp $(1)/node_modules/htmx.org/dist/htmx.min.js $(2)/htmx.min.js
cp $(1)/node_modules/htmx.org/LICENSE $(2)/htmx.LICENSE.txt
$(BUF) build --as-file-descriptor-set --exclude-source-info -o $(1)/.build/all.binpb $(WEB_PROTOS)
cd $(1) && node descriptors.mjs .build/all.binpb descriptors.bin && npm run --silent check && node build.mjs $(abspath $(2))/sign.js
endef

.PHONY: web web-check
web: proto-deps ## build the signing page into gateway/portal/static
	@mkdir -p $(WEB)/.build && cd $(WEB) && npm ci --no-audit --no-fund
	@$(call web-build,$(WEB),gateway/portal/static)
web-check: proto-deps ## test the signing page, build it again elsewhere, compare bytes
	@rm -rf build/web && mkdir -p build/web/static && cp -R $(WEB) build/web/web && rm -rf build/web/web/node_modules build/web/web/.build
	@mkdir -p build/web/web/.build && cd build/web/web && npm ci --no-audit --no-fund
	@$(call web-build,build/web/web,build/web/static)
	@cmp build/web/web/descriptors.bin $(WEB)/descriptors.bin
	@for f in sign.js htmx.min.js htmx.LICENSE.txt; do cmp build/web/static/$$f gateway/portal/static/$$f || exit 1; done
	@cd $(WEB) && { test -d node_modules || npm ci --no-audit --no-fund; } && npm test
