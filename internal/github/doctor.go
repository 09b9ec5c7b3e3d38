package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// A Grant is what an App asks for, or an installation has.
type Grant struct {
	ID          int64             `json:"id"`
	Slug        string            `json:"slug"` // of an App
	Permissions map[string]string `json:"permissions"`
	Events      []string          `json:"events"`
	Suspended   *time.Time        `json:"suspended_at"`
	Page        string            `json:"html_url"`
}

// Self is what the App is registered with.
func (a *App) Self(ctx context.Context) (g Grant, err error) {
	return g, a.read(ctx, "app", &g)
}

// InstallationOf is the App's installation on a repository; [ErrNotFound] says
// that there is none.
func (a *App) InstallationOf(ctx context.Context, owner, repo string) (g Grant, err error) {
	return g, a.read(ctx, fmt.Sprintf("repos/%s/%s/installation", url.PathEscape(owner), url.PathEscape(repo)), &g)
}

func (a *App) read(ctx context.Context, path string, into any) error {
	return readWith(ctx, a.rest(), path, into)
}

func readWith(ctx context.Context, rest *gh.Client, path string, into any) error {
	req, err := rest.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return fmt.Errorf("ask for %s: %w", path, err)
	}
	_, err = rest.Do(ctx, req, into)
	return explain("ask for "+path, err)
}

// A Hook is where the App's webhooks are sent, and how.
type Hook struct {
	URL         string `json:"url"`
	ContentType string `json:"content_type"` // json or form
	Secret      string `json:"secret"`       // stars for one that is set
	InsecureSSL any    `json:"insecure_ssl"` // GitHub's description allows "1" and 1
}

// Insecure reports whether the server's certificate is not looked at.
func (h Hook) Insecure() bool { return fmt.Sprint(h.InsecureSSL) == "1" }

// Hook is how the App's webhook is set up; [ErrNotFound] says that it has none.
func (a *App) Hook(ctx context.Context) (h Hook, err error) {
	return h, a.read(ctx, "app/hook/config", &h)
}

// A Delivered is an attempt to deliver a webhook.
type Delivered struct {
	ID         int64     `json:"id"`
	GUID       string    `json:"guid"`
	At         time.Time `json:"delivered_at"`
	Event      string    `json:"event"`
	Status     int       `json:"status_code"`
	Redelivery bool      `json:"redelivery"`
}

// Delivered lists the App's last attempts, the youngest first, a hundred at most.
func (a *App) Delivered(ctx context.Context) (list []Delivered, err error) {
	return list, a.read(ctx, fmt.Sprintf("app/hook/deliveries?per_page=%d", perPage), &list)
}

// A Required is a check that a branch requires.
type Required struct {
	Name string
	App  int64 // 0 for any App
	// Ruleset is the number of the ruleset that says so, 0 for branch protection.
	Ruleset int64
	Source  string // of a ruleset: owner/name or an organisation
	Level   string // of a ruleset: Repository, Organization or Enterprise
	// AdminsExempt says that branch protection does not hold for administrators.
	AdminsExempt bool
	PinUnknown   bool // which App it is of is not shown to this one
}

// anyApp is how GitHub writes that a check may come from any App.
const anyApp = -1

// BranchRules are what a branch requires: by rulesets and by branch protection.
// An empty branch means the default branch, whose name is returned.
func (c *Client) BranchRules(ctx context.Context, owner, repo, branch string) (list []Required, of string, err error) {
	at := fmt.Sprintf("repos/%s/%s", url.PathEscape(owner), url.PathEscape(repo))
	if branch == "" {
		var r struct {
			Branch string `json:"default_branch"`
		}
		if err := readWith(ctx, c.rest, at, &r); err != nil {
			return nil, "", err
		}
		branch = r.Branch
	}
	if list, err = c.rulesets(ctx, at, branch); err != nil {
		return nil, branch, err
	}
	protected, err := c.protection(ctx, at, branch)
	return append(list, protected...), branch, err
}

func (c *Client) rulesets(ctx context.Context, at, branch string) (list []Required, err error) {
	for page := 1; page <= maxPages; page++ {
		var rules []struct {
			Type       string `json:"type"`
			ID         int64  `json:"ruleset_id"`
			Source     string `json:"ruleset_source"`
			Level      string `json:"ruleset_source_type"`
			Parameters struct {
				Checks []struct {
					Context string `json:"context"`
					App     *int64 `json:"integration_id"`
				} `json:"required_status_checks"`
			} `json:"parameters"`
		}
		if err := readWith(ctx, c.rest, fmt.Sprintf("%s/rules/branches/%s?per_page=%d&page=%d", at, url.PathEscape(branch), perPage, page), &rules); err != nil {
			return nil, err
		}
		for _, r := range rules {
			for _, k := range r.Parameters.Checks {
				list = append(list, Required{Name: k.Context, App: pinned(k.App), Ruleset: r.ID, Source: r.Source, Level: r.Level})
			}
		}
		if len(rules) < perPage {
			break
		}
	}
	return list, nil
}

func pinned(app *int64) int64 {
	if app == nil || *app == anyApp {
		return 0
	}
	return *app
}

// protection is what a branch shows of its protection to everybody who may read
// it.
func (c *Client) protection(ctx context.Context, at, branch string) (list []Required, err error) {
	var b struct {
		Protection struct {
			Checks struct {
				Level    string   `json:"enforcement_level"`
				Contexts []string `json:"contexts"`
				Checks   []struct {
					Context string `json:"context"`
					App     *int64 `json:"app_id"`
				} `json:"checks"`
			} `json:"required_status_checks"`
		} `json:"protection"`
	}
	if err := readWith(ctx, c.rest, at+"/branches/"+url.PathEscape(branch), &b); err != nil {
		return nil, err
	}
	shown := b.Protection.Checks
	if shown.Level == "off" {
		return nil, nil
	}
	exempt := shown.Level != "everyone"
	named := make(map[string]bool)
	for _, k := range shown.Checks {
		named[k.Context] = true
		list = append(list, Required{Name: k.Context, App: pinned(k.App), AdminsExempt: exempt})
	}
	for _, name := range shown.Contexts {
		if !named[name] {
			list = append(list, Required{Name: name, AdminsExempt: exempt, PinUnknown: true})
		}
	}
	return list, nil
}

// Bypass lists who may bypass a ruleset, as GitHub writes them. known is false
// where it does not tell this App.
func (c *Client) Bypass(ctx context.Context, owner, repo string, ruleset int64) (actors []string, known bool, err error) {
	var r struct {
		Actors *[]struct {
			ID   *int64 `json:"actor_id"`
			Type string `json:"actor_type"`
			Mode string `json:"bypass_mode"`
		} `json:"bypass_actors"`
	}
	err = readWith(ctx, c.rest, fmt.Sprintf("repos/%s/%s/rulesets/%d", url.PathEscape(owner), url.PathEscape(repo), ruleset), &r)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrForbidden) {
		return nil, false, nil
	}
	if err != nil || r.Actors == nil {
		return nil, false, err
	}
	for _, a := range *r.Actors {
		name := a.Type
		if a.ID != nil {
			name = fmt.Sprintf("%s %d", a.Type, *a.ID)
		}
		actors = append(actors, fmt.Sprintf("%s (%s)", name, a.Mode))
	}
	return actors, true, nil
}
