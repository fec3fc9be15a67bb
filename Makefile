SHELL := /bin/bash
export CGO_ENABLED := 0
TOOL := go tool -modfile=tools/go.mod
BUF  := $(TOOL) buf

.DEFAULT_GOAL := help
.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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
gen: proto-deps ## regenerate gen/ and passkey/keys.pb.go
	@$(BUF) generate
	@$(BUF) generate --template buf.gen.passkey.yaml proto --path proto/xinlian/passkey
	@mv .gentmp/github.com/xinlian/xinlian/passkey/*.pb.go passkey/ && rm -rf .gentmp
proto-check: proto-deps ## lint and format the protos
	@$(BUF) lint proto
	@$(BUF) format proto --diff --exit-code
gen-check: gen ## fail when generated code is stale
	@git diff --exit-code --stat -- gen passkey && test -z "$$(git status --porcelain -- gen passkey)"
