package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/backtest"
	"github.com/changeguard/changeguard/internal/condition"
	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/version"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/verdict"
)

// The units of a backtest.
const (
	ByCommit = "commit"
	ByMerge  = "merge"
	ByPull   = "pull-request"
)

// BacktestUnits are what a backtest can take for one change.
func BacktestUnits() []string { return []string{ByCommit, ByMerge, ByPull} }

// Backtest is what `changeguard backtest` was asked.
type Backtest struct {
	Repo      string
	Head      string
	Since     string // a day, an age or a revision
	By        string // one of BacktestUnits
	Last      int    // at most so many changes, the newest; 0 means all
	Policy    string // a file instead of the one at the head
	Candidate string // a file
	OrgPolicy string
	Worst     int
	Format    string // one of backtest.Formats
	Output    string
	Env       func(string) string
	Now       time.Time
	Progress  io.Writer // a terminal, or nil
	// GitHub is OWNER/REPO, whose closed pull requests are judged through the API
	// instead of a clone's history; "" means the clone.
	GitHub    string
	Transport http.RoundTripper // to GitHub; nil means the usual one
	// Cache is a folder that keeps what GitHub said of pull requests for a day, so
	// that the next run goes on where this one ended; "" keeps nothing.
	Cache string
}

// Run judges the past and returns the exit code.
func (k Backtest) Run(ctx context.Context, stdout, stderr io.Writer) int {
	run := k.run
	if k.GitHub != "" {
		run = k.onGitHub
	}
	r, err := run(ctx)
	if err == nil {
		err = k.print(stdout, r)
	}
	var asked *gitrepo.UsageError
	var broken policy.Problems
	switch {
	case errors.As(err, &broken):
		fmt.Fprintln(stderr, err)
		return ExitUsage
	case err != nil:
		fmt.Fprintln(stderr, "changeguard backtest:", strings.TrimPrefix(err.Error(), "changeguard: "))
		if errors.As(err, &asked) || errors.As(err, new(*inputError)) {
			return ExitUsage
		}
		return ExitIncomplete
	case r.Incomplete():
		return ExitIncomplete
	}
	return ExitPass
}

func (k Backtest) print(stdout io.Writer, r *backtest.Report) error {
	text := []byte(r.Text())
	var err error
	switch k.Format {
	case "json":
		text, err = r.JSON()
	case "html":
		text, err = r.HTML()
	}
	if err != nil {
		return err
	}
	return writeOut(stdout, k.Output, text)
}

func (k Backtest) run(ctx context.Context) (r *backtest.Report, err error) {
	repo, err := gitrepo.Open(ctx, k.Repo)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, repo.Close()) }()
	b, err := k.trials(ctx, repo)
	if err != nil {
		return nil, err
	}
	span, err := k.span(ctx, repo)
	if err != nil {
		return nil, err
	}
	span.Lines = needsLines(b.Current) || b.Candidate != nil && needsLines(*b.Candidate)
	source, err := k.source(ctx, repo, span)
	if err != nil {
		return nil, err
	}
	if source.len == 0 && source.skipped > 0 {
		return nil, badInput("of %s none has a parent in this clone, so there is nothing that it changed; where the clone is shallow, `git fetch --unshallow` brings the rest", count(source.skipped, "commit"))
	}
	if source.len == 0 {
		return nil, badInput("no changes by %s are there since %s; another --by or --since may find some", k.By, cmp.Or(k.Since, "the beginning"))
	}
	r, err = b.Run(ctx, source.each, k.progress(source.len))
	if err != nil {
		return nil, err
	}
	r.By, r.Since, r.Head, r.Skipped = k.By, k.Since, source.head, source.skipped
	reached(r, source.len, "change")
	return r, nil
}

// reached adds to why a run ended early how far it came, and how to see the rest.
func reached(r *backtest.Report, total int, noun string) {
	if r.Stopped != "" {
		r.Stopped += fmt.Sprintf("; %d of %s were judged. Ask again for all, or for fewer with --last", r.Current.Changes, count(total, noun))
	}
}

// past is where a backtest's changes come from.
type past struct {
	len     int
	skipped int
	head    string
	each    func(take func(backtest.One) error) error
}

// trials loads the policies that judge.
func (k Backtest) trials(ctx context.Context, repo *gitrepo.Repo) (*backtest.Backtest, error) {
	b := &backtest.Backtest{Kinds: catalogue.Kinds(), Engine: version.Engine(), Worst: k.Worst, Workers: runtime.GOMAXPROCS(0)}
	head, err := repo.Commit(ctx, cmp.Or(k.Head, "HEAD"))
	if err != nil {
		return nil, err
	}
	b.Current.Name = cmp.Or(k.Policy, policy.Path)
	b.Current.Layers, err = Check{Policy: k.Policy, OrgPolicy: k.OrgPolicy, Env: k.Env}.layers(ctx, repo, &change.Change{Base: head})
	if err != nil {
		return nil, err
	}
	for _, l := range b.Current.Layers {
		if l.Problems != nil {
			return nil, l.Problems
		}
		if l.Name == verdict.DefaultLayer {
			b.Current.Name = "the built-in default policy"
		}
	}
	if k.Candidate != "" {
		layers, err := namedLayers(k.OrgPolicy, k.Candidate)
		if err != nil {
			return nil, err
		}
		b.Candidate = &backtest.Trial{Name: k.Candidate, Layers: layers}
	}
	return b, nil
}

