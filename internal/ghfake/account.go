package ghfake

import (
	"fmt"
	"strings"
)

// An Account is a user, a bot or an organisation.
type Account struct {
	Login string
	ID    int64
	Type  string // User, Bot, Organization
	Email string // commits with it show the account; "" for none
}

// AddAccount makes an account known.
func (s *Server) AddAccount(a Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[strings.ToLower(a.Login)] = &a
}

// AddTeam makes a team of an organisation, with its members' roles (member or
// maintainer).
func (s *Server) AddTeam(org, slug string, roles map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	team := make(map[string]string, len(roles))
	for login, role := range roles {
		team[strings.ToLower(login)] = role
	}
	s.teams[strings.ToLower(org+"/"+slug)] = team
}

// account finds an account, or makes a user of that name.
func (s *Server) account(login string) *Account {
	if a, ok := s.users[strings.ToLower(login)]; ok {
		return a
	}
	a := &Account{Login: login, ID: s.id(), Type: "User"}
	if strings.HasSuffix(login, "[bot]") {
		a.Type = "Bot"
	}
	s.users[strings.ToLower(login)] = a
	return a
}

// byEmail finds the account that commits with an address.
func (s *Server) byEmail(email string) *Account {
	for _, a := range s.users {
		if a.Email != "" && a.Email == email {
			return a
		}
	}
	return nil
}

// json is the account as the API shows it.
func (a *Account) json() obj {
	page, api := site+"/"+a.Login, apiBase+"/users/"+a.Login
	if a.Type == "Bot" {
		page = site + "/apps/" + strings.TrimSuffix(a.Login, "[bot]")
		api = apiBase + "/users/" + strings.ReplaceAll(strings.ReplaceAll(a.Login, "[", "%5B"), "]", "%5D")
	}
	return obj{
		"login": a.Login, "id": a.ID, "node_id": nodeID("U", a.ID), "type": a.Type, "site_admin": false, "gravatar_id": "",
		"avatar_url": fmt.Sprintf("%s/avatars/u/%d", site, a.ID), "url": api, "html_url": page,
		"followers_url": api + "/followers", "following_url": api + "/following{/other_user}", "gists_url": api + "/gists{/gist_id}",
		"starred_url": api + "/starred{/owner}{/repo}", "subscriptions_url": api + "/subscriptions", "organizations_url": api + "/orgs",
		"repos_url": api + "/repos", "events_url": api + "/events{/privacy}", "received_events_url": api + "/received_events",
	}
}

// json is the App as the API shows it.
func (a *App) json() obj {
	owner := Account{Login: "app-owner", ID: 1, Type: "User"}
	return obj{
		"id": a.ID, "slug": a.Slug, "node_id": nodeID("A", a.ID), "owner": owner.json(), "name": a.Slug, "description": "",
		"external_url": site + "/apps/" + a.Slug, "html_url": site + "/apps/" + a.Slug, "created_at": epoch, "updated_at": epoch,
		"permissions": a.Permissions, "events": a.Events,
	}
}

// bot is the account that acts for an App.
func (s *Server) bot(app int64) *Account { return s.account(s.apps[app].Slug + "[bot]") }
