// Command check holds what deploys the program against those who will read it,
// as far as that can be done without them: the manifests for Kubernetes are built
// by kustomize and decoded strictly into its types, the Compose file is loaded by
// Compose's own reader, the Dockerfile goes through BuildKit's own checks, and
// what the image holds is put into an empty folder and started as the image's
// user.
//
//	go run . [ROOT]
//
// ROOT is the repository, ../.. by default. It exits with 1 when something is
// wrong. It is a module of its own, so that the program needs none of these.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := filepath.Join("..", "..")
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	if err := run(root); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run does all checks and says what it did.
func run(root string) error {
	var errs []error
	for _, c := range []struct {
		name string
		do   func(root string) (string, error)
	}{
		{"kubernetes/postgres", func(root string) (string, error) { return kubernetes(root, "postgres", 8) }},
		{"kubernetes/sqlite", func(root string) (string, error) { return kubernetes(root, "sqlite", 5) }},
		{"cloud-run.yaml", cloudRun},
		{"compose.yml", compose},
		{"Dockerfile", dockerfile},
		{"changeguard.service", systemd},
		{"image", image},
	} {
		said, err := c.do(root)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
			continue
		}
		fmt.Printf("%-20s %s\n", c.name, said)
	}
	return errors.Join(errs...)
}
