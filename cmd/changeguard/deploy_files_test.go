package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every file that runs the server sets only what the program reads.
func TestDeploymentsSetWhatIsRead(t *testing.T) {
	t.Parallel()
	names := regexp.MustCompile(`CHANGEGUARD_[A-Z_]+`)
	found := 0
	err := filepath.WalkDir(filepath.Join(root, "deploy"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, name := range names.FindAllString(string(data), -1) {
			found++
			if !slices.Contains(variables(), name) {
				t.Errorf("%s: there is no setting %s", path, name)
			}
		}
		return nil
	})
	if err != nil || found < 30 {
		t.Errorf("%v, %d settings", err, found)
	}
}

// The image of a release is the image of the source.
func TestImagesAreTheSame(t *testing.T) {
	t.Parallel()
	a, b := stages(t, readText(t, "Dockerfile")), stages(t, readText(t, "deploy/Dockerfile.release"))
	for _, instruction := range []string{"USER", "WORKDIR", "VOLUME", "EXPOSE", "ENTRYPOINT", "CMD", "RUN"} {
		if x, y := a[len(a)-1].all(instruction), b[len(b)-1].all(instruction); !slices.Equal(x, y) {
			t.Errorf("%s: %q and %q", instruction, x, y)
		}
	}
	release := readText(t, ".goreleaser.yaml")
	for _, want := range []string{"internal/version.Number=", "internal/version.Commit=", "deploy/Dockerfile.release", "sboms:", "checksum:"} {
		if !strings.Contains(release, want) {
			t.Errorf("the release lacks %s", want)
		}
	}
}
