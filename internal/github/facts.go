package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/policy"
)

// loader is one load under way.
type loader struct {
	client   *Client
	in       Range
	compared *gh.CommitsComparison
	change   *change.Change
	loaded   Loaded
	modes    map[string]change.File // by path, as far as asked
	trees    bool                   // the files must come from the trees
}

const policyFile = `file(path:$policy){mode type oid object{...on Blob{oid byteSize isTruncated isBinary text}}}`

const tipFields = `tip:ref(qualifiedName:$baseRef){target{oid}}`

const organisationFields = aliasOrganisation + `:repository(owner:$owner,name:".github"){defaultBranchRef{target{...on Commit{` + policyFile + `}}}}`

// policyBlob is a policy file in an answer.
type policyBlob struct {
	Mode   int    `json:"mode"`
	Type   string `json:"type"`
	OID    string `json:"oid"`
	Object *struct {
		OID         string  `json:"oid"`
		IsTruncated bool    `json:"isTruncated"`
		Text        *string `json:"text"`
	} `json:"object"`
}

// answer is the shape of the main query.
type answer struct {
	Repository map[string]json.RawMessage `json:"repository"`
	Org        *struct {
		DefaultBranchRef *struct {
			Target struct {
				File *policyBlob `json:"file"`
			} `json:"target"`
		} `json:"defaultBranchRef"`
	} `json:"organisation"`
}

// facts runs the main query: the pull request, the policies, and the modes and
// blob ids of the first files. moved means that the pull request has another
// head or base by now, which is written to r.
func (l *loader) facts(ctx context.Context, r *Range) (moved bool, err error) {
	before, after := l.paths()
	l.trees = len(l.compared.Files) >= compareFiles
	n, m := min(len(before), queryPaths), min(len(after), queryPaths)
	a, err := l.ask(ctx, before[:n], after[:m])
	if errors.Is(err, errTooCostly) && !l.trees {
		l.trees = true
		a, err = l.ask(ctx, nil, nil)
	}
	if err != nil {
		return false, explain("read the change's facts", err)
	}
	if a.Repository == nil {
		return false, fmt.Errorf("read the repository: %w", ErrGone)
	}
	if moved, err := l.tip(a.Repository["tip"], r); err != nil || moved {
		return moved, err
	}
	if l.in.Number > 0 {
		if moved, err := l.pull(a.Repository["pull"], r); err != nil || moved {
			return moved, err
		}
	}
	if err := l.readPolicies(ctx, a); err != nil {
		return false, err
	}
	if err := l.readSiblings(a.Repository["siblings"]); err != nil {
		return false, err
	}
	if err := l.readIdentity(a.Repository["repositoryID"]); err != nil {
		return false, err
	}
	if err := l.readDefault(a.Repository["main"]); err != nil {
		return false, err
	}
	if err := l.readForeign(a.Repository["foreign"]); err != nil {
		return false, err
	}
	if l.in.Queue != "" {
		if err := l.readGroup(a.Repository); err != nil {
			return false, err
		}
	}
	if l.trees {
		return false, nil
	}
	if err := l.readEntries(a.Repository, before[:n], after[:m]); err != nil {
		return false, err
	}
	return false, l.moreEntries(ctx, before[n:], after[m:])
}

// ask sends the main query.
func (l *loader) ask(ctx context.Context, before, after []string) (a answer, err error) {
	q := newQuery(l.in.Owner, l.in.Repo)
	q.bind("policy", "String!", policy.Path)
	q.bind("baseTip", "GitObjectID!", l.change.Base)
	q.bind("siblingHead", "GitObjectID!", l.in.Head)
	q.bind("checkName", "String!", l.client.app.options.CheckName)
	q.fields = append(q.fields, "policy:object(oid:$baseTip){...on Commit{"+policyFile+"}}", siblingFields, defaultFields, identityFields, "foreign:object(oid:$siblingHead){...on Commit{"+foreignFields+"}}")
	if !l.in.fixed() {
		q.bind("baseRef", "String!", "refs/heads/"+l.in.Base)
		q.fields = append(q.fields, tipFields)
	}
	if l.in.Number > 0 {
		q.bind("number", "Int!", l.in.Number)
		q.fields = append(q.fields, pullFields)
	}
	l.groupFields(q)
	if !l.trees {
		q.files("b", l.change.MergeBase, before)
		q.files("h", l.change.Head, after)
	}
	return a, l.client.query(ctx, q.text(organisationFields), q.variables, &a)
}

