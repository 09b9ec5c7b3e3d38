package session

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// The ranks of signals, the strongest first. The agent's name comes from the
// strongest signal.
const (
	rankAccount = iota
	rankEmail
	rankSession
	rankBranch
	rankAssist
)

// signal is evidence with its meaning.
type signal struct {
	Evidence
	rank  int
	actor Actor // "" decides nothing
	name  string
}

// maxEvidence bounds what one change can put into a verdict.
const maxEvidence = 50

// Recognise finds out who made a change. known are agents that a policy adds.
func Recognise(c *change.Change, known []Known) Session {
	d := &detector{known: known}
	d.author(c.Author)
	for _, commit := range c.Commits {
		d.commit(commit)
	}
	if d.actor() != Bot { // automations quote what others wrote
		d.body(c.Body)
	}
	d.branch(c.HeadRef)
	return d.session()
}

// detector collects signals.
type detector struct {
	known   []Known
	signals []signal
	ids     []string
}

func (d *detector) add(rank int, actor Actor, name, kind, value, where string) {
	s := signal{Evidence{kind, value, where}, rank, actor, name}
	if !slices.Contains(d.signals, s) {
		d.signals = append(d.signals, s)
	}
}

func (d *detector) actor() Actor {
	actor := Human
	for _, s := range d.signals {
		switch {
		case s.actor == Agent:
			return Agent
		case s.actor == Bot && s.rank == rankAccount && s.Where == whereAuthor:
			actor = Bot
		}
	}
	return actor
}

const whereAuthor = "author of the pull request"

// author judges the authenticated account.
func (d *detector) author(p change.Person) {
	if p.Login == "" {
		return
	}
	name := strings.TrimSuffix(strings.ToLower(p.Login), "[bot]")
	for _, k := range d.known {
		if slices.ContainsFunc(k.Logins, func(l string) bool { return strings.EqualFold(l, p.Login) }) {
			d.add(rankAccount, Agent, k.Name, "account", p.Login, whereAuthor)
		}
	}
	bot := p.Kind == change.Bot || strings.HasSuffix(p.Login, "[bot]")
	for _, a := range accounts {
		byID := p.ID != 0 && p.ID == a.id
		byName := bot && slices.Contains(a.logins, name)
		if byID && !(p.ID == actionsID && bot && a.actor == Bot && !byName) || byName {
			d.add(rankAccount, a.actor, a.name, "account", p.Login, whereAuthor)
			return
		}
	}
	if bot {
		d.add(rankAccount, Bot, name, "account", p.Login, whereAuthor)
	}
}

// commit judges what a commit says of itself.
func (d *detector) commit(c change.Commit) {
	where := "commit " + c.ID[:min(len(c.ID), 12)]
	d.email(c.Author.Email, "author", where)
	d.email(c.Committer.Email, "committer", where)
	for _, t := range change.Trailers(c.Message) {
		d.trailer(t, where)
	}
}

func (d *detector) body(body string) {
	for _, t := range change.Trailers(body) {
		d.trailer(t, "body")
	}
	for _, line := range change.Unquoted(body) {
		d.link(line, "body")
	}
}

func (d *detector) trailer(t change.Trailer, where string) {
	key := strings.ToLower(t.Key)
	switch {
	case key == "co-authored-by" || key == "assisted-by":
		if _, rest, ok := strings.Cut(t.Value, "<"); ok {
			address, _, _ := strings.Cut(rest, ">")
			d.email(address, t.Key, where)
		}
	case valueTrailers[key] != nil:
		if name := valueTrailers[key][strings.ToLower(t.Value)]; name != "" {
			d.add(rankEmail, Agent, name, "trailer", t.Key+": "+t.Value, where)
		}
	default:
		if name, ok := idTrailers[key]; ok {
			if id := sessionID(t.Value); id != "" {
				d.id(id)
				if name != "" {
					d.add(rankSession, Agent, name, "session", t.Key+": "+t.Value, where)
				}
			}
		}
	}
}

