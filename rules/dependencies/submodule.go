package dependencies

import (
	"context"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/manifest"
)

// submodule is the format of what is no file: another repository at a commit.
const submodule = "submodule"

// onlySubmodule reports whether a path was nothing else before, and is nothing else.
func onlySubmodule(f change.File) bool {
	return (f.Mode == change.Submodule || f.Mode == change.NoMode) && (f.OldMode == change.Submodule || f.OldMode == change.NoMode)
}

// moved judges a submodule, which is a package at a commit. Where its repository
// lies, .gitmodules says.
func (j *judging) moved(ctx context.Context, c candidate) error {
	at := func(name, commit string) *manifest.File {
		if name == "" {
			return nil
		}
		return &manifest.File{Path: name, Format: submodule, Packages: []manifest.Package{{
			Ecosystem: manifest.Git, Name: c.file.Path, PURL: "pkg:generic/" + c.file.Path, Spec: commit, Pinned: true,
		}}}
	}
	return j.compare(ctx, c, at(c.base, c.file.OldBlob), at(c.head, c.file.Blob))
}
