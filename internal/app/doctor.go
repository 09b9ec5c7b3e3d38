package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/webhook"
)

// neededPermissions are what the App asks for; deploy/app-manifest.json asks for the
// same, and for the events that are acted on.
var neededPermissions = map[string]string{
	"contents": "read", "pull_requests": "write", "checks": "write", "statuses": "write", "merge_queues": "read", "metadata": "read", "members": "read",
}

// Doctor is what `changeguard doctor` was asked.
type Doctor struct {
	Config      Config // complete
	Owner, Repo string
	Branch      string // "" means the default branch
	Ping        bool   // send the last ping again
	JSON        bool
	Now         func() time.Time
	Transport   http.RoundTripper // nil means the usual one
	Pause       time.Duration     // between two looks for the ping's answer; 0 means half a second
}

// The states of a diagnosis.
const (
	healthy   = "ok"
	ill       = "problem"
	unasked   = "unknown"     // it could not be asked
	yoursToDo = "left to you" // GitHub does not tell the App
)

// A Diagnosis is one answer.
type Diagnosis struct {
	About  string `json:"about"`
	State  string `json:"state"` // ok, problem, unknown or left to you
	Says   string `json:"says"`
	Remedy string `json:"remedy,omitempty"`
	Page   string `json:"page,omitempty"`
}

// examination is one run of the doctor.
type examination struct {
	Doctor
	app    *github.App
	client *github.Client
	web    string // of GitHub
	list   []Diagnosis
}

// Run examines and returns the exit code: 1 with a problem, 3 when something
// could not be asked.
func (d Doctor) Run(ctx context.Context, stdout, stderr io.Writer) int {
	app, err := github.New(github.Options{BaseURL: d.Config.GitHubURL, AppID: d.Config.appID, Key: []byte(d.Config.PrivateKey), Transport: d.Transport, Now: d.Now, CheckName: d.Config.CheckName})
	if err != nil {
		fmt.Fprintln(stderr, "changeguard doctor:", err)
		return ExitUsage
	}
	x := &examination{Doctor: d, app: app, web: webOf(d.Config.GitHubURL)}
	if x.grants(ctx) {
		x.requirement(ctx)
	}
	x.hook(ctx)
	x.deliveries(ctx)
	x.server(ctx)
	if err := x.write(stdout); err != nil {
		fmt.Fprintln(stderr, "changeguard doctor:", err)
		return ExitIncomplete
	}
	return x.code()
}

// webOf is where GitHub's pages are, by where its API is.
func webOf(api string) string {
	u, err := url.Parse(api)
	if err != nil || u.Host == "api.github.com" {
		return "https://github.com"
	}
	return u.Scheme + "://" + u.Host
}

func (x *examination) code() int {
	code := ExitPass
	for _, d := range x.list {
		switch d.State {
		case ill:
			return ExitStopped
		case unasked:
			code = ExitIncomplete
		}
	}
	return code
}

