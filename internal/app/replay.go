package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/guard"
	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/version"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/verdict"
)

// Replay is what `changeguard replay` was asked: a verdict, and what else it came
// out of, as for a check.
type Replay struct {
	Check
	What        string // the id of a stored verdict, or a file
	DatabaseURL string
}

// Run computes the verdict again and returns the exit code: 0 when it is the same,
// byte for byte, 1 when it is another, 3 when what it rests on is not all there.
func (k Replay) Run(ctx context.Context, stdout, stderr io.Writer) int {
	text, code, err := k.run(ctx)
	if err != nil {
		fmt.Fprintln(stderr, "changeguard replay:", strings.TrimPrefix(err.Error(), "changeguard: "))
		if errors.As(err, new(*gitrepo.UsageError)) || errors.As(err, new(*inputError)) || errors.As(err, new(policy.Problems)) {
			return ExitUsage
		}
		return ExitIncomplete
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		return ExitIncomplete
	}
	return code
}

func (k Replay) run(ctx context.Context) (text string, code int, err error) {
	was, origin, err := k.stored(ctx)
	if err != nil {
		return "", 0, err
	}
	var old struct {
		Engine  string            `json:"engine"`
		Base    string            `json:"base"`
		Head    string            `json:"head"`
		Policy  verdict.Policy    `json:"policy"`
		Missing []verdict.Missing `json:"missing"`
	}
	if err := json.Unmarshal(was, &old); err != nil || old.Head == "" || old.Base == "" {
		return "", 0, badInput("%s is no verdict as `changeguard check --format json` writes it", k.What)
	}
	k.Base, k.Head = old.Base, old.Head
	var v *verdict.Verdict
	if origin != nil {
		v, err = k.recompute(ctx, origin)
	} else {
		v, _, err = k.judge(ctx)
	}
	if err != nil {
		return "", 0, err
	}
	is, err := v.JSON()
	if err != nil {
		return "", 0, err
	}
	if bytes.Equal(was, is) {
		return fmt.Sprintf("The verdict %s comes out again, byte for byte: %s\n", v.ID, report.Visible(v.Title)), ExitPass, nil
	}
	var b strings.Builder
	code = ExitStopped
	if gone := newlyMissing(v.Missing, old.Missing); gone != "" && old.Policy.Digest == v.Policy.Digest {
		code = ExitIncomplete
		fmt.Fprintf(&b, "It cannot be computed again from what is here: %s\nWithout that, this differs:\n", report.Visible(gone))
	} else {
		b.WriteString("Another verdict comes out.\n")
	}
	if old.Engine != version.Engine() {
		fmt.Fprintf(&b, "It was judged by %s, and this is %s.\n", report.Visible(old.Engine), version.Engine())
	}
	if old.Policy.Digest != v.Policy.Digest {
		fmt.Fprintf(&b, "It was judged by the policy %s, and this is %s.\n", report.Visible(old.Policy.Digest), v.Policy.Digest)
	}
	differences(&b, was, is)
	return b.String(), code, nil
}

// newlyMissing is the first thing that is missing now and was not then.
func newlyMissing(is, was []verdict.Missing) string {
	for _, m := range is {
		if !slices.ContainsFunc(was, func(w verdict.Missing) bool { return w.What == m.What }) {
			return m.What
		}
	}
	return ""
}

// maxVerdict bounds a verdict that is read from a file.
const maxVerdict = 64 << 20

// stored reads the verdict: a number is an id, anything else a file.
func (k Replay) stored(ctx context.Context) ([]byte, *guard.Origin, error) {
	id, err := strconv.ParseInt(k.What, 10, 64)
	if err != nil {
		body, err := readFile(k.What, maxVerdict)
		return body, nil, err
	}
	return k.database(ctx, id)
}

// differences lists the lines that are in one verdict alone, by what they say:
// the order of findings follows from them.
func differences(b *strings.Builder, was, is []byte) {
	const most = 20 // of each side
	count := make(map[string]int)
	for line := range strings.Lines(string(is)) {
		count[line]++
	}
	shown := make(map[string]int)
	show := func(mark, line string) {
		if shown[mark]++; shown[mark] <= most {
			fmt.Fprintf(b, "%s %s\n", mark, report.Visible(strings.TrimRight(line, "\n")))
		}
	}
	more := func(mark string) {
		if n := shown[mark] - most; n > 0 {
			fmt.Fprintf(b, "%s and %d more lines\n", mark, n)
		}
	}
	for line := range strings.Lines(string(was)) {
		if count[line]--; count[line] < 0 {
			show("-", line)
		}
	}
	more("-")
	have := make(map[string]int)
	for line := range strings.Lines(string(was)) {
		have[line]++
	}
	for line := range strings.Lines(string(is)) {
		if have[line]--; have[line] < 0 {
			show("+", line)
		}
	}
	more("+")
	if len(shown) == 0 {
		b.WriteString("The lines are the same, in another order or with other line ends.\n")
	}
}
