package manifest

import (
	"encoding/json"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// remote are the ways in which ADD fetches: what comes by them is in the image as a
// package is.
var remote = []string{"https://", "http://", "git://", "git@", "ssh://"}

// versionInAddress is what most likely is the version in an address of a release.
var versionInAddress = lazyregexp.New(`[0-9]+(?:\.[0-9]+)+`)

// local takes in the arguments and variables of a stage, which ADD knows. What
// cannot be told of one is not known.
func (d *dockerfile) local(name, value string) {
	if d.locals == nil {
		d.locals = make(map[string]Property)
	}
	d.by = 0
	if value, known := d.expandWith(strings.Trim(value, `"'`), d.locals); known && len(value) <= maxArgument {
		d.locals[name] = Property{value, d.by}
	} else {
		delete(d.locals, name)
	}
}

// localArg is an ARG within a stage: one without a default has that of the
// beginning.
func (d *dockerfile) localArg(name, value string, hasDefault bool) {
	given, is := d.given[name]
	if !is && !hasDefault {
		given, is = d.args[name]
	}
	switch {
	case is && len(given.Value) <= maxArgument:
		if d.locals == nil {
			d.locals = make(map[string]Property)
		}
		d.locals[name] = given
	case hasDefault:
		d.local(name, value)
	}
}

// env reads "ENV A=b C=d" and "ENV A b".
func (d *dockerfile) env(rest string) {
	first, others, _ := strings.Cut(rest, " ")
	if !strings.Contains(first, "=") {
		d.local(first, strings.TrimSpace(others))
		return
	}
	for from := 0; from < len(rest); {
		var word string
		if word, from = shellWord(rest, from); word != "" {
			if name, value, pair := strings.Cut(word, "="); pair {
				d.local(name, value)
			}
		}
	}
}

// add reads "ADD [--checksum=…] source… destination".
func (d *dockerfile) add(rest string) error {
	checksum := ""
	for strings.HasPrefix(rest, "--") {
		var flag string
		flag, rest, _ = strings.Cut(rest, " ")
		rest = strings.TrimSpace(rest)
		if sum, is := strings.CutPrefix(flag, "--checksum="); is {
			checksum = strings.Trim(sum, `"'`)
		}
	}
	var sources []string
	if !strings.HasPrefix(rest, "[") || json.Unmarshal([]byte(rest), &sources) != nil {
		sources = strings.Fields(rest)
	}
	for i, s := range sources {
		if i == len(sources)-1 && i > 0 {
			break // where it goes
		}
		if err := d.fetched(strings.Trim(s, `"'`), checksum); err != nil {
			return err
		}
	}
	return nil
}

// fetched notes what is fetched from an address. Where a version stands in it the rest
// is its name, so that another version is told from another place.
func (d *dockerfile) fetched(source, checksum string) error {
	d.by = 0
	if address, known := d.expandWith(source, d.locals); known {
		source = address
	}
	if checksum != "" {
		if sum, known := d.expandWith(checksum, d.locals); known {
			checksum = sum
		}
	}
	if !isRemote(source) {
		return nil
	}
	p := Package{Ecosystem: Docker, Name: source, Line: d.first, EndLine: d.n}
	if address, ref, is := strings.Cut(source, "#"); is {
		p.Name, p.Spec = address, ref
		commit, _, _ := strings.Cut(ref, ":")
		p.Pinned = isCommit(commit)
	} else if version := versionInAddress.FindString(afterHost(source)); version != "" {
		p.Name, p.Spec = strings.ReplaceAll(source, version, "*"), version
	}
	if hasDigest(checksum) {
		p.Pinned, p.Integrity = true, []string{checksum}
	}
	p.PURL = "pkg:generic/" + purlPath(strings.TrimPrefix(p.Name, "https://"))
	if d.given != nil {
		p.Line, p.EndLine = d.by, d.by
	}
	return d.file.addNew(p, d.seen)
}

func isRemote(source string) bool {
	for _, start := range remote {
		if len(source) > len(start) && strings.EqualFold(source[:len(start)], start) {
			return true
		}
	}
	return false
}

// afterHost is the path of an address.
func afterHost(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	_, path, _ := strings.Cut(rest, "/")
	return path
}
