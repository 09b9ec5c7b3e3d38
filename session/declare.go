package session

import (
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/pathset"
)

// Trailer is a "Key: value" line that declares a mode.
type Trailer struct{ Key, Value string }

// A Spec says how a mode is declared. Any one signal is enough.
type Spec struct {
	Name     string
	Labels   []string
	Branches *pathset.Matcher // nil for none
	Titles   []string
	Trailers []Trailer
}

// UndeclaredAgent is the mode of an agent's change that nobody declared.
const UndeclaredAgent = "undeclared-agent"

// ModeTrailer is the trailer that usually declares a mode. A value of it that a
// policy does not know is reported, whether or not the policy uses the key.
const ModeTrailer = "Session-Mode"

// maxDeclared bounds the evidence for one mode, and for unknown modes.
const maxDeclared = 20

// Declare adds to a recognised session the modes that the change declares and
// those that the record holds from before. undeclaredAgent says that the policy
// has that mode. It applies to every agent unless somebody other than the
// author set the label of a mode: what a change says of itself adds limits and
// takes none away.
func Declare(s Session, c *change.Change, specs []Spec, undeclaredAgent bool, record Record) Session {
	d := newDeclarer(s, c, record)
	for _, spec := range specs {
		d.spec(spec)
	}
	d.unknown(specs)
	if undeclaredAgent && s.Actor == Agent && !d.byOthers {
		d.session.Modes = append(d.session.Modes, Bound{Name: UndeclaredAgent})
	}
	if len(d.session.Modes) > 0 {
		d.session.Mode = d.session.Modes[0].Name
	}
	return d.session
}

// declarer lays specs on one change.
type declarer struct {
	change   *change.Change
	record   Record
	session  Session
	body     []change.Trailer
	commits  commits
	byOthers bool // a label that somebody other than the author set declares a mode
}

func newDeclarer(s Session, c *change.Change, record Record) *declarer {
	s.Evidence = slices.Clone(s.Evidence)
	s.Mode, s.Modes, s.Unknown = "", nil, nil
	return &declarer{change: c, record: record.canonical(), session: s, body: change.Trailers(c.Body), commits: readCommits(c)}
}

// spec finds out whether one mode applies, and to what.
func (d *declarer) spec(spec Spec) {
	b := newBinding(&d.commits)
	byOthers := d.labels(spec, b)
	d.branch(spec, b)
	d.titles(spec, b)
	d.trailers(spec, b)
	d.remembered(spec, b)
	if !b.applies() {
		return
	}
	// Whoever lifts a mode takes its label off as well. One that others put on
	// the change is their word, and it stands.
	if d.record.Lifted(spec.Name) && !byOthers {
		d.show(Evidence{"lift", spec.Name, "record"})
		return
	}
	for _, e := range b.shown {
		d.show(e)
	}
	d.session.Modes = append(d.session.Modes, b.bound(spec.Name))
	d.byOthers = d.byOthers || byOthers
}

func (d *declarer) show(e Evidence) {
	if e = e.clipped(); !slices.Contains(d.session.Evidence, e) {
		d.session.Evidence = append(d.session.Evidence, e)
	}
}

// labels reports whether somebody other than the author set one.
func (d *declarer) labels(spec Spec, b *binding) (byOthers bool) {
	for _, l := range d.change.Labels {
		if slices.ContainsFunc(spec.Labels, func(name string) bool { return strings.EqualFold(name, l.Name) }) {
			b.bindAll(Evidence{"label", l.Name, "pull request"})
			byOthers = byOthers || !l.ByAuthor
		}
	}
	return byOthers
}

func (d *declarer) branch(spec Spec, b *binding) {
	if name := d.change.HeadRef; spec.Branches != nil && name != "" && spec.Branches.Match(name) {
		b.bindAll(Evidence{"branch", name, "head branch"})
	}
}

func (d *declarer) titles(spec Spec, b *binding) {
	title := d.change.Title
	if title != "" && slices.ContainsFunc(spec.Titles, func(pattern string) bool { return MatchTitle(pattern, title) }) {
		b.bindAll(Evidence{"title", title, "pull request"})
	}
}

// trailers of the body bind everything, those of a commit its sessions.
func (d *declarer) trailers(spec Spec, b *binding) {
	for _, t := range d.body {
		if spec.declaredBy(t) {
			b.bindAll(Evidence{"trailer", t.Key + ": " + t.Value, "body"})
		}
	}
	for _, c := range d.commits.list {
		for _, t := range c.trailers {
			if spec.declaredBy(t) {
				b.bindSessions(c.sessions, Evidence{"trailer", t.Key + ": " + t.Value, c.where})
			}
		}
	}
}

func (s Spec) declaredBy(t change.Trailer) bool {
	return slices.ContainsFunc(s.Trailers, func(want Trailer) bool {
		return want.Value == t.Value && strings.EqualFold(want.Key, t.Key)
	})
}

// remembered adds what was declared before. What still shows is not said
// again, so that a verdict does not change because it was given before.
func (d *declarer) remembered(spec Spec, b *binding) {
	for _, old := range d.record.Declarations {
		if old.Mode != spec.Name || b.whole {
			continue
		}
		e := Evidence{old.Signal, old.Value, old.Where}
		adds := false
		switch {
		case old.Whole():
			b.whole, adds = true, true
		default:
			adds = b.addCommits(old.Commits) || adds
			adds = b.addSessions(old.Sessions) || adds
		}
		if adds {
			b.keep(e, Evidence{"record", strings.TrimSpace(old.Signal + " " + old.Value), old.Where})
		}
	}
}

// unknown collects values that look like the name of a mode and are none. Only
// keys that declare modes are looked at: a text is full of other trailers. The
// name of a mode that its policy lets other signals declare is no mistake that
// a list of known names would mend.
func (d *declarer) unknown(specs []Spec) {
	keys := map[string]bool{asciiLower(ModeTrailer): true}
	for _, s := range specs {
		for _, t := range s.Trailers {
			keys[asciiLower(t.Key)] = true
		}
	}
	look := func(list []change.Trailer, where string) {
		for _, t := range list {
			known := func(s Spec) bool { return s.Name == t.Value || s.declaredBy(t) }
			if keys[asciiLower(t.Key)] && !slices.ContainsFunc(specs, known) {
				d.addUnknown(Evidence{"trailer", t.Value, where})
			}
		}
	}
	look(d.body, "body")
	for _, c := range d.commits.list {
		look(c.trailers, c.where)
	}
}

func (d *declarer) addUnknown(e Evidence) {
	if e = e.clipped(); len(d.session.Unknown) < maxDeclared && !slices.Contains(d.session.Unknown, e) {
		d.session.Unknown = append(d.session.Unknown, e)
	}
}
