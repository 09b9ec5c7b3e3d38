package guard

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/session"
)

// identity is which repository has a name, and which name a repository has. What is
// known is known by names, and GitHub lets go of those: a repository is renamed or
// given to somebody else, and another one may get its name.
type identity struct {
	ID   int64  `json:"id,omitempty"`   // of the repository with the name
	Name string `json:"name,omitempty"` // of the repository with the number
}

func identityScope(of any) string { return fmt.Sprint("repository ", of) }

// identify notices that a repository is called otherwise than it was: what sticks to
// its pull requests, branches and commits goes on sticking. And it notices that
// another repository has its name: nothing that stood in that one, and nothing that
// people lifted there, counts here.
func (e *evaluation) identify(ctx context.Context, loaded *github.Loaded) error {
	id, name := loaded.RepositoryID, e.Repository()
	if id == 0 {
		return nil
	}
	byID, byName := identityScope(id), identityScope(name)
	stored, err := e.Store.Records(ctx, []string{byID, byName})
	if err != nil {
		return err
	}
	was, err := parseIdentity(byID, stored)
	if err != nil {
		return err
	}
	holder, err := parseIdentity(byName, stored)
	if err != nil || was.Name == name && holder.ID == id {
		return err
	}
	renamed, replaced := was.Name != "" && was.Name != name, holder.ID != 0 && holder.ID != id
	if replaced {
		if err := e.forget(ctx, name); err != nil {
			return err
		}
	}
	if renamed {
		if err := e.follow(ctx, was.Name, name); err != nil {
			return err
		}
	}
	var entry *store.Entry
	if renamed || replaced {
		e.Logger.InfoContext(ctx, "a repository is called otherwise, or is another one", logkey.Subject, e.Name())
		body, err := json.Marshal(map[string]any{"id": id, "name": name, "name_before": was.Name, "id_before": holder.ID})
		if err != nil {
			return fmt.Errorf("write for the audit log: %w", err)
		}
		entry = &store.Entry{At: e.Now(), Kind: store.AuditRepository, Subject: e.Name(), Body: body}
	}
	return e.Store.ChangeRecordsOn(ctx, []string{byID, byName}, entry, func(map[string][]byte) (map[string][]byte, error) {
		one, err := json.Marshal(identity{Name: name})
		if err != nil {
			return nil, err
		}
		other, err := json.Marshal(identity{ID: id})
		return map[string][]byte{byID: one, byName: other}, err
	})
}

func parseIdentity(scope string, stored map[string][]byte) (i identity, err error) {
	if body := stored[scope]; body != nil {
		if err := json.Unmarshal(body, &i); err != nil {
			return i, fmt.Errorf("%s: %w", scope, err)
		}
	}
	return i, nil
}

// recordsAtOnce is how many records are changed in one transaction.
const recordsAtOnce = 200

// eachScope goes through the scopes of a repository, some at a time.
func (e *evaluation) eachScope(ctx context.Context, prefixes []string, do func(scopes []string) error) error {
	for _, prefix := range prefixes {
		for after := ""; ; {
			scopes, err := e.Store.Scopes(ctx, prefix, after, recordsAtOnce)
			if err != nil || len(scopes) == 0 {
				if err != nil {
					return err
				}
				break
			}
			if err := do(scopes); err != nil {
				return err
			}
			after = scopes[len(scopes)-1]
		}
	}
	return nil
}

// follow adds what sticks under an old name to what sticks under the new one. The
// old one keeps it: somebody else may have the name, whom it only holds tighter.
func (e *evaluation) follow(ctx context.Context, from, to string) error {
	prefixes := []string{"pull " + from + "#", "branch " + from + ":", "commit " + from + "@"}
	return e.eachScope(ctx, prefixes, func(scopes []string) error {
		old, err := e.Store.Records(ctx, scopes)
		if err != nil {
			return err
		}
		renamed := make(map[string]string) // old scopes by new ones
		var names []string
		for _, scope := range scopes {
			kind, rest, _ := strings.Cut(scope, " ")
			now := kind + " " + to + strings.TrimPrefix(rest, from)
			renamed[now], names = scope, append(names, now)
		}
		return e.Store.ChangeRecords(ctx, names, func(have map[string][]byte) (map[string][]byte, error) {
			changed := make(map[string][]byte)
			for now, scope := range renamed {
				both, err := united(scope, old[scope], have[now])
				if err != nil {
					return nil, err
				}
				changed[now] = both
			}
			return changed, nil
		})
	})
}

func united(scope string, bodies ...[]byte) ([]byte, error) {
	var all session.Record
	for _, body := range bodies {
		if body == nil {
			continue
		}
		one, err := session.ParseRecord(body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", scope, err)
		}
		all.Merge(one)
	}
	return json.Marshal(all)
}

// forget lets nothing of the repository that had a name before loosen what is judged
// under it now. What was declared in it stays, which only tightens.
func (e *evaluation) forget(ctx context.Context, name string) error {
	if err := e.Store.ForgetRepository(ctx, e.Owner, e.Repo); err != nil {
		return err
	}
	return e.eachScope(ctx, []string{"pull " + name + "#", "branch " + name + ":", "commit " + name + "@"}, func(scopes []string) error {
		return e.Store.ChangeRecords(ctx, scopes, func(have map[string][]byte) (map[string][]byte, error) {
			changed := make(map[string][]byte)
			for scope, body := range have {
				record, err := session.ParseRecord(body)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", scope, err)
				}
				if len(record.Lifts) == 0 {
					continue
				}
				record.Lifts = nil
				if changed[scope], err = json.Marshal(record); err != nil {
					return nil, err
				}
			}
			return changed, nil
		})
	})
}
