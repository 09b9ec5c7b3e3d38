package session

import (
	"slices"
	"strconv"
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

// author judges the authenticated account.
func (d *detector) author(p change.Person) {
	if p.Login == "" {
		return
	}
	login, suffixed := strings.CutSuffix(asciiLower(p.Login), "[bot]")
	app := suffixed || p.Kind == change.Bot
	s := signal{Evidence: Evidence{"account", p.Login, "author of the pull request"}}
	if k := d.knownLogin(login, app); k != "" {
		s.actor, s.name = Agent, k
	} else if a := accountOf(p.ID, login, app); a != nil {
		s.actor, s.name = a.actor, a.name
	} else if app {
		s.actor, s.name = Bot, login
	} else {
		return
	}
	d.add(rankAccount, s)
}

// knownLogin finds an agent of the policy by its login.
func (d *detector) knownLogin(login string, app bool) string {
	for _, k := range d.known {
		for _, l := range k.Logins {
			name, onlyApp := strings.CutSuffix(asciiLower(l), "[bot]")
			if name == login && (app || !onlyApp) {
				return k.Name
			}
		}
	}
	return ""
}

// accountOf finds a known account by its number or, since a user cannot have an
// app's name, by its login.
func accountOf(id int64, login string, app bool) *account {
	for i, a := range accounts {
		if a.id != 0 && a.id == id || app != a.user && slices.Contains(a.logins, login) {
			return &accounts[i]
		}
	}
	return nil
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
	return footers[strings.Trim(line, "🤖_* ")]
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

// email judges an address. Only ASCII letters are folded: other letters that
// look alike make another address.
func (d *detector) email(address, where string) {
	if address = asciiLower(strings.TrimSpace(address)); address == "" {
		return
	}
	for _, k := range d.known {
		if slices.ContainsFunc(k.Emails, func(e string) bool { return asciiLower(e) == address }) {
			d.agent(rankEmail, k.Name, "email", address, where)
			return
		}
	}
	local, domain, ok := strings.Cut(address, "@users.noreply.")
	switch {
	case emails[address] != "":
		d.agent(rankEmail, emails[address], "email", address, where)
	case assistEmails[address]:
		d.note("assist", address, where)
	case ok:
		d.noreply(local, domain == "github.com", address, where)
	}
}

// noreply reads "ID+LOGIN" or, older than every agent's, "LOGIN". Only
// GitHub.com gives its numbers a meaning here.
func (d *detector) noreply(local string, public bool, address, where string) {
	number, login, ok := strings.Cut(local, "+")
	if !ok {
		number, login = "", local
	}
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil || !public {
		id = 0
	}
	login, app := strings.CutSuffix(login, "[bot]")
	if login == "" {
		return
	}
	if name := d.knownLogin(login, app); name != "" {
		d.agent(rankAccount, name, "email", address, where)
		return
	}
	a := accountOf(id, login, app)
	switch {
	case assistIDs[id]:
		d.note("assist", address, where)
	case a == nil:
	case a.actor == Agent:
		d.agent(rankAccount, a.name, "email", address, where)
	default:
		d.note("automation", address, where)
	}
}

func (d *detector) branch(name string) {
	for _, b := range branches {
		if matchShape(b.shape, name) {
			d.agent(rankBranch, b.agent, "branch", name, "head branch")
			return
		}
	}
}

// matchShape compares a name with a branch's shape. Every "#" and "%" ends
// where its digits end, a "*" before the first character that follows it in the
// shape.
func matchShape(shape, name string) bool {
	for shape != "" {
		if name == "" {
			return false
		}
		n := 1
		switch shape[0] {
		case '#':
			n = len(name) - len(strings.TrimLeft(name, "0123456789"))
		case '%':
			n = len(name) - len(strings.TrimLeft(name, "0123456789abcdef"))
		case '*':
			if shape == "*" {
				return true
			}
			at := strings.IndexByte(name[1:], shape[1])
			return at >= 0 && matchShape(shape[1:], name[1+at:])
		default:
			if name[0] != shape[0] {
				return false
			}
		}
		if n == 0 {
			return false
		}
		shape, name = shape[1:], name[n:]
	}
	return name == ""
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
