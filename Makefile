.PHONY: test ci fmt generate build

build:
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o changeguard ./cmd/changeguard

test:
	go test ./...

fmt:
	go tool -modfile=tools.mod gofumpt -w .

# Rewrites the rule pages, the golden files and the README's check run from the code.
generate:
	go test ./rules/catalogue -update
	go test ./policy -run Schema -update
	go test ./report -update
	go test ./internal/metrics -update
	go test ./cmd/changeguard -run TestReadmeShowsTheCheckRun -update

ci:
	bash .ci/run
