package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

// answer is what somebody is told who asked for something.
type answer struct {
	Refused bool   `json:"refused,omitempty"`
	Text    string `json:"text,omitempty"` // a comment; empty for a reaction alone
}

// decision is what comes of a command.
type decision struct {
	answer
	lifts []store.Lift
	modes []session.Lift // sessions that are lifted
}

func refused(format string, args ...any) decision {
	return decision{answer: answer{Refused: true, Text: fmt.Sprintf(format, args...)}}
}

// obey decides the commands that wait. What is decided is on disk, with its
// effects, before anybody is told. session is true when one was lifted.
func (s *standing) obey(ctx context.Context) (session bool, err error) {
	waiting, err := s.Store.Commands(ctx, s.ID)
	if err != nil {
		return false, err
	}
	for _, c := range waiting {
		if len(c.Answer) > 0 {
			continue
		}
		if err := s.meet(ctx); err != nil {
			return false, err
		}
		d, err := s.decide(ctx, c)
		if err != nil {
			return false, err
		}
		for _, l := range d.modes {
			session = true
			if err := s.liftSession(ctx, l); err != nil {
				return false, err
			}
		}
		if err := s.carryOut(ctx, c, d); err != nil {
			return false, err
		}
	}
	return session, nil
}

// turnDown refuses all commands that wait.
func (e *evaluation) turnDown(ctx context.Context, why string) error {
	waiting, err := e.Store.Commands(ctx, e.ID)
	if err != nil {
		return err
	}
	for _, c := range waiting {
		if len(c.Answer) > 0 {
			continue
		}
		if err := e.carryOut(ctx, c, refused("%s", why)); err != nil {
			return err
		}
	}
	return nil
}

// decide finds out what a command asks for and whether it may.
func (s *standing) decide(ctx context.Context, c store.Command) (decision, error) {
	if d, ok := tooMany(c); ok {
		return d, nil
	}
	verb, rest := word(strings.TrimPrefix(c.Body, "/changeguard"))
	if c.Via != "" && verb != "help" && verb != "explain" {
		return refused("This was written through an App, so it asks for nothing: only what people write themselves counts."), nil
	}
	switch verb {
	case "approve":
		if c.Comment == 0 {
			return s.approveChange(ctx, c)
		}
		return refused("An approval is a review, or the button of the check run; a comment is none."), nil
	case "unlabel":
		if c.Comment == 0 {
			return s.unlabelled(ctx, c, rest)
		}
	case "override":
		return s.decideOverride(ctx, c, rest)
	case "lift-session":
		return s.decideSession(ctx, c, rest)
	case "recheck":
		return decision{}, nil
	case "explain":
		return decision{answer: answer{Text: s.explanation(rest)}}, nil
	case "help", "":
		return decision{answer: answer{Text: usage}}, nil
	}
	return refused("There is no such command. %s", usage), nil
}

const usage = "What can be asked for: `/changeguard override FINDING|RULE|all REASON`, `/changeguard lift-session MODE REASON`, `/changeguard recheck`, `/changeguard explain`, `/changeguard help`."

func word(s string) (first, rest string) {
	s = strings.TrimSpace(s)
	at := strings.IndexAny(s, " \t")
	if at < 0 {
		return s, ""
	}
	return s[:at], strings.TrimSpace(s[at:])
}

// targets are the findings that a word names: all, a rule, or one by its id, of
// which the first eight characters do.
func (s *standing) targets(name string) (list []*verdict.Finding) {
	for i := range s.verdict.Findings {
		f := &s.verdict.Findings[i]
		if name == "all" || f.Rule == name || f.ID == name || len(name) >= 8 && strings.HasPrefix(f.ID, name) {
			list = append(list, f)
		}
	}
	return list
}

// seen are the prints of what somebody had before their eyes when they asked.
func (s *standing) seen(ctx context.Context, c store.Command) (map[string]string, error) {
	// GitHub says the time in whole seconds.
	stored, err := s.Store.LatestBefore(ctx, s.Name(), c.MadeAt.Add(time.Second))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil || c.Head != "" && c.Head != stored.Head {
		return nil, err
	}
	return printsOf(stored), nil
}

const movedOn = "The change is not what it was when you asked; look at its new result and ask again."

