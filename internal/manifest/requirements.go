package manifest

import (
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// parseRequirements reads pip's requirements and constraints files the way pip
// does, odd corners included: a hostile file is written for pip to read.
func parseRequirements(name string, data []byte) (*File, error) {
	if err := checkText(name, data); err != nil {
		return nil, err
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if e := otherEncoding(text); e != "" {
		return nil, &ParseError{Path: name, Line: 1, Reason: "declares the encoding " + quote(e) + "; only UTF-8 is read"}
	}
	lines, bad, reason := logicalLines(text)
	if reason != "" {
		return nil, &ParseError{Path: name, Line: bad, Reason: reason}
	}
	f := &File{Path: name, Ecosystem: PyPI, Format: "requirements"}
	group := ""
	if isConstraints(name) {
		group = groupConstraint
	}
	for _, l := range lines {
		if reason := f.addRequirementLine(l, group); reason != "" {
			return nil, &ParseError{Path: name, Line: l.first, Reason: reason}
		}
		if err := f.count(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// roughInclude is a line that includes another list, whatever stands around it.
var roughInclude = lazyregexp.New(`(?m)^[ \t]*(?:-r|-c|--r[a-z]*|--c[a-z]*)[ \t=]*([^\s#]+)`)

// RoughIncludes are the files of the tree that a list of pip's which does not
// parse seems to include: rather one too many than one too few.
func RoughIncludes(name string, data []byte) []string {
	var paths []string
	for _, m := range roughInclude.FindAllStringSubmatch(string(data[:min(len(data), MaxBytes)]), maxEntries) {
		if p := within(name, strings.Trim(m[1], `"'`)); p != "" {
			paths = append(paths, p)
		}
	}
	return paths
}

// addRequirementLine takes in one logical line; the reason says why it cannot.
func (f *File) addRequirementLine(l logicalLine, group string) (reason string) {
	text, options := cutOptions(l.text)
	opts, reason := parseOptions(options)
	if reason != "" {
		return reason
	}
	from := len(f.Packages)
	if text != "" {
		p, reason := parseRequirement(text)
		if reason != "" {
			return reason
		}
		f.Packages = append(f.Packages, p)
	}
	for _, o := range opts {
		if o.name == "editable" {
			if len(f.Packages) > from { // pip takes the first and drops the others
				return "two requirements in one line"
			}
			p, reason := parseRequirement(o.value)
			if reason != "" {
				return reason
			}
			p.Options = append(p.Options, "editable")
			f.Packages = append(f.Packages, p)
		} else if !isPackageOption(o.name) {
			f.addFileOption(o, l)
		}
	}
	return f.finishPackages(from, opts, l, group)
}

func isPackageOption(name string) bool {
	return name == "hash" || name == "config-settings" || name == "global-option" || name == "install-option"
}

// finishPackages gives the packages of one line its options and its place.
func (f *File) finishPackages(from int, opts []pipOption, l logicalLine, group string) (reason string) {
	for i := from; i < len(f.Packages); i++ {
		p := &f.Packages[i]
		p.Group, p.Line, p.EndLine = group, l.first, l.last
		for _, o := range opts {
			switch {
			case o.name == "hash":
				if !validPipHash(o.value) {
					return "invalid hash " + quote(o.value)
				}
				p.Integrity = append(p.Integrity, strings.ToLower(o.value))
			case isPackageOption(o.name):
				p.Options = append(p.Options, o.name+"="+o.value)
			}
		}
		if p.Source != "" && len(p.Integrity) > 0 {
			p.Pinned = true
		}
		p.Options, p.Integrity = sorted(p.Options), sorted(p.Integrity)
	}
	if from == len(f.Packages) && slices.ContainsFunc(opts, func(o pipOption) bool { return isPackageOption(o.name) }) {
		return "an option of a requirement stands alone"
	}
	return ""
}

// validPipHash checks "sha256:HEX".
func validPipHash(h string) bool {
	algorithm, digest, _ := strings.Cut(strings.ToLower(h), ":")
	length := map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}[algorithm]
	return length > 0 && len(digest) == length && isHex(digest)
}

func isHex(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return s != ""
}

// sorted sorts and drops repetitions; nil stays nil.
func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// addFileOption takes in an option that concerns the whole file.
func (f *File) addFileOption(o pipOption, l logicalLine) {
	switch o.name {
	case "requirement", "constraint":
		f.Includes = append(f.Includes, Include{
			Target: o.value, Path: within(f.Path, o.value), Constraint: o.name == "constraint", Line: l.first, EndLine: l.last,
		})
		return
	}
	s := Setting{Name: o.name, Value: redact(o.value), Gained: SourceChanged, Lost: SourceChanged, Line: l.first, EndLine: l.last}
	switch o.name {
	case "require-hashes":
		s.Gained, s.Lost = "", IntegrityRemoved
	case "pre", "all-releases":
		s.Gained, s.Lost = Loosened, ""
	case "only-final":
		s.Gained, s.Lost = "", Loosened
	case "prefer-binary", "use-feature", "always-unzip":
		s.Gained, s.Lost = "", ""
	}
	f.Settings = append(f.Settings, s)
}

// within resolves a target against the folder of a file; "" when that does not
// lead to a file of the tree.
func within(file, target string) string {
	if target == "" || strings.HasPrefix(target, "/") || strings.Contains(target, "://") || strings.Contains(target, "${") ||
		strings.HasPrefix(target, "file:") || strings.Contains(target, `\`) {
		return ""
	}
	p := path.Join(path.Dir(file), target)
	if p == ".." || strings.HasPrefix(p, "../") {
		return ""
	}
	return p
}
