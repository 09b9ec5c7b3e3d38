package session

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// author judges the authenticated account. Only here an automation counts: what
// a commit says of itself anybody can write, and a policy may be milder with
// automations.
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
		s.actor, s.name = Bot, cmp.Or(login, "[bot]")
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

// accountOf finds a known account by its number, which survives a rename, or else,
// since a user cannot have an app's name, by its login.
func accountOf(id int64, login string, app bool) *account {
	for i, a := range accounts {
		if a.id != 0 && a.id == id {
			return &accounts[i]
		}
	}
	for i, a := range accounts {
		if app != a.user && slices.Contains(a.logins, login) {
			return &accounts[i]
		}
	}
	return nil
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
