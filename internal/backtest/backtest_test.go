package backtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/internal/backtest"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/verdict"
)

func trial(t *testing.T, name, text string) backtest.Trial {
	t.Helper()
	p, problems := policy.Load([]byte(text), policy.Source{Name: name}, catalogue.Kinds())
	if problems != nil {
		t.Fatal(problems)
	}
	return backtest.Trial{Name: name, Layers: []verdict.Layer{{Name: verdict.RepositoryLayer, Policy: p}}}
}

// one is a change of one file, by somebody.
func one(n int, path, author string) backtest.One {
	c := changetest.New(nil, changetest.Text(map[string]string{path: "x\n"}))
	c.Head = fmt.Sprintf("%040x", n)
	c.Commits = []change.Commit{{ID: c.Head, Message: "Change <b>" + path + "</b>\n", Author: change.Identity{Name: "N", Email: author}}}
	return backtest.One{Change: c, When: time.Date(2025, time.Month(1+n%3), 1, 0, 0, 0, 0, time.UTC)}
}

var update = flag.Bool("update", false, "rewrite golden files")

const current = `version: 1
rules:
  core: {uses: protected-paths, with: {paths: ["core/**"]}}
  ui: {uses: protected-paths, level: warn, with: {paths: ["ui/**"]}}
  read: {uses: labels, level: "off", with: {require: [x]}}
`

