package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/jsonscan"
	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/report"
)

// found is what a payload is about. Nothing of it means that it does not matter.
type found struct {
	action   string
	subjects []store.Subject
	// sharing names a repository and a head: what else is known of it is to be
	// evaluated too. No head means nothing else.
	sharing store.Subject
	again   bool // somebody asked for a new result
	outside *outsider
	command *store.Command
	note    *Note
}

// with adds to the subjects what was found to share the head.
func (f found) with(known []store.Subject) []store.Subject {
	list := slices.Clone(f.subjects)
	names := make(map[string]bool)
	for _, s := range list {
		names[s.Name()] = true
	}
	for _, s := range known {
		other := s.Kind == store.Pull && s.Number == f.sharing.Number // the pull request that is let go
		if names[s.Name()] || other || !f.again && s.Kind != store.Pull {
			continue
		}
		s.Installation = f.sharing.Installation
		list = append(list, s)
	}
	return list
}

// payload is the part of all events that is looked at.
type payload struct {
	Action     string `json:"action"`
	Number     int    `json:"number"`
	Repository *struct {
		ID            int64  `json:"id"`
		Name          string `json:"name"`
		DefaultBranch string `json:"default_branch"`
		Owner         struct {
			Login string `json:"login"`
		} `json:"owner"`
	} `json:"repository"`
	Installation *struct {
		ID int64 `json:"id"`
	} `json:"installation"`
	PullRequest *pull `json:"pull_request"`
	Review      *struct {
		State string `json:"state"`
	} `json:"review"`
	CheckRun        *checks `json:"check_run"`
	RequestedAction struct {
		Identifier string `json:"identifier"`
	} `json:"requested_action"`
	CheckSuite *checks `json:"check_suite"`
	MergeGroup *struct {
		HeadSHA string `json:"head_sha"`
		HeadRef string `json:"head_ref"`
		BaseSHA string `json:"base_sha"`
	} `json:"merge_group"`
	Label struct {
		Name string `json:"name"`
	} `json:"label"`
	Issue   *issue   `json:"issue"`
	Comment *comment `json:"comment"`
	Sender  *account `json:"sender"`
	SHA     string   `json:"sha"`     // of a status
	Context string   `json:"context"` // of a status
	State   string   `json:"state"`   // of a status
	Ref     string   `json:"ref"`
	Before  string   `json:"before"`
	After   string   `json:"after"`
}

var payloadMembers = jsonscan.MembersOf(reflect.TypeFor[payload]())

type pull struct {
	Number int `json:"number"`
	Head   struct {
		SHA string `json:"sha"`
	} `json:"head"`
	Base struct {
		Ref  string `json:"ref"`
		Repo struct {
			ID int64 `json:"id"`
		} `json:"repo"`
	} `json:"base"`
	ChangedFiles int `json:"changed_files"` // not in every event

	Merged      bool      `json:"merged"`
	MergedBy    *account  `json:"merged_by"`
	MergedAt    time.Time `json:"merged_at"`
	MergeCommit string    `json:"merge_commit_sha"`
}

// checks are a check run, or the suite that it is in. The pull requests of
// forks are not named.
type checks struct {
	HeadSHA string `json:"head_sha"`
	Name    string `json:"name"` // of a run
	App     *struct {
		ID int64 `json:"id"`
	} `json:"app"`
	PullRequests []pull `json:"pull_requests"`
}

// actions are those that are acted on, by event. The rest costs nothing: who is
// assigned, what a review's text is changed to, a merge group that is gone.
var actions = map[string][]string{
	"pull_request":        {"opened", "reopened", "synchronize", "edited", "labeled", "unlabeled", "ready_for_review", "converted_to_draft", "closed"},
	"pull_request_review": {"submitted", "dismissed"},
	"issue_comment":       {"created"},
	"check_run":           {"rerequested", "requested_action", "completed"},
	"check_suite":         {"rerequested", "completed"},
	"status":              {""},
	"merge_group":         {"checks_requested"},
	"push":                {""},
	// Nothing of these is evaluated; they are written down.
	"installation":              {"created", "deleted", "suspend", "unsuspend", "new_permissions_accepted"},
	"installation_repositories": {"added", "removed"},
}