func (x *examination) write(w io.Writer) error {
	if x.JSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(map[string]any{"repository": x.Owner + "/" + x.Repo, "diagnoses": x.list})
	}
	var b strings.Builder
	for _, d := range x.list {
		fmt.Fprintf(&b, "%-11s  %s: %s\n", d.State, d.About, d.Says)
		for _, more := range []string{d.Remedy, d.Page} {
			if more != "" {
				fmt.Fprintf(&b, "             %s\n", more)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (x *examination) say(about, state, says, remedy, page string) {
	x.list = append(x.list, Diagnosis{about, state, says, remedy, page})
}

// unanswered notes what could not be asked.
func (x *examination) unanswered(about string, err error) {
	x.say(about, unasked, err.Error(), "Ask again when GitHub answers; the App's number and key must fit.", "")
}

// repoPage is a page of the repository.
func (x *examination) repoPage(path string) string {
	return x.web + "/" + x.Owner + "/" + x.Repo + path
}

// grants looks at the App and its installation, and reports whether there is one.
func (x *examination) grants(ctx context.Context) bool {
	self, err := x.app.Self(ctx)
	if err != nil {
		x.unanswered("the App", err)
		return false
	}
	x.lacks("the App's registration", self, x.web+"/settings/apps/"+self.Slug+"/permissions", "Add it in the App's settings under Permissions & events; organisations have to accept it then.")
	i, err := x.app.InstallationOf(ctx, x.Owner, x.Repo)
	switch {
	case errors.Is(err, github.ErrNotFound):
		x.say("installation", ill, "the App is not installed on "+x.Owner+"/"+x.Repo, "Install it, or add the repository to its installation.", x.web+"/apps/"+self.Slug+"/installations/new")
		return false
	case err != nil:
		x.unanswered("installation", err)
		return false
	case i.Suspended != nil:
		x.say("installation", ill, "it is suspended: nothing is judged", "Lift the suspension.", i.Page)
		return false
	}
	x.lacks("the installation", i, i.Page, "Accept the App's new permissions on the installation's page.")
	x.client = x.app.Installation(i.ID)
	return true
}

// lacks compares what is granted with what is needed.
func (x *examination) lacks(about string, g github.Grant, page, remedy string) {
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(neededPermissions)) {
		if want, have := neededPermissions[name], g.Permissions[name]; have != want && have != "write" && have != "admin" {
			missing = append(missing, name+": "+want)
		}
	}
	for _, e := range webhook.Events() {
		if !slices.Contains(g.Events, e) {
			missing = append(missing, "event "+e)
		}
	}
	if len(missing) == 0 {
		x.say(about, healthy, "permissions and events suffice", "", "")
		return
	}
	x.say(about, ill, "lacks "+strings.Join(missing, ", "), remedy, page)
}

// requirement looks at what the branch requires.
func (x *examination) requirement(ctx context.Context) {
	list, branch, err := x.client.BranchRules(ctx, x.Owner, x.Repo, x.Branch)
	if err != nil {
		x.unanswered("the required check", err)
		return
	}
	name := x.Config.CheckName
	ours := slices.DeleteFunc(list, func(r github.Required) bool { return r.Name != name })
	if len(ours) == 0 {
		says := fmt.Sprintf("%s does not require %q: whatever it says, changes can be merged. A ruleset that is only evaluated, or that is for other branches, does not count", branch, name)
		x.say("the required check", ill, says, "Require it by an active ruleset for this branch, and choose this App as its source.", x.repoPage("/settings/rules"))
		return
	}
	x.say("the required check", healthy, fmt.Sprintf("%s requires %q", branch, name), "", "")
	x.bypass(ctx, x.pin(ours))
}

// pin looks whether one of the requirements takes the check from this App alone,
// and returns those that hold a change back whatever others do.
func (x *examination) pin(ours []github.Required) []github.Required {
	const about = "pinned to this App"
	var pinned, unknown []github.Required
	for _, r := range ours {
		switch {
		case r.App == x.Config.appID:
			pinned = append(pinned, r)
		case r.App != 0:
			x.say(about, ill, fmt.Sprintf("the check is pinned to App %d, not to this one (%d): it will never come", r.App, x.Config.appID), "Choose this App as the check's source.", x.pageOf(r))
			return ours
		case r.PinUnknown:
			unknown = append(unknown, r)
		}
	}
	switch {
	case len(pinned) > 0:
		x.say(about, healthy, "a check of this name counts from this App only", "", "")
		return pinned
	case len(unknown) > 0:
		x.say(about, yoursToDo, "GitHub does not show which App the check must come from", "Look whether this App is chosen as its source.", x.pageOf(unknown[0]))
		return unknown
	}
	x.say(about, ill, "the check counts from whoever sets it: everybody who can write can make it green", "Choose this App as the check's source.", x.pageOf(ours[0]))
	return ours
}

// pageOf is where a requirement is changed.
func (x *examination) pageOf(r github.Required) string {
	switch {
	case r.Ruleset == 0:
		return x.repoPage("/settings/branches")
	case r.Level == "Organization":
		return fmt.Sprintf("%s/organizations/%s/settings/rules/%d", x.web, r.Source, r.Ruleset)
	}
	return x.repoPage(fmt.Sprintf("/settings/rules/%d", r.Ruleset))
}

// bypass looks who need not heed the requirements. One that nobody is exempt from
// is enough: all of them hold together.
func (x *examination) bypass(ctx context.Context, ours []github.Required) {
	var worst []Diagnosis
	for _, r := range ours {
		d := x.exempt(ctx, r)
		if d.State == healthy {
			x.list = append(x.list, d)
			return
		}
		worst = append(worst, d)
	}
	x.list = append(x.list, worst...)
}

// exemption is what is asked of who need not heed the check.
const exemption = "who is exempt"

func (x *examination) exempt(ctx context.Context, r github.Required) Diagnosis {
	const about = exemption
	if r.Ruleset == 0 {
		if r.AdminsExempt {
			return Diagnosis{about, ill, "administrators can merge against the check", "Choose \"Do not allow bypassing the above settings\".", x.pageOf(r)}
		}
		return Diagnosis{about, healthy, "branch protection holds for administrators too", "", ""}
	}
	actors, known, err := x.client.Bypass(ctx, x.Owner, x.Repo, r.Ruleset)
	switch {
	case err != nil:
		return Diagnosis{about, unasked, err.Error(), "Ask again when GitHub answers.", ""}
	case !known:
		return Diagnosis{about, yoursToDo, fmt.Sprintf("who may bypass ruleset %d is shown only to those who may change it", r.Ruleset), "Look whether its bypass list is empty.", x.pageOf(r)}
	case len(actors) > 0:
		return Diagnosis{about, ill, fmt.Sprintf("ruleset %d can be bypassed by %s", r.Ruleset, strings.Join(actors, ", ")), "Empty its bypass list: whoever is on it merges against the check, also by a pull request.", x.pageOf(r)}
	}
	return Diagnosis{about, healthy, fmt.Sprintf("nobody may bypass ruleset %d", r.Ruleset), "", ""}
}

// maxReady bounds what is read of the server's answer.
const maxReady = 4 << 10

// server asks the server itself, where its address is known.
func (x *examination) server(ctx context.Context) {
	const about = "the server"
	if x.Config.PublicURL == "" {
		x.say(about, yoursToDo, "its address is not known here", "Set CHANGEGUARD_PUBLIC_URL, or open /readyz.", "")
		return
	}
	page := strings.TrimSuffix(x.Config.PublicURL, "/") + "/readyz"
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		x.unanswered(about, err)
		return
	}
	client := &http.Client{Transport: x.Transport, Timeout: 10 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		x.say(about, ill, "it does not answer from here: "+err.Error(), "Start it, or correct CHANGEGUARD_PUBLIC_URL.", page)
		return
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxReady))
	says := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		x.unanswered(about, err)
	case resp.StatusCode != http.StatusOK:
		x.say(about, ill, says, "The server's log says more.", page)
	default:
		x.say(about, healthy, says, "", "")
	}
}
