package backtest

import (
	"fmt"
	"strings"
	"time"
)

// Formats are the ways to print a report.
func Formats() []string { return []string{"text", "json", "html"} }

// Text is the report for a terminal.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, by %s%s\n", count(r.Current.Changes, "change"), r.By, r.between())
	if r.Stopped != "" {
		fmt.Fprintf(&b, "Not all was judged: %s\n", visible(r.Stopped))
	}
	if r.Skipped > 0 {
		fmt.Fprintf(&b, "%s without a parent in this clone left out\n", count(r.Skipped, "commit"))
	}
	if len(r.Blind) > 0 {
		fmt.Fprintf(&b, "The past does not tell what these rules ask for, so leave them out of account: %s\n", visible(strings.Join(r.Blind, ", ")))
	}
	r.Current.text(&b, r.Policy.Name)
	if c := r.Candidate; c != nil {
		c.Tally.text(&b, c.Policy.Name)
		fmt.Fprintf(&b, "\nWhat %s changes: %s more stopped, %s no longer, %s stopped in another way\n", visible(c.Policy.Name), count(c.StopsCount, "change"), count(c.FreesCount, "change"), count(c.Otherwise, "change"))
		entries(&b, "Newly stopped", c.Stops)
		entries(&b, "No longer stopped", c.Frees)
	}
	return b.String()
}

func (r *Report) between() string {
	if r.First.IsZero() {
		return ""
	}
	return fmt.Sprintf(", %s to %s", r.First.Format(time.DateOnly), r.Last.Format(time.DateOnly))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func share(n, of int) string {
	if of == 0 {
		return ""
	}
	return fmt.Sprintf(" (%.1f %%)", 100*float64(n)/float64(of))
}

func (t Tally) text(b *strings.Builder, name string) {
	fmt.Fprintf(b, "\nBy %s: %d would not have passed%s\n", visible(name), t.Stopped(), share(t.Stopped(), t.Changes))
	fmt.Fprintf(b, "  %d blocked, %d held for an approval, %d not judged\n", t.Fail, t.Approve, t.Incomplete)
	if len(t.Rules) > 0 {
		fmt.Fprintf(b, "\n  %8s %9s  %-8s rule\n", "changes", "findings", "level")
		for _, r := range t.Rules {
			fmt.Fprintf(b, "  %8d %9d  %-8s %s\n", r.Changes, r.Findings, r.Level, visible(r.Rule))
		}
	}
	for _, g := range []struct {
		noun string
		list []Group
	}{{"made by", t.Actors}, {"folder", t.Folders}} {
		if len(g.list) == 0 {
			continue
		}
		fmt.Fprintf(b, "\n  %8s %9s  %s\n", "stopped", "changes", g.noun)
		for _, x := range g.list {
			fmt.Fprintf(b, "  %8d %9d  %s\n", x.Stopped, x.Changes, visible(x.Name))
		}
	}
	entries(b, "The worst", t.Worst)
}

func entries(b *strings.Builder, title string, list []Entry) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, e := range list {
		fmt.Fprintf(b, "  %-10s %s %s  %s\n", e.Outcome, e.short(), e.When.Format(time.DateOnly), visible(clip(e.Title)))
		for i, reason := range e.Reasons {
			if i == 2 {
				fmt.Fprintf(b, "             and %s\n", count(e.Findings-i, "more finding"))
				break
			}
			fmt.Fprintf(b, "             %s: %s\n", visible(reason.Rule), visible(reason.where()))
		}
		for _, m := range e.Missing {
			fmt.Fprintf(b, "             not judged: %s\n", visible(clip(m)))
		}
	}
}

func (e Entry) short() string {
	name := e.Commit[:min(10, len(e.Commit))]
	if e.Number > 0 {
		name = fmt.Sprintf("#%d %s", e.Number, name)
	}
	if e.Closed {
		name += " (not merged)"
	}
	return name
}

func (r Reason) where() string {
	if r.Path != "" {
		return r.Path
	}
	return r.Message
}

// clip bounds a line.
func clip(s string) string {
	const most = 120
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