// Events are those that the App has to be subscribed to, by name; what is written
// down only is sent to every App.
func Events() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(actions)) {
		if !strings.HasPrefix(name, "installation") {
			names = append(names, name)
		}
	}
	return names
}

// The shapes of names; what has another shape does not come from GitHub.
var (
	commitID = lazyregexp.New(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)
	nameRule = lazyregexp.New(`^[A-Za-z0-9_.-]{1,100}$`)
)

func isName(s string) bool { return nameRule.MatchString(s) && s != "." && s != ".." }

func isCommit(s string) bool { return commitID.MatchString(s) }

// isNothing reports whether a commit's id stands for no commit.
func isNothing(s string) bool { return strings.Trim(s, "0") == "" }

// subject reads a payload as far as needed.
func subject(event string, raw []byte) (f found, err error) {
	known, ok := actions[event]
	if !ok {
		if !jsonscan.Valid(raw) {
			return found{}, errors.New("it is no JSON")
		}
		return found{}, nil
	}
	var p payload
	if err = decodeNeeded(raw, payloadMembers, &p); err != nil {
		return found{}, describe(err)
	}
	f = found{action: p.Action}
	if !slices.Contains(known, p.Action) {
		return f, nil
	}
	if p.Action == "requested_action" && p.RequestedAction.Identifier != report.Recheck && p.RequestedAction.Identifier != report.ApproveChange {
		return f, nil // a button of an earlier version, or of nobody
	}
	if strings.HasPrefix(event, "installation") {
		f.note, err = installed(p.Action, raw)
		return f, err
	}
	base, err := p.subject()
	if err != nil {
		return f, err
	}
	err = p.find(event, base, &f)
	return f, err
}

// describe says what is wrong with a payload without repeating any of it.
func describe(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind) && kind.Field == "":
		return errors.New("it is no JSON object")
	case errors.As(err, &kind):
		what, _, _ := strings.Cut(kind.Value, " ")
		return fmt.Errorf("its %s cannot be a %s like this one", kind.Field, what)
	case errors.As(err, &syntax):
		return fmt.Errorf("it is no JSON, from byte %d on", syntax.Offset)
	default:
		return errors.New("it is no JSON")
	}
}

// subject fills in the installation and repository.
func (p *payload) subject() (store.Subject, error) {
	switch {
	case p.Installation == nil || p.Installation.ID < 1:
		return store.Subject{}, errors.New("it names no installation; only a GitHub App's webhooks are taken")
	case p.Repository == nil || !isName(p.Repository.Name) || !isName(p.Repository.Owner.Login):
		return store.Subject{}, errors.New("it names no repository")
	}
	return store.Subject{Installation: p.Installation.ID, Owner: p.Repository.Owner.Login, Repo: p.Repository.Name}, nil
}

// find fills in what is to be evaluated.
func (p *payload) find(event string, s store.Subject, f *found) (err error) {
	if event == "status" || p.Action == "completed" {
		return p.evidence(event, s, f)
	}
	switch event {
	case "pull_request":
		return p.pull(s, f)
	case "pull_request_review":
		return p.review(s, f)
	case "issue_comment":
		return p.remark(s, f)
	case "check_run":
		if p.Action == "requested_action" && p.RequestedAction.Identifier == report.ApproveChange {
			return p.click(s, f)
		}
		return p.rerun(p.CheckRun, s, f)
	case "check_suite":
		return p.rerun(p.CheckSuite, s, f)
	case "merge_group":
		f.subjects, err = p.group(s)
	default:
		f.subjects, err = p.push(s)
	}
	return err
}

