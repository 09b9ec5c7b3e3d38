// Soak shows what the server promises to hold under faults:
//
//	go run ./internal/soak [-short] [-database sqlite|postgres|both]
//
// It runs the real program and the stand-in for GitHub as processes of their
// own, with GitHub's limits, lets pull requests of mixed size happen in twenty
// installations, and disturbs everything: deliveries are dropped (and are then
// in no list of failed ones, so that only reconciliation finds what they told
// of), doubled and out of order; GitHub answers with errors, cuts connections
// before and after it did what was asked, limits and is slow; the servers are
// killed. After a quiet time it compares the check run of every head with what
// `changeguard check` says of a clone.
//
// That evaluations of one pull request overlap is seen in the servers' logs, at
// level debug: a line when one begins and when it ends, while the pull request
// is held. One that a kill ended is taken to end with the kill.
//
// Then come the other measures, without faults: requests per verdict, memory,
// deliveries answered per second, and how long it takes to catch up after an
// outage. Promises of speed count with -speeds only; a busy machine breaks them.
//
// A request is counted each time that it is sent, by what it is for: those of
// reconciliations and for tokens are counted apart. A verdict that is the first of
// its head costs several, and one that is given again a query; the part without
// faults has the same mix of events, but loses none, so more of its verdicts are
// such. The table says how many.
//
// It exits with 1 when a promise is broken.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/changeguard/changeguard/internal/store/pgtest"
)

// standInWord is the argument that makes this program the stand-in.
const standInWord = "stand-in"