// isCommitID tells a commit's id from a branch's name; GitHub takes no branch
// of that shape.
func isCommitID(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// fixed reports whether the base is a commit, which does not move.
func (r Range) fixed() bool { return r.At != "" || isCommitID(r.Base) }

// tip makes sure that what was compared with is the tip of the base branch: it
// may have moved, and a tag may have its name.
func (l *loader) tip(raw json.RawMessage, r *Range) (moved bool, err error) {
	if l.in.fixed() {
		return false, nil
	}
	var ref *struct {
		Target struct {
			OID string `json:"oid"`
		} `json:"target"`
	}
	if err := json.Unmarshal(raw, &ref); err != nil {
		return false, fmt.Errorf("read the base branch: %w", err)
	}
	if ref == nil {
		return false, fmt.Errorf("read the base branch %s: %w", l.in.Base, ErrNotFound)
	}
	if ref.Target.OID != l.change.Base {
		r.tip = ref.Target.OID
		return true, nil
	}
	return false, nil
}

// paths are the names to look up in the merge base's and in the head's tree.
func (l *loader) paths() (before, after []string) {
	for _, f := range l.compared.Files {
		switch f.GetStatus() {
		case "added", "copied":
			after = append(after, f.GetFilename())
		case "removed":
			before = append(before, f.GetFilename())
		case "renamed":
			before = append(before, f.GetPreviousFilename())
			after = append(after, f.GetFilename())
		default: // modified, changed, and what GitHub may add
			before = append(before, f.GetFilename())
			after = append(after, f.GetFilename())
		}
	}
	return before, after
}

// readPolicies takes the policies out of the answer.
func (l *loader) readPolicies(ctx context.Context, a answer) error {
	if err := l.organisationPolicy(ctx, a); err != nil {
		return err
	}
	var commit *struct {
		File *policyBlob `json:"file"`
	}
	if err := json.Unmarshal(a.Repository["policy"], &commit); err != nil {
		return fmt.Errorf("read the base's policy: %w", err)
	}
	if commit == nil {
		return fmt.Errorf("read the base's commit %s: %w", l.change.Base, ErrNotFound)
	}
	return l.addPolicy(ctx, l.in.Repo, commit.File, false)
}

func (l *loader) organisationPolicy(ctx context.Context, a answer) error {
	switch {
	case l.in.Repo == organisationRepo:
		return nil
	case a.Org == nil || a.Org.DefaultBranchRef == nil:
		l.loaded.Organisation = Unseen
		return nil
	}
	l.loaded.Organisation = Seen
	err := l.addPolicy(ctx, organisationRepo, a.Org.DefaultBranchRef.Target.File, true)
	if err != nil && !passes(err) {
		return fmt.Errorf("%w: %w", ErrOrganisation, err)
	}
	return err
}

func (l *loader) addPolicy(ctx context.Context, repo string, b *policyBlob, organisation bool) error {
	if b == nil || b.Type == "tree" {
		return nil
	}
	p := PolicyFile{ID: policyID(organisation, b.Mode, b.OID), Organisation: organisation, Mode: mode(b.Mode)}
	if b.Type == "blob" && b.Object != nil {
		text := b.Object.Text
		if text != nil && !b.Object.IsTruncated && blobID([]byte(*text), len(b.Object.OID)) == b.Object.OID {
			p.Data = []byte(*text)
		} else {
			var err error
			if p.Data, err = l.largePolicy(ctx, repo, b.Object.OID); err != nil {
				return err
			}
		}
	}
	l.loaded.Policies = append(l.loaded.Policies, p)
	return nil
}

// largePolicy reads what an answer of a query does not show whole, once for each
// content: every change of an organisation meets the same one.
func (l *loader) largePolicy(ctx context.Context, repo, id string) ([]byte, error) {
	key := l.client.key(repoPath(l.in.Owner, repo), id)
	if data, ok := l.client.app.cache.get(key); ok {
		return data, nil
	}
	blob, err := l.client.blob(ctx, l.in.Owner, repo, id, policy.MaxSize+1)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read a policy: %w", err)
	case blob.TooLarge:
		return make([]byte, policy.MaxSize+1), nil // loading it words the problem
	}
	l.client.app.cache.put(key, slices.Clip(blob.Data))
	return blob.Data, nil
}
