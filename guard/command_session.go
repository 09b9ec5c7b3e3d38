package guard

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/session"
)

func (s *standing) decideSession(ctx context.Context, c store.Command, rest string) (decision, error) {
	mode, reason := word(rest)
	switch {
	case mode == "" || reason == "":
		return refused("Say which mode to lift and why: `/changeguard lift-session MODE REASON`."), nil
	case mode == session.UndeclaredAgent:
		return refused("That mode is replaced by a label of another mode, set by somebody who is not the author."), nil
	case s.makers.has(person(c.By, c.ByID)):
		return refused("Somebody else has to lift it: this is your own change."), nil
	}
	known, text := false, ""
	for _, l := range s.layers {
		if l.Policy == nil || l.Policy.Session(mode) == nil {
			continue
		}
		known = true
		ok, err := s.rights.among(ctx, person(c.By, c.ByID), l.Policy.Overrides.By)
		if err != nil {
			return decision{}, err
		}
		if !ok {
			return refused("%s", s.rights.takes("The lifting", l.Policy.Overrides.By).of(mode)), nil
		}
		for _, label := range s.loaded.Change.Labels {
			declares := func(name string) bool { return strings.EqualFold(name, label.Name) }
			if !label.ByAuthor && slices.ContainsFunc(l.Policy.Session(mode).Labels, declares) {
				text = fmt.Sprintf("The label %s still declares the mode, since somebody else than the author set it; take it off as well.", plain(label.Name))
			}
		}
	}
	if !known || !slices.Contains(s.verdict.Session.Modes, mode) {
		return refused("This change is not in a mode called %s.", plain(mode)), nil
	}
	return decision{answer: answer{Text: text}, modes: []session.Lift{{Mode: mode, By: c.By, Reason: clipped(reason)}}}, nil
}

// unlabelled lifts the sessions that a label declares which somebody took off, if
// they may lift them. Whoever may not has only changed a label: what was declared
// sticks.
func (s *standing) unlabelled(ctx context.Context, c store.Command, label string) (d decision, err error) {
	who := person(c.By, c.ByID)
	if s.makers.has(who) {
		return d, nil
	}
	for _, mode := range s.verdict.Session.Modes {
		declares, by := s.declares(mode, label)
		for _, list := range by {
			may := false
			if declares {
				if may, err = s.rights.among(ctx, who, list); err != nil {
					return d, err
				}
			}
			declares = may
		}
		if declares {
			d.modes = append(d.modes, session.Lift{Mode: mode, By: c.By, Reason: clipped("took off the label " + label)})
		}
	}
	return d, nil
}

// declares reports whether a label declares a mode in some layer, and who may
// lift the mode in each that has it.
func (s *standing) declares(mode, label string) (declares bool, by [][]string) {
	for _, l := range s.layers {
		if l.Policy == nil || l.Policy.Session(mode) == nil {
			continue
		}
		by = append(by, l.Policy.Overrides.By)
		declares = declares || slices.ContainsFunc(l.Policy.Session(mode).Labels, func(name string) bool { return strings.EqualFold(name, label) })
	}
	return declares, by
}

// maxReason bounds a reason, in bytes.
const maxReason = 500

func clipped(s string) string {
	if len(s) > maxReason {
		s = s[:maxReason]
	}
	return strings.ToValidUTF8(s, "")
}

// liftSession writes it down for the pull request.
func (s *standing) liftSession(ctx context.Context, l session.Lift) error {
	scope := fmt.Sprintf("pull %s#%d", s.loaded.Change.Repo, s.Number)
	return s.Store.ChangeRecords(ctx, []string{scope}, func(have map[string][]byte) (map[string][]byte, error) {
		var record session.Record
		if body := have[scope]; body != nil {
			var err error
			if record, err = session.ParseRecord(body); err != nil {
				return nil, fmt.Errorf("%s: %w", scope, err)
			}
		}
		record.Lifts = append(record.Lifts, l)
		body, err := json.Marshal(record)
		return map[string][]byte{scope: body}, err
	})
}
