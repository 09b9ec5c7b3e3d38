package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// parseGoMod reads go.mod. A requirement marked "// indirect" is transitive. A
// replacement is a package of its own group, since it may replace what another
// module asks for.
func parseGoMod(path string, data []byte) (*File, error) {
	if err := checkGoText(path, data); err != nil {
		return nil, err
	}
	mod, err := modfile.Parse(path, data, nil)
	if err != nil {
		return nil, goModError(path, err)
	}
	f := &File{Path: path, Ecosystem: Go, Format: "go-mod"}
	for _, r := range mod.Require {
		f.addGo(r.Mod, "", r.Indirect, r.Syntax)
	}
	for _, t := range mod.Tool {
		f.addGo(module.Version{Path: t.Path}, "tool", false, t.Syntax)
	}
	f.replacements(mod.Replace)
	for _, e := range mod.Exclude {
		f.Settings = append(f.Settings, Setting{
			Name: "exclude", Value: e.Mod.String(), Gained: SourceChanged, Lost: Loosened, Line: e.Syntax.Start.Line, EndLine: e.Syntax.End.Line,
		})
	}
	f.goToolchain(mod)
	return f, f.count()
}

// maxGoMod is ten times the largest go.mod that is known. The parser takes a
// second for a megabyte of what is no go.mod.
const maxGoMod = 256 << 10

// checkGoText refuses what the parser of go.mod and go.work should not see.
func checkGoText(path string, data []byte) error {
	if len(data) > maxGoMod {
		return &ParseError{Path: path, Line: 1, Reason: fmt.Sprintf("%d bytes, the limit is %d", len(data), maxGoMod)}
	}
	return checkText(path, data)
}

// goModError keeps the first error. The rest of the list mostly follows from it,
// and its text repeats the file.
func goModError(path string, err error) error {
	e := &ParseError{Path: path, Line: 1, Reason: err.Error()}
	var list modfile.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		first := list[0]
		e.Line, e.Col = max(first.Pos.Line, 1), first.Pos.LineRune
		first.Filename, first.Pos = "", modfile.Position{}
		e.Reason = quoteLong(strings.TrimPrefix(first.Error(), ": "))
	}
	return e
}

// quoteLong leaves short plain text as it is.
func quoteLong(s string) string {
	if len(s) > 2*maxQuoteLen || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return quote(s)
	}
	return s
}

// addGo: Go picks one version by its rules alone and checks its hash, so
// everything in go.mod is pinned.
func (f *File) addGo(m module.Version, group string, indirect bool, at *modfile.Line) {
	f.Packages = append(f.Packages, Package{
		Ecosystem: Go, Name: m.Path, PURL: goPURL(m.Path), Spec: m.Version, Group: group, Pinned: true, Transitive: indirect,
		Line: at.Start.Line, EndLine: at.End.Line,
	})
}

// goPURL keeps the case: Go tells module paths apart by it.
func goPURL(modulePath string) string {
	parts := strings.Split(modulePath, "/")
	for i, p := range parts {
		parts[i] = purlEscape(p)
	}
	return "pkg:golang/" + strings.Join(parts, "/")
}

// replacements: the version that is replaced, if any, is the marker.
func (f *File) replacements(list []*modfile.Replace) {
	for _, r := range list {
		f.addGo(module.Version{Path: r.Old.Path, Version: r.New.Version}, groupReplace, false, r.Syntax)
		p := &f.Packages[len(f.Packages)-1]
		p.Marker, p.Source = r.Old.Version, r.New.Path
		if r.New.Version == "" {
			p.Source = "path:" + r.New.Path
		}
	}
}

// goToolchain makes packages of the Go version and the toolchain, so that their
// changes are told apart by size like others.
func (f *File) goToolchain(mod *modfile.File) {
	add := func(name, version string, at *modfile.Line) {
		f.addGo(module.Version{Path: name, Version: "v" + version}, "toolchain", false, at)
	}
	if mod.Go != nil {
		add("go", mod.Go.Version, mod.Go.Syntax)
		f.Packages[len(f.Packages)-1].PURL = "pkg:golang/stdlib"
	}
	if mod.Toolchain != nil {
		add("toolchain", strings.TrimPrefix(mod.Toolchain.Name, "go"), mod.Toolchain.Syntax)
	}
}

// parseGoSum reads go.sum: one entry for a module's content and one, marked
// "go.mod", for its go.mod. The go command writes one hash for each; where there
// are two it takes the archive that fits the first, so that is an error.
func parseGoSum(path string, data []byte) (*File, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	f := &File{Path: path, Ecosystem: Go, Format: "go-sum", Lock: true}
	f.Packages = make([]Package, 0, room(data, "h1:"))
	hashes := make(map[[2]string]string, cap(f.Packages))
	for n := 1; len(data) > 0; n++ {
		var line []byte
		line, data, _ = bytes.Cut(data, []byte{'\n'})
		words := strings.Fields(string(line))
		if len(words) == 0 {
			continue
		}
		if len(words) != 3 || !strings.HasPrefix(words[2], "h1:") {
			return nil, &ParseError{Path: path, Line: n, Reason: "no line of go.sum: " + quote(string(line))}
		}
		of := [2]string{words[0], words[1]}
		if h := hashes[of]; h != "" && h != words[2] {
			return nil, &ParseError{Path: path, Line: n, Reason: "another hash for the same version: " + quote(words[0]+" "+words[1])}
		}
		hashes[of] = words[2]
		version, isMod := strings.CutSuffix(words[1], "/go.mod")
		p := Package{
			Ecosystem: Go, Name: words[0], PURL: goPURL(words[0]), Spec: version, Integrity: words[2:3],
			Pinned: true, Transitive: true, Line: n, EndLine: n,
		}
		if isMod {
			p.Marker = "go.mod"
		}
		f.Packages = append(f.Packages, p)
		if err := f.count(); err != nil {
			return nil, err
		}
	}
	return f, nil
}