func main() {
	if len(os.Args) == 2 && os.Args[1] == standInWord {
		if err := runStandIn(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "soak: stand-in:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := soak(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	pgtest.Stop()
	os.Exit(code)
}

// options are the flags.
type options struct {
	program, databases, keep, parts         string
	seed                                    uint64
	installations, pulls, deliveries        int
	replicas                                int
	span, quiet, leastKill, mostKill, every time.Duration
	dropped, doubled, shuffled              float64
	faults                                  faults
	outage                                  int
	latency, flood                          time.Duration
	senders                                 int
	short, speeds                           bool
}

func (o *options) declare(f *flag.FlagSet) {
	f.StringVar(&o.program, "program", "", "the server's `file` (default: built from ./cmd/changeguard)")
	f.StringVar(&o.databases, "database", "both", "sqlite, postgres or both")
	f.StringVar(&o.parts, "parts", "calm,storm,speed", "`parts` of it; requests per verdict are compared where there are the first two")
	f.StringVar(&o.keep, "keep", "", "a `folder` for logs and databases, which stay there")
	f.Uint64Var(&o.seed, "seed", 1, "of everything that is left to chance")
	f.IntVar(&o.installations, "installations", 20, "with a repository each")
	f.IntVar(&o.pulls, "pulls", 1000, "pull requests")
	f.IntVar(&o.deliveries, "deliveries", 10000, "events")
	f.IntVar(&o.replicas, "replicas", 3, "processes of the server on PostgreSQL")
	f.DurationVar(&o.span, "span", 8*time.Minute, "time in which they happen")
	f.DurationVar(&o.quiet, "quiet", time.Minute, "time without faults and events at the end")
	f.DurationVar(&o.leastKill, "least-kill", 5*time.Second, "shortest time between two kills of a process")
	f.DurationVar(&o.mostKill, "most-kill", 20*time.Second, "longest time between them")
	f.DurationVar(&o.every, "reconcile", 15*time.Second, "time between reconciliations")
	f.Float64Var(&o.dropped, "dropped", 0.3, "share of the deliveries that are never sent")
	f.Float64Var(&o.doubled, "doubled", 0.1, "share that is sent twice")
	f.Float64Var(&o.shuffled, "shuffled", 0.3, "share that comes late")
	f.Float64Var(&o.faults.Errors, "errors", 0.1, "share of GitHub's answers that are 5xx")
	f.Float64Var(&o.faults.Resets, "resets", 0.05, "share of requests that are cut off")
	f.Float64Var(&o.faults.Lost, "lost", 0.05, "share of writing requests that are carried out and cut off")
	f.Float64Var(&o.faults.Limits, "limits", 0.005, "share of requests that meet a secondary limit")
	f.Float64Var(&o.faults.Slow, "slow", 0.01, "share of answers that take a second")
	f.IntVar(&o.outage, "outage", 1000, "deliveries that nobody answered, to catch up with; 0 leaves it out")
	f.DurationVar(&o.latency, "latency", 50*time.Millisecond, "of GitHub while catching up")
	f.DurationVar(&o.flood, "flood", 10*time.Second, "time in which deliveries are counted; 0 leaves it out")
	f.IntVar(&o.senders, "senders", 32, "at once for each server, while they are counted")
	f.BoolVar(&o.short, "short", false, "a small one, of about a minute for each database")
	f.BoolVar(&o.speeds, "speeds", false, "promises of speed count as well")
}

// shorten sets what was not set by hand.
func (o *options) shorten(f *flag.FlagSet) {
	given := make(map[string]bool)
	f.Visit(func(x *flag.Flag) { given[x.Name] = true })
	for name, set := range map[string]func(){
		"pulls": func() { o.pulls = 60 }, "deliveries": func() { o.deliveries = 600 }, "span": func() { o.span = 25 * time.Second },
		"quiet": func() { o.quiet = 25 * time.Second }, "reconcile": func() { o.every = 5 * time.Second }, "outage": func() { o.outage = 0 },
		"flood": func() { o.flood = 0 }, "least-kill": func() { o.leastKill = 4 * time.Second }, "most-kill": func() { o.mostKill = 8 * time.Second },
	} {
		if !given[name] {
			set()
		}
	}
}

func soak(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	f := flag.NewFlagSet("soak", flag.ContinueOnError)
	f.SetOutput(stderr)
	o.declare(f)
	if err := f.Parse(args); err != nil {
		return 2
	}
	if f.NArg() > 0 || o.mostKill < o.leastKill || o.pulls < o.installations || !slices.Contains([]string{"sqlite", "postgres", "both"}, o.databases) {
		fmt.Fprintln(stderr, "soak: it takes flags only; at least a pull request an installation; sqlite, postgres or both")
		return 2
	}
	if o.short {
		o.shorten(f)
	}
	kept, err := o.run(ctx, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "soak:", err)
		return 1
	}
	if !kept {
		return 1
	}
	return 0
}

// run soaks each database and prints a table for each.
func (o *options) run(ctx context.Context, stdout, stderr io.Writer) (kept bool, err error) {
	dir := o.keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "changeguard-soak-"); err != nil {
			return false, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return false, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, err
	}
	if o.program == "" {
		o.program = filepath.Join(dir, "changeguard")
		build := exec.CommandContext(ctx, "go", "build", "-o", o.program, "./cmd/changeguard") //nolint:gosec // the go command
		build.Stdout, build.Stderr = stderr, stderr
		if err := build.Run(); err != nil {
			return false, fmt.Errorf("build the program: %w", err)
		}
	}
	kept = true
	for _, name := range []string{"sqlite", "postgres"} {
		if o.databases != "both" && o.databases != name {
			continue
		}
		one := &course{options: o, dir: filepath.Join(dir, name), name: name, replicas: 1, stdout: stdout}
		if name == "postgres" {
			if _, err := pgtest.Start("there"); errors.Is(err, pgtest.ErrMissing) && o.databases == "both" && os.Getenv("CI") == "" {
				fmt.Fprintln(stdout, "\nPostgreSQL is left out:", err)
				continue
			} else if err != nil {
				return false, err
			}
			one.replicas = o.replicas
		}
		ok, err := one.run(ctx)
		if err != nil {
			return false, fmt.Errorf("%s: %w", name, err)
		}
		kept = kept && ok
	}
	return kept, nil
}
