.PHONY: test ci fmt generate build

build:
	CGO_ENABLED=0 go build -trimpath -o changeguard ./cmd/changeguard

test:
	go test ./...

fmt:
	go tool -modfile=tools.mod gofumpt -w .

# Rewrites the rule pages and golden files from the code.
generate:
	go test ./rules/catalogue -update
	go test ./report -update

ci:
	bash .ci/run
