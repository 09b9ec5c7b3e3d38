package guard

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/verdict"
)

// prints tell in which content something was found: names, modes and blob ids of
// the finding's files, before and after. What people lift they lift for that
// content. A finding that is about no file, or about one of which the content is
// not known, is bound to the commit.
type prints struct {
	change *change.Change
	files  map[string]change.File // by either name
	whole  string
}

func newPrints(c *change.Change) *prints {
	p := &prints{change: c, files: make(map[string]change.File, len(c.Files))}
	all := sha256.New()
	for _, f := range c.Files {
		p.files[f.Path] = f
		if f.OldPath != "" {
			if _, taken := p.files[f.OldPath]; !taken {
				p.files[f.OldPath] = f
			}
		}
		writeFile(all, f)
	}
	p.whole = "all " + sum(all)
	return p
}

func writeFile(h hash.Hash, f change.File) {
	for _, part := range []string{f.Path, f.OldPath, string(f.OldMode), f.OldBlob, string(f.Mode), f.Blob} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)[:16]) }

// of is the print of a finding.
func (p *prints) of(f *verdict.Finding) string {
	names := slices.Compact(slices.Sorted(slices.Values(f.Files)))
	h := sha256.New()
	for _, name := range names {
		file, ok := p.files[name]
		if !ok || file.Mode != change.NoMode && file.Blob == "" || file.OldMode != change.NoMode && file.OldBlob == "" {
			names = nil
			break
		}
		writeFile(h, file)
	}
	if len(names) == 0 {
		return p.bound()
	}
	return sum(h)
}

// bound is the print of what belongs to the commit.
func (p *prints) bound() string { return "head " + p.change.Head + " " + p.whole }

// unbound is a print without its commit: a merge queue makes one of its own of
// the same content.
func unbound(print string) string {
	if _, rest, ok := strings.Cut(print, " all "); ok {
		return "all " + rest
	}
	return print
}

// all are the prints of what can be lifted, by the finding's id.
func (p *prints) all(v *verdict.Verdict) map[string]string {
	list := make(map[string]string)
	for i := range v.Findings {
		if f := &v.Findings[i]; !f.Final() {
			list[f.ID] = p.of(f)
		}
	}
	return list
}

// printsOf reads the prints that were kept with a verdict; none for one that
// another version stored.
func printsOf(stored store.Verdict) map[string]string {
	var in inputs
	if json.Unmarshal(stored.Inputs, &in) != nil {
		return nil
	}
	return in.Prints
}