func run(t *testing.T, workers int) *backtest.Report {
	t.Helper()
	strict := trial(t, "strict.yml", "version: 1\nrules:\n  ui: {uses: protected-paths, level: approve, with: {paths: [\"ui/**\"]}}\n  read: {uses: labels, if: \"change.files > 5\", with: {require: [x]}}\n")
	b := &backtest.Backtest{Kinds: catalogue.Kinds(), Engine: "changeguard test", Current: trial(t, "now.yml", current), Candidate: &strict, Workers: workers}
	told := 0
	r, err := b.Run(context.Background(), func(take func(backtest.One) error) error {
		for i, c := range []backtest.One{
			one(0, "core/a/b/c.py", "noreply@anthropic.com"), one(1, "core/a/d.py", "dev@example.com"), one(2, "ui/<script>alert(1)</script>.ts", "dev@example.com"),
			one(3, "docs/a.md", "dev@example.com"), one(4, "ui/\x1b[31m.ts", "dev@example.com"), one(5, "core/x.py", "dev@example.com"),
		} {
			if err := take(c); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
		return nil
	}, func(int) { told++ })
	if err != nil || told != 6 {
		t.Fatal(told, err)
	}
	return r
}

// What is counted, and the same however many work at it.
func TestCounts(t *testing.T) {
	t.Parallel()
	r := run(t, 1)
	got := fmt.Sprintf("%d %d %d %d; %v; %v; %v", r.Current.Pass, r.Current.Approve, r.Current.Fail, r.Current.Incomplete, r.Current.Actors, r.Current.Folders, r.Current.Months)
	want := "2 0 4 0; [{human 5 3 0} {agent 1 1 0}]; [{core/a 2 2 2} {core 1 1 1} {ui 1 1 1}]; [{2025-01 2 1 0} {2025-02 2 2 0} {2025-03 2 1 0}]"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if x := r.Candidate; x.StopsCount != 1 || x.FreesCount != 3 || x.Otherwise != 0 || len(r.Blind) != 1 || r.Blind[0] != "read" {
		t.Errorf("%+v %v", x, r.Blind)
	}
	a, err1 := r.JSON()
	b, err2 := run(t, 8).JSON()
	if err1 != nil || err2 != nil || string(a) != string(b) || !json.Valid(a) {
		t.Errorf("%v %v\n%s\n%s", err1, err2, a, b)
	}
}

var (
	elsewhere = regexp.MustCompile(`(?i)(src|href|action|data)\s*=|url\(|@import|<script|<iframe|<link|<img|\son\w+=`)
	markup    = regexp.MustCompile(`<b>core`)
)

// The page needs nothing else, and what comes from a repository is text in it.
func TestPageIsAloneAndEscaped(t *testing.T) {
	t.Parallel()
	page, err := run(t, 2).HTML()
	if err != nil {
		t.Fatal(err)
	}
	if m := elsewhere.Find(page); m != nil {
		t.Errorf("the page has %q", m)
	}
	if markup.Match(page) || !strings.Contains(string(page), "&lt;script&gt;alert(1)") || strings.Contains(string(page), "\x1b") {
		t.Error("a name is markup in the page, or is not in it")
	}
	for _, words := range []string{"4 would not have passed (66.7 %)", "Newly stopped", "No longer stopped", "By month", "<svg", "default-src &#39;none&#39;"} {
		if !strings.Contains(strings.ReplaceAll(string(page), "'none'", "&#39;none&#39;"), words) {
			t.Errorf("the page does not say %q", words)
		}
	}
}

func TestTextForATerminal(t *testing.T) {
	t.Parallel()
	text := run(t, 2).Text()
	for _, words := range []string{
		"6 changes", "leave them out of account: read", "By now.yml: 4 would not have passed (66.7 %)", "4 blocked, 0 held", "       3         3  block    core",
		"What strict.yml changes: 1 change more stopped, 3 changes no longer, 0 changes stopped in another way",
	} {
		if !strings.Contains(text, words) {
			t.Errorf("it does not say %q", words)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Error("a name acts on the terminal")
	}
	if t.Failed() {
		t.Log(text)
	}
}

// What stops the feed stops the run.
func TestErrorsEndTheRun(t *testing.T) {
	t.Parallel()
	broken := errors.New("no more")
	b := &backtest.Backtest{Kinds: catalogue.Kinds(), Current: trial(t, "now.yml", current), Workers: 2}
	_, err := b.Run(context.Background(), func(take func(backtest.One) error) error {
		return errors.Join(take(one(0, "a", "x")), broken)
	}, func(int) {})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

// What was under way when a run was interrupted may have been judged without what
// was not read any more, so it is not counted.
func TestInterruptedIsNotCounted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b := &backtest.Backtest{Kinds: catalogue.Kinds(), Engine: "changeguard test", Current: trial(t, "now.yml", current), Workers: 1}
	r, err := b.Run(ctx, func(take func(backtest.One) error) error {
		last := one(1, "core/b.py", "dev@example.com")
		last.Trouble = func() error {
			cancel()
			return nil
		}
		return errors.Join(take(one(0, "core/a.py", "dev@example.com")), take(last), take(one(2, "core/c.py", "dev@example.com")))
	}, func(int) {})
	if err != nil || r.Current.Changes != 1 || r.Stopped != backtest.ErrInterrupted.Error() || !r.Incomplete() {
		t.Errorf("%+v %v", r, err)
	}
}

// A source that ran dry is asked no more, also where a change is handed out at the
// moment that it did.
func TestDrySourceIsLeftAlone(t *testing.T) {
	t.Parallel()
	for range 50 { // whether the next is handed out is chance
		asked, found := 0, make(chan struct{})
		once := sync.OnceFunc(func() { close(found) })
		b := &backtest.Backtest{Kinds: catalogue.Kinds(), Engine: "changeguard test", Current: trial(t, "now.yml", current), Workers: 4}
		load := func(context.Context) (*change.Change, error) {
			asked++
			return nil, &backtest.DryError{Err: errors.New("no more")}
		}
		_, err := b.Run(t.Context(), func(take func(backtest.One) error) error {
			if err := take(backtest.One{Load: load}); err != nil {
				return err
			}
			<-found
			return take(backtest.One{Load: load})
		}, func(int) { once() })
		if asked != 1 || !errors.As(err, new(*backtest.DryError)) {
			t.Fatalf("asked %d times: %v", asked, err)
		}
	}
}
