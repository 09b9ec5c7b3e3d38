package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
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
	var why []string
	for _, f := range found {
		until, no, err := s.mayOverride(ctx, c, f, seen, via)
		if err != nil {
			return decision{}, err
		}
		if no != "" {
			if !slices.Contains(why, no) {
				why = append(why, no)
			}
			continue
		}
		d.lifts = append(d.lifts, store.Lift{
			Kind: string(verdict.Override), Finding: f.ID, Rule: f.Rule, Print: s.prints.of(f), By: c.By, ByID: c.ByID, Via: via,
			Reason: reason, MadeAt: s.Now(), Until: until,
		})
	}
	if len(why) > 0 {
		d.Refused = len(d.lifts) == 0
		d.Text = strings.Join(why[:min(len(why), 3)], " ")
		if !d.Refused {
			d.Text = fmt.Sprintf("%d of %d are overridden. %s", len(d.lifts), len(found), d.Text)
		}
	}
	return d, nil
}

// mayOverride says until when somebody overrides a finding, or why not.
func (s *standing) mayOverride(ctx context.Context, c store.Command, f *verdict.Finding, seen map[string]string, via string) (until time.Time, no string, err error) {
	if f.Final() {
		if f.Level == policy.Block {
			return until, fmt.Sprintf("Nobody can override %s: %s.", plain(f.Rule), "the policy does not load, so no rule was held"), nil
		}
		return until, fmt.Sprintf("%s stops nothing, so there is nothing to override.", plain(f.Rule)), nil
	}
	if seen[f.ID] != s.prints.of(f) {
		return until, movedOn, nil
	}
	asked := overridesOf(s.layers, f)
	who := person(c.By, c.ByID)
	if own := s.ownChange(who, via, asked); own != "" {
		return until, "Not overridden: " + own + ".", nil
	}
	for _, o := range asked {
		ok, err := s.rights.among(ctx, who, o.By)
		if err != nil {
			return until, "", err
		}
		if !ok {
			return until, s.rights.takes("An override", f.Rule, o.By), nil
		}
		if end := s.Now().Add(o.Expire); until.IsZero() || end.Before(until) {
			until = end
		}
	}
	return until, "", nil
}

// approveChange carries out the button: it lifts what an approval lifts, for
// whoever may override it, and else counts as their approval.
func (s *standing) approveChange(ctx context.Context, c store.Command) (decision, error) {
	seen, err := s.seen(ctx, c)
	if err != nil {
		return decision{}, err
	}
	var d decision
	why := "There is nothing here that an approval lifts."
	for i := range s.verdict.Findings {
		f := &s.verdict.Findings[i]
		if f.Final() || f.Level != policy.Approve {
			continue
		}
		until, no, err := s.mayOverride(ctx, c, f, seen, byButton)
		if err != nil {
			return decision{}, err
		}
		l := store.Lift{Kind: string(verdict.Override), Finding: f.ID, Rule: f.Rule, Print: s.prints.of(f), By: c.By, ByID: c.ByID, Via: byButton, MadeAt: s.Now(), Until: until}
		if no != "" {
			if no, err = s.mayApprove(ctx, c, f, seen); err != nil {
				return decision{}, err
			}
			l.Kind, l.Until = string(verdict.Approval), time.Time{}
		} else {
			l.Reason = "approved by the button of the check run"
		}
		if no != "" {
			why = no
			continue
		}
		d.lifts = append(d.lifts, l)
	}
	if len(d.lifts) == 0 {
		return refused("%s pressed “Approve change”, which lifts nothing: %s", plain(c.By), why), nil
	}
	return d, nil
}

func (s *standing) mayApprove(ctx context.Context, c store.Command, f *verdict.Finding, seen map[string]string) (no string, err error) {
	who := person(c.By, c.ByID)
	switch {
	case seen[f.ID] != s.prints.of(f):
		return movedOn, nil
	case s.makers.has(who):
		return "Nobody approves their own change.", nil
	}
	for _, a := range approvalsOf(s.layers, f) {
		ok, err := s.rights.among(ctx, who, a.From)
		if err != nil {
			return "", err
		}
		if !ok {
			return s.rights.takes("An approval", f.Rule, a.From), nil
		}
	}
	return "", nil
}

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
			return refused("%s", s.rights.takes("The lifting", mode, l.Policy.Overrides.By)), nil
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

