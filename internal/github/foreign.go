package github

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A Foreign is a check run or a commit status that carries the name of this App's
// check and is not this App's. Where the check is not pinned to the App, GitHub
// takes it for the same; on the test merge commit a status even counts instead.
type Foreign struct {
	Commit string `json:"commit"`
	// Merge says that the commit is the one that GitHub made to try the merge.
	Merge bool   `json:"merge,omitempty"`
	App   string `json:"app,omitempty"` // its short name; "" for a status
	By    string `json:"by,omitempty"`  // who set a status; "" when the account is gone
	Says  string `json:"says"`          // "success", "pending"
}

// maxForeign is how many Apps with a check of the name are looked at.
const maxForeign = 20

// The aliases under which checks of others are asked for. An installation that
// may not see them sees none.
const (
	aliasForeignRuns   = "foreignRuns"
	aliasForeignStatus = "foreignStatus"
)

// foreignFields ask a commit for what carries the name of the check.
var foreignFields = fmt.Sprintf(`%s:checkSuites(first:%d,filterBy:{checkName:$checkName}){nodes{app{databaseId slug} checkRuns(first:1,filterBy:{checkName:$checkName,checkType:LATEST}){nodes{status conclusion}}}}`+
	` %s:status{context(name:$checkName){state creator{login}}}`, aliasForeignRuns, maxForeign, aliasForeignStatus)

// foreignFact is a commit in an answer.
type foreignFact struct {
	OID  string `json:"oid"`
	Runs *struct {
		Nodes []struct {
			App *struct {
				DatabaseID int64  `json:"databaseId"`
				Slug       string `json:"slug"`
			} `json:"app"`
			Runs *struct {
				Nodes []struct {
					Status     string `json:"status"`
					Conclusion string `json:"conclusion"`
				} `json:"nodes"`
			} `json:"checkRuns"`
		} `json:"nodes"`
	} `json:"foreignRuns"`
	Status *struct {
		Context *struct {
			State   string `json:"state"`
			Creator *struct {
				Login string `json:"login"`
			} `json:"creator"`
		} `json:"context"`
	} `json:"foreignStatus"`
}

// readForeign finds what carries the check's name on the head.
func (l *loader) readForeign(raw json.RawMessage) error {
	var f *foreignFact
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("read the checks of %s: %w", l.in.Head, err)
	}
	l.foreign(f, l.in.Head, false)
	return nil
}

// foreign adds what a commit has that is not this App's.
func (l *loader) foreign(f *foreignFact, commit string, merge bool) {
	if f == nil {
		return
	}
	if f.Runs != nil {
		for _, s := range f.Runs.Nodes {
			if s.App == nil || s.App.DatabaseID == l.client.app.options.AppID || s.Runs == nil {
				continue
			}
			for _, r := range s.Runs.Nodes {
				says := r.Conclusion
				if says == "" {
					says = r.Status
				}
				l.loaded.Foreign = append(l.loaded.Foreign, Foreign{Commit: commit, Merge: merge, App: s.App.Slug, Says: strings.ToLower(says)})
			}
		}
	}
	if f.Status != nil && f.Status.Context != nil {
		x := Foreign{Commit: commit, Merge: merge, Says: strings.ToLower(f.Status.Context.State)}
		if c := f.Status.Context.Creator; c != nil {
			x.By = c.Login
		}
		l.loaded.Foreign = append(l.loaded.Foreign, x)
	}
}
