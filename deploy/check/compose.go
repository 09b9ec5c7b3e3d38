package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
)

// compose loads the project as Compose does, with all that it refuses.
func compose(root string) (string, error) {
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "deploy", "compose.yml")}, cli.WithName("changeguard"), cli.WithEnv([]string{"CHANGEGUARD_APP_ID=1"}))
	if err != nil {
		return "", err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return "", err
	}
	s, ok := project.Services["changeguard"]
	if !ok || s.Build == nil {
		return "", errors.New("it does not build changeguard")
	}
	for _, file := range []string{s.Build.Dockerfile} {
		if _, err := os.Stat(filepath.Join(s.Build.Context, file)); err != nil {
			return "", err
		}
	}
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range project.Services {
			if !yield(name) {
				return
			}
		}
	})
	return fmt.Sprintf("services %s", strings.Join(names, ", ")), nil
}
