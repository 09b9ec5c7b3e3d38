package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/verdict"
)

// PolicyExplain is what `changeguard policy explain` was asked.
type PolicyExplain struct {
	Repo, Ref         string // Ref is a revision; "" means the base that changes here have
	Policy, OrgPolicy string // files instead of the base's and the organisation's
	Format            string // text or json
	Env               func(string) string
}

// explanation is the answer as JSON.
type explanation struct {
	Commit string           `json:"commit"` // "" when the policy is a file
	Branch string           `json:"branch"`
	Layers []explainedLayer `json:"layers"`
	Lines  []policy.Line    `json:"lines"`
	Notes  []string         `json:"notes"`
}

type explainedLayer struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	Digest string `json:"digest"`
}

// noOrganisation is true of every clone: the organisation's policy is in another
// repository.
const noOrganisation = "no organisation policy seen: it is in OWNER/.github, which a clone does not hold; name a copy with --org-policy"

// Run prints what judges a repository and where each line of it comes from, and
// returns the exit code.
func (k PolicyExplain) Run(ctx context.Context, stdout, stderr io.Writer) int {
	x, err := k.explain(ctx)
	var text []byte
	switch {
	case err != nil:
	case k.Format == "json":
		text, err = json.MarshalIndent(x, "", "  ")
		text = append(text, '\n')
	default:
		text, err = x.text()
	}
	if err == nil {
		_, err = stdout.Write(text)
	}
	if err != nil {
		fmt.Fprintln(stderr, "changeguard policy explain:", err)
		return ExitUsage
	}
	return ExitPass
}

func (k PolicyExplain) explain(ctx context.Context) (*explanation, error) {
	x := &explanation{Notes: []string{}}
	texts, err := k.texts(ctx, x)
	if err != nil {
		return nil, err
	}
	for _, t := range texts {
		x.Layers = append(x.Layers, explainedLayer{t.Layer, t.Name, policy.Digest(t.Data)})
	}
	x.Lines, err = policy.Explain(texts, catalogue.Kinds())
	return x, err
}

func (k PolicyExplain) texts(ctx context.Context, x *explanation) ([]policy.Text, error) {
	var texts []policy.Text
	for _, named := range []struct{ layer, file string }{{verdict.OrganisationLayer, k.OrgPolicy}, {verdict.RepositoryLayer, k.Policy}} {
		if named.file == "" {
			continue
		}
		data, err := readFile(named.file, policy.MaxSize+1)
		if err != nil {
			return nil, err
		}
		texts = append(texts, policy.Text{Layer: named.layer, Data: data, Source: policy.Source{Name: named.file}})
	}
	if k.OrgPolicy == "" {
		x.Notes = append(x.Notes, noOrganisation)
	}
	if k.Policy == "" {
		data, found, err := k.committed(ctx, x)
		if err != nil {
			return nil, err
		}
		if found {
			texts = append(texts, policy.Text{Layer: verdict.RepositoryLayer, Data: data, Source: policy.Source{Name: policy.Path}})
		}
	}
	if len(texts) == 0 {
		texts = append(texts, policy.Text{Layer: verdict.DefaultLayer, Data: policy.DefaultYAML(), Source: policy.Source{Name: verdict.DefaultLayer}})
		x.Notes = append(x.Notes, "there is no "+policy.Path+", so the built-in policy judges; it observes. `changeguard policy init` writes one")
	}
	return texts, nil
}

// committed reads the policy of the base, or of the revision that was asked for.
func (k PolicyExplain) committed(ctx context.Context, x *explanation) (data []byte, found bool, err error) {
	repo, err := gitrepo.Open(ctx, k.Repo)
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, repo.Close()) }()
	if x.Commit, x.Branch, err = repo.Base(ctx, gitrepo.Options{Base: k.Ref, Env: k.Env}); err != nil {
		var asked *gitrepo.UsageError
		if errors.As(err, &asked) {
			err = &gitrepo.UsageError{Message: strings.ReplaceAll(asked.Message, "--base", "--ref")}
		}
		return nil, false, err
	}
	data, mode, found, err := repo.File(ctx, x.Commit, policy.Path, policy.MaxSize)
	switch {
	case errors.Is(err, change.ErrTooLarge):
		return make([]byte, policy.MaxSize+1), true, nil // Explain words it
	case err == nil && found && (mode == change.Symlink || mode == change.Submodule):
		return nil, false, fmt.Errorf("%s is a link or a submodule at %s; it must be a plain file", policy.Path, x.Commit)
	}
	return data, found, err
}

// text is the answer for people. What policies hold is shown, never obeyed.
func (x *explanation) text() ([]byte, error) {
	var b strings.Builder
	if x.Commit != "" {
		fmt.Fprintf(&b, "Changes are judged by commit %s%s.\n", x.Commit, branchText(x.Branch))
	}
	for _, l := range x.Layers {
		fmt.Fprintf(&b, "%s: %s, %s\n", l.Name, report.Visible(l.File), l.Digest)
	}
	for _, note := range x.Notes {
		fmt.Fprintln(&b, "note:", note)
	}
	for _, layer := range x.Layers {
		fmt.Fprintf(&b, "\n%s\n", layer.Name)
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, l := range x.Lines {
			if l.Layer == layer.Name {
				fmt.Fprintf(w, "  %s: %s\t%s\n", report.Visible(l.Key), report.Visible(l.Value), origin(l))
			}
		}
		if err := w.Flush(); err != nil {
			return nil, err
		}
	}
	return []byte(b.String()), nil
}

func branchText(branch string) string {
	if branch == "" {
		return ""
	}
	return " of " + report.Visible(branch)
}

func origin(l policy.Line) string {
	from := l.From
	if l.Line > 0 {
		from = fmt.Sprintf("%s:%d", report.Visible(l.File), l.Line)
	}
	if l.ReplacedBy != "" {
		from += ", not in force: replaced by " + report.Visible(l.ReplacedBy)
	}
	return from
}