// link finds session addresses.
func (d *detector) link(line, where string) {
	for _, l := range links {
		_, rest, ok := strings.Cut(line, l.prefix)
		if id := idPrefix(rest); ok && id != "" {
			d.id(sessionID(l.prefix + id))
			d.add(rankSession, Agent, l.name, "session", l.prefix+id, where)
		}
	}
}

func (d *detector) id(id string) {
	if id != "" && len(d.ids) < maxEvidence && !slices.Contains(d.ids, id) {
		d.ids = append(d.ids, id)
	}
}

// sessionID takes the id out of an address: its last part that looks like one.
func sessionID(value string) string {
	value = strings.TrimRight(strings.TrimSpace(value), "/")
	if at := strings.LastIndexAny(value, "/="); at >= 0 {
		value = value[at+1:]
	}
	if len(value) > 128 || len(idPrefix(value)) != len(value) {
		return ""
	}
	return value
}

// idPrefix is the run of characters of an id.
func idPrefix(s string) string {
	n := strings.IndexFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_' || r == '.')
	})
	if n < 0 {
		n = len(s)
	}
	return s[:min(n, 128)]
}

// email judges an address. GitHub's noreply addresses carry the account's id.
func (d *detector) email(address, field, where string) {
	address = asciiLower(strings.TrimSpace(address))
	if address == "" || len(address) > 254 {
		return
	}
	for _, k := range d.known {
		if slices.ContainsFunc(k.Emails, func(e string) bool { return asciiLower(e) == address }) {
			d.add(rankEmail, Agent, k.Name, "email", address, field+" of "+where)
		}
	}
	if name, ok := emails[address]; ok {
		d.add(rankEmail, Agent, name, "email", address, field+" of "+where)
		return
	}
	if assistEmails[address] {
		d.add(rankAssist, "", "", "assist", address, field+" of "+where)
		return
	}
	if local, ok := strings.CutSuffix(address, "@users.noreply.github.com"); ok {
		d.noreply(local, address, field, where)
	}
}

// noreply reads "ID+LOGIN"; addresses without an id are older than every agent.
func (d *detector) noreply(local, address, field, where string) {
	number, name, ok := strings.Cut(local, "+")
	id, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return
	}
	name = strings.TrimSuffix(name, "[bot]")
	if assistIDs[id] {
		d.add(rankAssist, "", "", "assist", address, field+" of "+where)
		return
	}
	for _, a := range accounts {
		// Agents in workflows commit under the workflow's id with their own login.
		borrowed := id == actionsID && a.actor == Agent && slices.Contains(a.logins, name)
		if borrowed || id == a.id && id != 0 && !(id == actionsID && name != "github-actions") {
			d.add(rankEmail, a.actor, a.name, "email", address, field+" of "+where)
			return
		}
	}
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func (d *detector) branch(name string) {
	for _, p := range branchPrefixes {
		if strings.HasPrefix(name, p.prefix) && len(name) > len(p.prefix) {
			d.add(rankBranch, Agent, p.name, "branch", name, "head branch")
			return
		}
	}
	for _, p := range botPrefixes {
		if strings.HasPrefix(name, p.prefix) {
			d.add(rankBranch, "", p.name, "branch", name, "head branch")
			return
		}
	}
}

// session sums up.
func (d *detector) session() Session {
	slices.SortStableFunc(d.signals, func(a, b signal) int { return cmp.Compare(a.rank, b.rank) })
	s := Session{Actor: d.actor(), IDs: d.ids}
	slices.Sort(s.IDs)
	for _, sig := range d.signals {
		if s.Agent == "" && sig.actor == s.Actor && s.Actor != Human {
			s.Agent = sig.name
		}
		if len(s.Evidence) < maxEvidence {
			s.Evidence = append(s.Evidence, sig.Evidence)
		}
	}
	return s
}
