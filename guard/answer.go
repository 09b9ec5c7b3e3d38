package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/report"
)

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
