package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/store"
)

// found is what a payload is about. No subject means that it does not matter.
type found struct {
	action   string
	subjects []store.Subject
}

// payload is the part of all events that is looked at.
type payload struct {
	Action     string `json:"action"`
	Number     int    `json:"number"`
	Repository *struct {
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
	Issue       *struct {
		Number      int              `json:"number"`
		PullRequest *json.RawMessage `json:"pull_request"`
	} `json:"issue"`
	CheckRun *struct {
		HeadSHA      string `json:"head_sha"`
		PullRequests []pull `json:"pull_requests"`
	} `json:"check_run"`
	CheckSuite *struct {
		HeadSHA      string `json:"head_sha"`
		PullRequests []pull `json:"pull_requests"`
	} `json:"check_suite"`
	MergeGroup *struct {
		HeadSHA string `json:"head_sha"`
		HeadRef string `json:"head_ref"`
		BaseSHA string `json:"base_sha"`
	} `json:"merge_group"`
	Ref    string `json:"ref"`
	Before string `json:"before"`
	After  string `json:"after"`
}

type pull struct {
	Number int `json:"number"`
	Head   struct {
		SHA string `json:"sha"`
	} `json:"head"`
	Base struct {
		Ref string `json:"ref"`
	} `json:"base"`
}

// actions are those that are acted on, by event.
var actions = map[string][]string{
	"pull_request":        {"opened", "reopened", "synchronize", "edited", "labeled", "unlabeled", "ready_for_review", "converted_to_draft"},
	"pull_request_review": {"submitted", "edited", "dismissed"},
	"check_run":           {"rerequested"},
	"check_suite":         {"rerequested"},
	"merge_group":         {"checks_requested"},
	"push":                {""},
}

// The shapes of names; what has another shape does not come from GitHub.
var (
	commitID = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)
	nameRule = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}$`)
)

// subject reads a payload as far as needed.
func subject(event string, raw []byte) (found, error) {
	known, ok := actions[event]
	if !ok {
		if !json.Valid(raw) {
			return found{}, errors.New("it is no JSON")
		}
		return found{}, nil
	}
	var p payload
	if err := json.Unmarshal(raw, &p); err != nil {
		return found{}, fmt.Errorf("it is no JSON of this event: %w", err)
	}
	f := found{action: p.Action}
	if !slices.Contains(known, p.Action) {
		return f, nil
	}
	base, err := p.subject()
	if err != nil {
		return f, err
	}
	f.subjects, err = p.subjects(event, base)
	return f, err
}

// subject fills in the installation and repository.
func (p *payload) subject() (store.Subject, error) {
	switch {
	case p.Installation == nil || p.Installation.ID == 0:
		return store.Subject{}, errors.New("it names no installation; only a GitHub App's webhooks are taken")
	case p.Repository == nil || !nameRule.MatchString(p.Repository.Name) || !nameRule.MatchString(p.Repository.Owner.Login):
		return store.Subject{}, errors.New("it names no repository")
	}
	return store.Subject{Installation: p.Installation.ID, Owner: p.Repository.Owner.Login, Repo: p.Repository.Name}, nil
}

func (p *payload) subjects(event string, s store.Subject) ([]store.Subject, error) {
	switch event {
	case "pull_request", "pull_request_review":
		if p.PullRequest == nil {
			return nil, errors.New("it has no pull_request")
		}
		return one(p.PullRequest.subject(s))
	case "check_run":
		if p.CheckRun == nil {
			return nil, errors.New("it has no check_run")
		}
		return pulls(s, p.CheckRun.PullRequests)
	case "check_suite":
		if p.CheckSuite == nil {
			return nil, errors.New("it has no check_suite")
		}
		return pulls(s, p.CheckSuite.PullRequests)
	case "merge_group":
		return p.group(s)
	default:
		return p.push(s)
	}
}

func one(s store.Subject, err error) ([]store.Subject, error) {
	if err != nil {
		return nil, err
	}
	return []store.Subject{s}, nil
}

func pulls(s store.Subject, list []pull) ([]store.Subject, error) {
	var subjects []store.Subject
	for _, p := range list {
		x, err := p.subject(s)
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, x)
	}
	return subjects, nil
}

func (p pull) subject(s store.Subject) (store.Subject, error) {
	if p.Number < 1 || !commitID.MatchString(p.Head.SHA) {
		return s, errors.New("its pull request has no number or head")
	}
	s.Kind, s.Number, s.Head, s.Base = store.Pull, p.Number, p.Head.SHA, p.Base.Ref
	return s, nil
}

func (p *payload) group(s store.Subject) ([]store.Subject, error) {
	if p.MergeGroup == nil || !commitID.MatchString(p.MergeGroup.HeadSHA) || !commitID.MatchString(p.MergeGroup.BaseSHA) {
		return nil, errors.New("it has no merge_group with commits")
	}
	s.Kind, s.Head, s.Base, s.Ref = store.Group, p.MergeGroup.HeadSHA, p.MergeGroup.BaseSHA, strings.TrimPrefix(p.MergeGroup.HeadRef, "refs/heads/")
	return []store.Subject{s}, nil
}

// push takes pushes to branches. A deleted branch changes nothing, and the
// queue's own branches are judged as merge groups.
func (p *payload) push(s store.Subject) ([]store.Subject, error) {
	branch, ok := strings.CutPrefix(p.Ref, "refs/heads/")
	if !ok || strings.HasPrefix(branch, "gh-readonly-queue/") {
		return nil, nil
	}
	if !commitID.MatchString(p.After) || !commitID.MatchString(p.Before) {
		return nil, errors.New("it has no commits")
	}
	if strings.Trim(p.After, "0") == "" {
		return nil, nil
	}
	s.Kind, s.Head, s.Base, s.Ref = store.Push, p.After, p.Before, branch
	if strings.Trim(p.Before, "0") == "" {
		s.Base = p.Repository.DefaultBranch
	}
	return []store.Subject{s}, nil
}
