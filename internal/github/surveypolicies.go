package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/changeguard/changeguard/policy"
)

// branch is where policies are read from. The organisation's are at the default
// branch of a repository of its own, which has no name here.
type branch struct{ owner, repo, name string }

// organisationRepo holds the organisation's policy.
const organisationRepo = ".github"

// policiesOf fills in the ids of the policies. Where those of a pull request cannot be
// read, that is said of it and of the branch, and the others get theirs.
func (c *Client) policiesOf(ctx context.Context, list []Open) error {
	found := make(map[branch]tipped)
	var ask []branch
	want := func(b branch) {
		if _, ok := found[b]; !ok {
			found[b] = tipped{unread: true}
			ask = append(ask, b)
		}
	}
	for _, p := range list {
		want(branch{p.Owner, organisationRepo, ""})
		want(branch{p.Owner, p.Repo, p.Base})
	}
	var problems []error
	for part := range slices.Chunk(ask, surveyBranches) {
		problems = append(problems, apart(part, func(some []branch) error { return c.policiesAt(ctx, some, found) }, branch.String))
	}
	for i, p := range list {
		for _, b := range []branch{{p.Owner, organisationRepo, ""}, {p.Owner, p.Repo, p.Base}} {
			at := found[b]
			if b.name != "" {
				list[i].Tip = at.tip
			}
			list[i].Unread = list[i].Unread || at.unread
			if at.policy != "" && (b.name != "" || p.Repo != organisationRepo) {
				list[i].Policies = append(list[i].Policies, at.policy)
			}
		}
	}
	return errors.Join(problems...)
}

// String names a branch in a message.
func (b branch) String() string {
	if b.name == "" {
		return fmt.Sprintf("the organisation's policy in %s/%s, which is left out of the comparison", b.owner, b.repo)
	}
	return fmt.Sprintf("the policy at %s/%s:%s", b.owner, b.repo, b.name)
}

const policyEntry = `{target{oid ...on Commit{file(path:$policy){mode type oid}}}}`

// tipped is what is at a branch: its commit, and the policy's id, "" for none.
type tipped struct {
	tip, policy string
	unread      bool // nothing is known of it
}

func (c *Client) policiesAt(ctx context.Context, branches []branch, found map[branch]tipped) error {
	q := newReposQuery()
	q.bind("policy", "String!", policy.Path)
	for i, b := range branches {
		if b.name == "" {
			q.addAs(aliasOrganisation, b.owner, b.repo, "at:defaultBranchRef"+policyEntry)
			continue
		}
		q.bind(fmt.Sprint("b", i), "String!", "refs/heads/"+b.name)
		q.add(b.owner, b.repo, fmt.Sprintf("at:ref(qualifiedName:$b%d)%s", i, policyEntry))
	}
	answers, err := q.ask(ctx, c, "look for policies")
	if err != nil {
		return err
	}
	for i, raw := range answers {
		var r *struct {
			At *struct {
				Target struct {
					OID  string     `json:"oid"`
					File *treeEntry `json:"file"`
				} `json:"target"`
			} `json:"at"`
		}
		if err := json.Unmarshal(raw, &r); err != nil {
			return fmt.Errorf("look for policies: %w", err)
		}
		if r == nil || r.At == nil {
			found[branches[i]] = tipped{}
			continue
		}
		at := tipped{tip: r.At.Target.OID}
		if f := r.At.Target.File; f != nil && f.Type != "tree" {
			at.policy = policyID(branches[i].name == "", f.Mode, f.OID)
		}
		found[branches[i]] = at
	}
	return nil
}

// policyID names a policy file by where it is, how, and its content.
func policyID(organisation bool, fileMode int, oid string) string {
	where := "repository"
	if organisation {
		where = "organisation"
	}
	return where + " " + string(mode(fileMode)) + " " + oid
}