// needsLines reports whether a verdict's outcome can depend on counted lines:
// counting them takes git far longer than listing files.
func needsLines(t backtest.Trial) bool {
	return slices.ContainsFunc(t.Layers, func(l verdict.Layer) bool {
		if l.Policy == nil {
			return false
		}
		return l.Policy.Risk.ApproveAt != "never" || slices.ContainsFunc(l.Policy.Rules, func(r policy.Rule) bool {
			return r.If != nil && asksLines(r.If) || r.Kind.Name == "limits" || r.Kind.Name == "expression"
		})
	})
}

func asksLines(p *condition.Program) bool {
	return slices.ContainsFunc([]string{"risk.score", "risk.level", "change.additions", "change.deletions"}, p.Uses)
}

var age = lazyregexp.New(`^([0-9]{1,4}) ?(d|days?|w|weeks?|months?|y|years?)$`)

// span reads --since, --by and --last.
func (k Backtest) span(ctx context.Context, repo *gitrepo.Repo) (gitrepo.Span, error) {
	s := gitrepo.Span{Head: k.Head, Merges: k.By != ByCommit, Most: k.Last}
	if k.By == ByPull {
		s.Most = 0 // the changes without a number are left out first
	}
	if k.Since == "" {
		return s, nil
	}
	if from, ok := k.from(); ok {
		s.Since = from.Unix()
		return s, nil
	}
	if _, err := repo.Commit(ctx, k.Since); err != nil {
		return s, badInput("--since %s is no day such as 2025-08-31, no age such as 90d, 12w or 3 months, and no revision here", k.Since)
	}
	s.After = k.Since
	return s, nil
}

// from reads a day or an age.
func (k Backtest) from() (time.Time, bool) {
	if day, err := time.Parse(time.DateOnly, k.Since); err == nil {
		return day, true
	}
	m := age.FindStringSubmatch(k.Since)
	if m == nil {
		return time.Time{}, false
	}
	n, _ := strconv.Atoi(m[1]) // at most four digits
	switch m[2][0] {
	case 'd':
		return k.Now.AddDate(0, 0, -n), true
	case 'w':
		return k.Now.AddDate(0, 0, -7*n), true
	case 'm':
		return k.Now.AddDate(0, -n, 0), true
	}
	return k.Now.AddDate(-n, 0, 0), true
}

// source lists the changes.
func (k Backtest) source(ctx context.Context, repo *gitrepo.Repo, span gitrepo.Span) (past, error) {
	p, err := repo.Past(ctx, span)
	if err != nil {
		return past{}, err
	}
	if k.By == ByPull {
		if err := k.onlyPulls(ctx, p); err != nil {
			return past{}, err
		}
	}
	each := func(take func(backtest.One) error) error {
		return p.Each(ctx, func(c *change.Change) error {
			describe(c)
			return take(backtest.One{Change: c, When: time.Unix(p.When[c.Head], 0)})
		})
	}
	return past{p.Len, p.Skipped, p.Head, each}, nil
}

// onlyPulls keeps the changes whose commit on the branch says that it was a pull
// request.
func (k Backtest) onlyPulls(ctx context.Context, p *gitrepo.Past) error {
	left := k.Last
	return p.Keep(ctx, func(c change.Commit) bool {
		if k.Last > 0 && left == 0 {
			return false
		}
		number, _, _ := mergeMessage(c.Message)
		if number > 0 {
			left--
		}
		return number > 0
	})
}

var (
	mergedPull = lazyregexp.New(`^Merge pull request #([0-9]{1,9}) from [^/\s]+/(\S+)$`)
	squashed   = lazyregexp.New(`^(.*) \(#([0-9]{1,9})\)$`)
	mergedLine = lazyregexp.New(`^Merge (?:remote-tracking )?branch '([^']+)'`)
)

// mergeMessage reads what forges write when they merge: the pull request's number,
// its title and its head branch. What is not said is 0 or "".
func mergeMessage(message string) (number int, title, branch string) {
	subject := change.Commit{Message: message}.Subject()
	if m := mergedPull.FindStringSubmatch(subject); m != nil {
		number, _ = strconv.Atoi(m[1]) // at most nine digits
		_, rest, _ := strings.Cut(strings.TrimLeft(message, " \t\r\n"), "\n")
		return number, change.Commit{Message: rest}.Subject(), m[2]
	}
	if m := squashed.FindStringSubmatch(subject); m != nil {
		number, _ = strconv.Atoi(m[2])
		return number, m[1], ""
	}
	if m := mergedLine.FindStringSubmatch(subject); m != nil {
		return 0, "", m[1]
	}
	return 0, "", ""
}

// describe fills in what the commit that brought the change says of it.
func describe(c *change.Change) {
	for _, x := range c.Commits {
		if x.ID != c.Head {
			continue
		}
		number, title, branch := mergeMessage(x.Message)
		c.Number, c.Title, c.HeadRef = number, title, branch
		if title == "" && !x.Merge() {
			c.Title = x.Subject()
		}
		if len(c.Title) > change.MaxTitle {
			c.Title = strings.ToValidUTF8(c.Title[:change.MaxTitle], "")
		}
	}
}

// progress draws a bar on a terminal.
func (k Backtest) progress(total int) func(int) {
	if k.Progress == nil {
		return func(int) {}
	}
	drawn := -1
	return func(done int) {
		const width = 40
		if at := done * width / total; at != drawn {
			drawn = at
			fmt.Fprintf(k.Progress, "\r[%s%s] %d of %d", strings.Repeat("#", at), strings.Repeat(" ", width-at), done, total)
		}
		if done == total {
			fmt.Fprintf(k.Progress, "\r%s\r", strings.Repeat(" ", width+30))
		}
	}
}