// carryOut writes what came of a command: its effects, its answer and the entry
// in the audit log, all of it or nothing.
func (e *evaluation) carryOut(ctx context.Context, c store.Command, d decision) error {
	text, err := json.Marshal(d.answer)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	return e.Store.InTx(ctx, func(tx *store.Tx) error {
		for _, l := range d.lifts {
			l.Reason = clipped(l.Reason)
			if err := store.AddLift(ctx, tx, e.ID, l); err != nil {
				return err
			}
			kind := store.AuditOverride
			if l.Kind == string(verdict.Approval) {
				kind = store.AuditApproval
			}
			if err := e.audit(ctx, tx, kind, c.By, lifted{l.Finding, l.Rule, l.Print, l.Reason, l.Via, until(l), c.Cause}); err != nil {
				return err
			}
		}
		for _, l := range d.modes {
			if err := e.audit(ctx, tx, store.AuditLiftSession, c.By, map[string]string{"mode": l.Mode, "reason": l.Reason, "cause": c.Cause}); err != nil {
				return err
			}
		}
		if d.Refused {
			if err := e.audit(ctx, tx, store.AuditRefusal, c.By, map[string]string{"asked": c.Body, "why": d.Text, "cause": c.Cause}); err != nil {
				return err
			}
		}
		return store.Decide(ctx, tx, c.ID, text)
	})
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

func (e *evaluation) audit(ctx context.Context, tx *store.Tx, kind, actor string, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write for the audit log: %w", err)
	}
	return store.Audit(ctx, tx, store.Entry{At: e.Now(), Kind: kind, Subject: e.Name(), Actor: actor, Body: data})
}

// explanation lists what was found, with the ids that an override names.
func (s *standing) explanation(name string) string {
	var b strings.Builder
	b.WriteString("What was found, and who can lift it:\n")
	n := 0
	for i := range s.verdict.Findings {
		f := &s.verdict.Findings[i]
		if name != "" && !slices.Contains(s.targets(name), f) {
			continue
		}
		if n++; n > 50 {
			b.WriteString("\nThe check run shows more.\n")
			break
		}
		fmt.Fprintf(&b, "\n- %s, rule %s, level %s, %s: %s", plain(f.ID), plain(f.Rule), f.Level, plain(report.Place(*f)), plain(report.Lifters(*f)))
	}
	if n == 0 {
		return "Nothing was found here."
	}
	return b.String()
}

// plain shows a text that came from outside as code, which it cannot leave.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '`' || r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, report.Visible(s))
	return "`" + clip(s, 300) + "`"
}

func clip(s string, n int) string {
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}

// tell answers the commands that were decided: with a reaction, and with a
// comment where there is something to say.
func (e *evaluation) tell(ctx context.Context) error {
	waiting, err := e.Store.Commands(ctx, e.ID)
	if err != nil {
		return err
	}
	for _, c := range waiting {
		if len(c.Answer) == 0 {
			continue
		}
		var a answer
		if err := json.Unmarshal(c.Answer, &a); err != nil {
			return fmt.Errorf("read the answer to %s: %w", c.Cause, err)
		}
		err := e.say(ctx, c, a)
		if errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrForbidden) || errors.Is(err, github.ErrInvalid) {
			e.Logger.WarnContext(ctx, "a command could not be answered", logkey.Subject, e.Name(), logkey.Err, err)
			err = nil // what it asked for is done; the comment may be gone
		}
		if err != nil {
			return err
		}
		if err := e.Store.Answered(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}

func (e *evaluation) say(ctx context.Context, c store.Command, a answer) error {
	if c.Comment != 0 {
		reaction := "+1"
		if a.Refused {
			reaction = "confused"
		}
		if err := e.client.React(ctx, e.Owner, e.Repo, c.Comment, reaction); err != nil {
			return err
		}
	}
	if a.Text == "" {
		return nil
	}
	return e.client.Reply(ctx, e.Owner, e.Repo, e.Number, a.Text)
}