// pull takes a pull request. Where it lets go of a head, others that have the
// same one are shown a result of which it was a part.
func (p *payload) pull(s store.Subject, f *found) error {
	if p.PullRequest == nil {
		return errors.New("it has no pull_request")
	}
	x, err := p.PullRequest.subject(s)
	if err != nil {
		return err
	}
	f.sharing = s
	f.sharing.Number = x.Number
	switch p.Action {
	case "closed":
		f.sharing.Head = x.Head
		f.note = p.PullRequest.merge(x)
		return nil // what is closed keeps its result
	case "synchronize":
		if isCommit(p.Before) && p.Before != x.Head {
			f.sharing.Head = p.Before
		}
	}
	f.subjects = []store.Subject{x}
	if p.Action == "unlabeled" && p.Label.Name != "" && p.Sender.person() {
		// Whoever may lifts a session by taking its label off.
		f.command = &store.Command{Head: x.Head, By: p.Sender.Login, ByID: p.Sender.ID, Body: commandWord + " unlabel " + clip(p.Label.Name, maxCommand)}
	}
	return nil
}

// review takes a review, unless it only says something.
func (p *payload) review(s store.Subject, f *found) error {
	if p.PullRequest == nil || p.Review == nil {
		return errors.New("it has no pull_request or review")
	}
	x, err := p.PullRequest.subject(s)
	if err != nil || p.Action == "submitted" && strings.EqualFold(p.Review.State, "commented") {
		return err
	}
	f.subjects = []store.Subject{x}
	return nil
}

// rerun takes the wish for a new result on a commit: of the pull requests that
// are named, and of all else that is known to have this head.
func (p *payload) rerun(c *checks, s store.Subject, f *found) error {
	if c == nil || !isCommit(c.HeadSHA) {
		return errors.New("it names no commit")
	}
	f.again, f.sharing = true, s
	f.sharing.Head = c.HeadSHA
	for _, listed := range c.PullRequests {
		if id := listed.Base.Repo.ID; id != 0 && id != p.Repository.ID {
			continue // a pull request in the repository that this one is a fork of
		}
		x, err := listed.subject(s)
		if err != nil {
			return err
		}
		f.subjects = append(f.subjects, x)
	}
	return nil
}

func (p pull) subject(s store.Subject) (store.Subject, error) {
	if p.Number < 1 || !isCommit(p.Head.SHA) {
		return s, errors.New("its pull request has no number or head")
	}
	s.Kind, s.Number, s.Head, s.Base = store.Pull, p.Number, p.Head.SHA, p.Base.Ref
	s.Files = max(0, p.ChangedFiles)
	return s, nil
}

func (p *payload) group(s store.Subject) ([]store.Subject, error) {
	if p.MergeGroup == nil || !isCommit(p.MergeGroup.HeadSHA) || !isCommit(p.MergeGroup.BaseSHA) {
		return nil, errors.New("it has no merge_group with commits")
	}
	s.Kind, s.Head, s.Base, s.Ref = store.Group, p.MergeGroup.HeadSHA, p.MergeGroup.BaseSHA, strings.TrimPrefix(p.MergeGroup.HeadRef, "refs/heads/")
	return []store.Subject{s}, nil
}

// push takes pushes to branches. Of a deleted one the head is zeros; the queue's
// own branches are judged as merge groups.
func (p *payload) push(s store.Subject) ([]store.Subject, error) {
	branch, ok := strings.CutPrefix(p.Ref, "refs/heads/")
	if !ok || strings.HasPrefix(branch, "gh-readonly-queue/") {
		return nil, nil
	}
	if !isCommit(p.After) || !isCommit(p.Before) {
		return nil, errors.New("it has no commits")
	}
	if isNothing(p.After) && isNothing(p.Before) {
		return nil, nil
	}
	s.Kind, s.Head, s.Base, s.Ref = store.Push, p.After, p.Before, branch
	if isNothing(p.Before) {
		s.Base = p.Repository.DefaultBranch
	}
	if s.Base == "" {
		return nil, errors.New("it is about a new branch and names no default branch")
	}
	return []store.Subject{s}, nil
}