func (s *standing) decideOverride(ctx context.Context, c store.Command, rest string) (decision, error) {
	name, reason := word(rest)
	switch {
	case name == "":
		return refused("Say what to override and why: `/changeguard override FINDING|RULE|all REASON`."), nil
	case reason == "":
		return refused("Say why: `/changeguard override %s REASON`.", plain(name)), nil
	}
	found := s.targets(name)
	if len(found) == 0 {
		return refused("Nothing that was found here is called %s; `/changeguard explain` shows what was found.", plain(name)), nil
	}
	seen, err := s.seen(ctx, c)
	if err != nil {
		return decision{}, err
	}
	return s.lift(ctx, c, found, seen, reason, byComment)
}

// lift overrides findings as far as they may be, and says why others are not.
func (s *standing) lift(ctx context.Context, c store.Command, found []*verdict.Finding, seen map[string]string, reason, via string) (decision, error) {
	var d decision
	var why denials
	for _, f := range found {
		until, no, err := s.mayOverride(ctx, c, f, seen, via)
		if err != nil {
			return decision{}, err
		}
		if no != (denial{}) {
			why.add(f, no)
			continue
		}
		d.lifts = append(d.lifts, store.Lift{
			Kind: string(verdict.Override), Finding: f.ID, Rule: f.Rule, Print: s.prints.of(f), By: c.By, ByID: c.ByID, Via: via,
			Reason: reason, MadeAt: s.Now(), Until: until,
		})
	}
	if len(why) > 0 {
		d.Refused = len(d.lifts) == 0
		d.Text = why.text()
		if !d.Refused {
			d.Text = fmt.Sprintf("%d of %d are overridden. %s", len(d.lifts), len(found), d.Text)
		}
	}
	return d, nil
}

// mayOverride says until when somebody overrides a finding, or why not.
func (s *standing) mayOverride(ctx context.Context, c store.Command, f *verdict.Finding, seen map[string]string, via string) (until time.Time, no denial, err error) {
	if f.Final() {
		if f.Level == policy.Block {
			return until, denial{"Nobody can override ", ": the policy does not load, so no rule was held."}, nil
		}
		return until, denial{"There is nothing to override in ", ", which stops nothing."}, nil
	}
	if seen[f.ID] != s.prints.of(f) {
		return until, denial{before: movedOn}, nil
	}
	asked := overridesOf(s.layers, f)
	who := person(c.By, c.ByID)
	if own := s.ownChange(who, via, asked); own != "" {
		return until, denial{before: "Not overridden: " + own + "."}, nil
	}
	for _, o := range asked {
		ok, err := s.rights.among(ctx, who, o.By)
		if err != nil {
			return until, denial{}, err
		}
		if !ok {
			return until, s.rights.takes("An override", o.By), nil
		}
		if end := s.Now().Add(o.Expire); until.IsZero() || end.Before(until) {
			until = end
		}
	}
	return until, denial{}, nil
}

// carryOut writes what came of a command: its effects, its answer and the entries
// in the audit log.
func (e *evaluation) carryOut(ctx context.Context, c store.Command, d decision) error {
	var o store.Outcome
	var err error
	if o.Answer, err = json.Marshal(d.answer); err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	note := func(kind string, body any) {
		data, wrong := json.Marshal(body)
		err = errors.Join(err, wrong)
		o.Entries = append(o.Entries, store.Entry{At: e.Now(), Kind: kind, Subject: e.Name(), Actor: c.By, Body: data})
	}
	for _, l := range d.lifts {
		l.Reason = clipped(l.Reason)
		o.Lifts = append(o.Lifts, l)
		kind := store.AuditOverride
		if l.Kind == string(verdict.Approval) {
			kind = store.AuditApproval
		}
		note(kind, lifted{l.Finding, l.Rule, l.Print, l.Reason, l.Via, until(l), c.Cause})
	}
	for _, l := range d.modes {
		note(store.AuditLiftSession, map[string]string{"mode": l.Mode, "reason": l.Reason, "cause": c.Cause})
	}
	if d.Refused {
		note(store.AuditRefusal, map[string]string{"asked": c.Body, "why": d.Text, "cause": c.Cause})
	}
	if err != nil {
		return fmt.Errorf("write for the audit log: %w", err)
	}
	return e.Store.CarryOut(ctx, e.ID, c.ID, o)
}

// lifted is a lift in the audit log.
type lifted struct {
	Finding string `json:"finding"`
	Rule    string `json:"rule"`
	Content string `json:"content"`
	Reason  string `json:"reason"`
	Via     string `json:"via"`
	Until   string `json:"until,omitempty"`
	Cause   string `json:"cause"`
}

func until(l store.Lift) string {
	if l.Until.IsZero() {
		return ""
	}
	return l.Until.UTC().Format(time.RFC3339)
}
