package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/verdict"
)

// A Merge is a pull request that was merged, at its subject's head.
type Merge struct {
	Subject store.Subject
	By      string // login
	Commit  string // that merging made; "" when GitHub does not say
	At      time.Time
}

// ByOverride is an entry of the audit log: what went in because of overrides.
type ByOverride struct {
	Head      string       `json:"head"`
	Commit    string       `json:"commit"`
	MergedAt  time.Time    `json:"merged_at"`
	Verdict   string       `json:"verdict"`
	Overrides []Overridden `json:"overrides"` // at most 100
	More      int          `json:"more,omitempty"`
}

// Overridden is a finding that an override lifted.
type Overridden struct {
	Finding string   `json:"finding"`
	Rule    string   `json:"rule"`
	Level   string   `json:"level"`
	Path    string   `json:"path,omitempty"`
	Message string   `json:"message"`
	By      []string `json:"by"`
	Reason  string   `json:"reason"`
	Until   string   `json:"until,omitempty"`
}

// maxOverridden is how many findings an entry names.
const maxOverridden = 100

// Merged writes down, once, what of a merged pull request rested on overrides.
func (g *Guard) Merged(ctx context.Context, m Merge) error {
	stored, err := g.Store.LatestAt(ctx, m.Subject.Name(), m.Subject.Head)
	if errors.Is(err, store.ErrNotFound) {
		return nil // what lands without a verdict is noticed where it lands
	}
	if err != nil {
		return err
	}
	v, err := parse(stored)
	if err != nil {
		return err
	}
	entry := ByOverride{Head: v.Head, Commit: m.Commit, MergedAt: m.At.UTC(), Verdict: v.ID}
	for i := range v.Findings {
		f := &v.Findings[i]
		switch {
		case f.LiftedBy == nil || f.LiftedBy.Kind != verdict.Override || v.Observed:
		case len(entry.Overrides) == maxOverridden:
			entry.More++
		default:
			entry.Overrides = append(entry.Overrides, Overridden{
				f.ID, f.Rule, string(f.Level), clip(f.Path, 500), clip(f.Message, 500), f.LiftedBy.By, f.LiftedBy.Reason, f.LiftedBy.Until,
			})
		}
	}
	if len(entry.Overrides) == 0 {
		return nil
	}
	body, err := json.Marshal(entry)
	if err != nil {
		return fmt.Errorf("write for the audit log: %w", err)
	}
	_, err = g.Store.NoteOnce(ctx, "merge "+m.Subject.Name()+"@"+m.Subject.Head, store.Entry{At: g.Now(), Kind: store.AuditMerge, Subject: m.Subject.Name(), Actor: m.By, Body: body})
	return err
}

// The bounds of what somebody may ask for by comments within an hour: each costs
// requests, of which an installation has some thousands an hour.
const (
	CommandsHere       = 20  // on a pull request
	CommandsEverywhere = 100 // on all of them
	CommandsWithin     = time.Hour
)

// overLimit stands for a command that is one too many. No comment can say it: a
// command is one line.
const overLimit = "/changeguard\nover the limit"

// Limited decides whether a command is still within what somebody may ask for. The
// first one that is not is answered with a sentence; later ones are dropped, which
// costs nothing.
func (g *Guard) Limited(ctx context.Context, s store.Subject, c *store.Command) (instead *store.Command, drop bool, err error) {
	if c == nil || c.Comment == 0 {
		return c, false, nil
	}
	here, everywhere, err := g.Store.CommandsSince(ctx, s.Name(), c.ByID, c.MadeAt.Add(-CommandsWithin))
	if err != nil || here < CommandsHere && everywhere < CommandsEverywhere {
		return c, false, err
	}
	if here > CommandsHere || everywhere > CommandsEverywhere {
		return nil, true, nil
	}
	replaced := *c
	replaced.Body = overLimit
	return &replaced, false, nil
}

func tooMany(c store.Command) (decision, bool) {
	if !strings.Contains(c.Body, "\n") {
		return decision{}, false
	}
	return refused("That is more than %d commands in an hour here, or %d anywhere; further ones of yours are not answered until an hour has passed.", CommandsHere, CommandsEverywhere), true
}
