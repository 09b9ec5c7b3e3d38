package check

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goreleaser/fileglob"
	"github.com/goreleaser/goreleaser/v2/pkg/config"
)

// The release is described as goreleaser reads it, strictly; what it names is
// there, and the programs are built as the Dockerfile builds them.
func TestReleaseIsWhatGoreleaserReads(t *testing.T) {
	t.Parallel()
	p, err := config.Load("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.LoadReader(strings.NewReader("version: 2\nbuilds:\n  - mian: ./cmd\n")); err == nil {
		t.Error("a key that there is none of must be noticed")
	}
	if len(p.Builds) != 1 || len(p.Archives) != 1 || len(p.SBOMs) != 1 || len(p.DockersV2) != 1 {
		t.Fatalf("%+v", p)
	}
	b := p.Builds[0]
	if _, err := os.Stat("../../" + b.Main + "/main.go"); err != nil {
		t.Error(err)
	}
	if !slices.Contains(b.Env, "CGO_ENABLED=0") || !slices.Contains(b.Flags, "-trimpath") || !slices.Contains(b.Flags, "-buildvcs=true") || !slices.Contains(b.Goos, "linux") || !slices.Contains(b.Goarch, "arm64") {
		t.Errorf("%+v", b)
	}
	flags := strings.Join(b.Ldflags, " ")
	source := string(read(t, "../internal/version/version.go"))
	for _, name := range []string{"Number", "Commit"} {
		if !strings.Contains(flags, "internal/version."+name+"=") || !strings.Contains(source, name) {
			t.Errorf("the build does not set %s", name)
		}
	}
	d := p.DockersV2[0]
	for _, name := range append(d.ExtraFiles, d.Dockerfile) {
		if _, err := os.Stat("../../" + name); err != nil {
			t.Error(err)
		}
	}
	text := string(read(t, "../"+d.Dockerfile))
	for _, name := range d.ExtraFiles {
		if !strings.Contains(text, name) {
			t.Errorf("%s does not take %s", d.Dockerfile, name)
		}
	}
	if !strings.Contains(text, "$TARGETPLATFORM/"+p.ProjectName) {
		t.Errorf("%s does not take the program from where goreleaser puts it", d.Dockerfile)
	}
	if p.Checksum.Algorithm != "sha256" {
		t.Errorf("checksums by %s", p.Checksum.Algorithm)
	}
	if p.Release.GitHub.Owner != "changeguard" || p.Release.GitHub.Name != "changeguard" {
		t.Errorf("released to %+v", p.Release.GitHub)
	}
}

// An archive holds the whole manual and what runs the server, in one folder, dated
// by the commit, so that it is the same whenever it is made.
func TestArchivesAreWhole(t *testing.T) {
	t.Parallel()
	p, err := config.Load("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	a := p.Archives[0]
	if a.WrapInDirectory != "true" || a.BuildsInfo.MTime != "{{.CommitDate}}" {
		t.Errorf("%q, %+v", a.WrapInDirectory, a.BuildsInfo)
	}
	if entry := source(t, "deploy/action/run.sh"); a.NameTemplate != "{{.ProjectName}}_{{.Version}}_{{.Os}}_{{.Arch}}" || !strings.Contains(entry, "changeguard_${INPUT_RELEASE#v}_$machine") || !strings.Contains(entry, "machine=linux_amd64 ;;") {
		t.Errorf("the Action does not fetch what is called %s", a.NameTemplate)
	}
	held := make(map[string]bool)
	for _, f := range a.Files {
		matched, err := fileglob.Glob(f.Source, fileglob.WithFs(os.DirFS("../..")))
		if err != nil || len(matched) == 0 || f.Info.MTime != a.BuildsInfo.MTime {
			t.Errorf("%+v: %v, %v", f, matched, err)
		}
		for _, name := range matched {
			held[name] = true
		}
	}
	for _, name := range []string{"LICENSE", "NOTICE", "README.md", "SECURITY.md"} {
		if !held[name] {
			t.Errorf("%s is in no archive", name)
		}
	}
	for _, folder := range []string{"docs", "deploy"} {
		err := fs.WalkDir(os.DirFS("../.."), folder, func(name string, d fs.DirEntry, err error) error {
			ours := strings.HasPrefix(name, "deploy/check") || strings.HasPrefix(name, "deploy/action") || name == "deploy/Dockerfile.release"
			if err == nil && !d.IsDir() && held[name] == ours {
				t.Errorf("%s: in the archive is %t", name, held[name])
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
