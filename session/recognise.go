package session

import (
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// The ranks of signals, the strongest first.
const (
	rankAccount = iota
	rankEmail
	rankSession
	rankFooter
	rankBranch
	rankNote // decides nothing
	ranks
)

// The bounds of what one change can put into a verdict. A rank keeps the first
// in order of place, and any signal of a rank decides, so nothing that is left
// out could have decided differently.
const (
	maxEvidence = 50
	maxIDs      = 50
	maxValue    = 200 // bytes of a piece of evidence
)

// signal is evidence with its meaning.
type signal struct {
	Evidence
	actor Actor
	name  string
}

// detector collects signals in order of place.
type detector struct {
	known   []Known
	signals [ranks][]signal
	ids     []string
}

// Recognise finds out who made a change. known are agents that a policy adds;
// they come before the built-in ones.
func Recognise(c *change.Change, known []Known) Session {
	d := &detector{known: known}
	d.author(c.Author)
	opened := d.actor()
	for _, commit := range c.Commits {
		d.commit(commit)
	}
	if opened != Bot {
		d.text(c.Body, "body")
	}
	d.branch(c.HeadRef)
	return d.session()
}

func (d *detector) add(rank int, s signal) {
	s.Evidence = s.clipped()
	same := func(old signal) bool { return old.Evidence == s.Evidence }
	if list := d.signals[rank]; len(list) < maxEvidence && !slices.ContainsFunc(list, same) {
		d.signals[rank] = append(list, s)
	}
}

func (d *detector) agent(rank int, name, kind, value, where string) {
	d.add(rank, signal{Evidence{kind, value, where}, Agent, name})
}

func (d *detector) note(kind, value, where string) {
	d.add(rankNote, signal{Evidence: Evidence{kind, value, where}})
}

func (d *detector) id(id string) {
	if len(d.ids) < maxIDs && !slices.Contains(d.ids, id) {
		d.ids = append(d.ids, id)
	}
}

// actor is the strongest claim: an agent, then an automation. Only the author's
// account makes a change an automation's.
func (d *detector) actor() Actor {
	actor := Human
	for _, rank := range d.signals {
		for _, s := range rank {
			switch s.actor {
			case Agent:
				return Agent
			case Bot:
				actor = Bot
			}
		}
	}
	return actor
}

// session sums up.
func (d *detector) session() Session {
	s := Session{Actor: d.actor(), IDs: d.ids}
	slices.Sort(s.IDs)
	for _, rank := range d.signals {
		for _, sig := range rank {
			if s.Agent == "" && s.Actor != Human && sig.actor == s.Actor {
				s.Agent = sig.name
			}
			if len(s.Evidence) < maxEvidence {
				s.Evidence = append(s.Evidence, sig.Evidence)
			}
		}
	}
	return s
}

// commit judges what a commit says of itself.
func (d *detector) commit(c change.Commit) {
	where := commitPlace(c.ID)
	d.email(c.Author.Email, "author of "+where)
	d.email(c.Committer.Email, "committer of "+where)
	d.text(c.Message, where)
}

// commitPlace words where in a commit something was found.
func commitPlace(id string) string { return "commit " + id[:min(len(id), 12)] }

// text judges a commit message or a body line by line.
func (d *detector) text(text, where string) {
	linked := hasLink(text)
	for _, line := range change.Unquoted(text) {
		if t, ok := change.ParseTrailer(line, 0); ok && d.trailer(t, where) {
			continue
		}
		if name := footer(line); name != "" {
			d.agent(rankFooter, name, "footer", line, where)
		}
		if linked {
			for _, l := range linksIn(line) {
				d.id(l.id)
				d.agent(rankSession, l.agent, "session", l.address, where)
			}
		}
	}
}

// footer names the agent whose footer the line is.
func footer(line string) string {
	if !strings.Contains(line, "Generated with [") {
		return ""
	}
	return footers[strings.Trim(line, "🤖_*. ")]
}

// trailer reports whether it knows the trailer's key.
func (d *detector) trailer(t change.Trailer, where string) bool {
	key := asciiLower(t.Key)
	agent, isID := idTrailers[key]
	values, credit := valueTrailers[key], creditTrailers[key]
	if credit {
		for _, address := range addresses(t.Value) {
			d.email(address, t.Key+" of "+where)
		}
	}
	if name := byValue(values, asciiLower(t.Value)); name != "" {
		d.agent(rankEmail, name, "trailer", t.Key+": "+t.Value, where)
	}
	if id := sessionID(t.Value); isID && id != "" {
		d.id(id)
		if agent != "" {
			d.agent(rankSession, agent, "session", t.Key+": "+t.Value, where)
		}
	}
	return isID || credit || values != nil
}

// byValue looks a trailer's value up, whole or by its beginning.
func byValue(values map[string]string, value string) string {
	if name := values[value]; name != "" {
		return name
	}
	if at := strings.IndexByte(value, ':'); at >= 0 {
		return values[value[:at+1]]
	}
	return ""
}

// addresses are the texts in angle brackets, or the whole value without any.
func addresses(value string) []string {
	_, rest, ok := strings.Cut(value, "<")
	if !ok {
		return []string{value}
	}
	var found []string
	for ; ok; _, rest, ok = strings.Cut(rest, "<") {
		address, _, _ := strings.Cut(rest, ">")
		found = append(found, address)
	}
	return found
}

// clipped bounds a piece of evidence.
func (e Evidence) clipped() Evidence {
	return Evidence{e.Signal, clip(e.Value), clip(e.Where)}
}

func clip(s string) string {
	if len(s) > maxValue {
		s = s[:maxValue] + "…"
	}
	return strings.ToValidUTF8(s, "")
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
