package change_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
)

// trailers renders them one a line, the line number as strokes.
func trailers(text string) string {
	var b strings.Builder
	for _, t := range change.Trailers(text) {
		b.WriteString(strings.Repeat("|", t.Line) + " " + t.Key + "=" + t.Value + "\n")
	}
	return b.String()
}

func TestTrailers(t *testing.T) {
	t.Parallel()
	const declared = "| Session-Mode=analysis-only\n"
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                          {"", ""},
		"only line":                        {"Session-Mode: analysis-only", declared},
		"windows line ends":                {"Session-Mode: analysis-only\r\n\r\nA: b\r\n", declared + "||| A=b\n"},
		"old line ends":                    {"Session-Mode: analysis-only\rA: b", declared + "|| A=b\n"},
		"in the middle of a message":       {"x\n\nSession-Mode: analysis-only\n\ntext\n\nA: b\n", "||| Session-Mode=analysis-only\n||||||| A=b\n"},
		"space before the colon":           {"Session-Mode : analysis-only", declared},
		"little indentation":               {"   Session-Mode:   analysis-only  ", declared},
		"the value keeps its colons":       {"Link: https://a.example/b:c", "| Link=https://a.example/b:c\n"},
		"no value":                         {"Session-Mode:\nSession-Mode:   \n", ""},
		"no key":                           {": value", ""},
		"a key with spaces is a sentence":  {"The Session-Mode: analysis-only", ""},
		"a key of other letters":           {"Sessiоn-Mode: analysis-only\nSession‑Mode: x", ""},
		"a bold key":                       {"**Session-Mode:** analysis-only", ""},
		"a long key":                       {strings.Repeat("k", 100) + ": v", "| " + strings.Repeat("k", 100) + "=v\n"},
		"indented code":                    {"    Session-Mode: analysis-only\n\tSession-Mode: a\n \tSession-Mode: b\n", ""},
		"a quote":                          {"> Session-Mode: analysis-only\n  > Session-Mode: a\n", ""},
		"a quote in a quote":               {">> Session-Mode: analysis-only", ""},
		"behind a quote":                   {"> text\nSession-Mode: a", "|| Session-Mode=a\n"},
		"a fence":                          {"```\nSession-Mode: a\n```\nB: c", "|||| B=c\n"},
		"a fence with a language":          {"```text\nSession-Mode: a\n```", ""},
		"a fence of tildes":                {"~~~ `x`\nSession-Mode: a\n~~~", ""},
		"a fence in a fence":               {"````\n```\nA: b\n```\nC: d\n````\nE: f", "||||||| E=f\n"},
		"a shorter fence does not close":   {"````\nA: b\n```\nC: d\n`````\nE: f", "|||||| E=f\n"},
		"another fence does not close":     {"```\nA: b\n~~~\nC: d\n```\nE: f", "|||||| E=f\n"},
		"a fence with text does not close": {"```\nA: b\n```x\nC: d\n```\nE: f", "|||||| E=f\n"},
		"a quoted fence does not close":    {"```\nA: b\n> ```\nC: d\n```\nE: f", "|||||| E=f\n"},
		"an indented fence does not close": {"```\nA: b\n    ```\nC: d\n```\nE: f", "|||||| E=f\n"},
		"a fence never closed":             {"```\nA: b\n", "|| A=b\n"},
		"a fence never closed, then one":   {"````go\nA: b\n```\nC: d\n```\nE: f", "|| A=b\n|||||| E=f\n"},
		"two fences of two characters":     {"~~~\nA: b\n```\n~~~\nC: d\n```\nE: f", "||||| C=d\n||||||| E=f\n"},
		"no fence: code within a line":     {"```x``` y\nA: b\n", "|| A=b\n"},
		"two of a mark are no fence":       {"``\nA: b\n``\n", "|| A=b\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, trailers(c.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// GitHub writes the messages of all commits into the one of a squash merge, and
// its own co-authors behind them.
func TestTrailersOfASquashMerge(t *testing.T) {
	t.Parallel()
	const message = "Validate the token (#12)\n\n* Initial plan\n\n* Validate the token\n\nSession-Mode: analysis-only\n" +
		"Claude-Session: https://claude.ai/code/session_01AbC\n\n* Address review\n\n---------\n\nCo-authored-by: Claude <noreply@anthropic.com>\n"
	want := "||||||| Session-Mode=analysis-only\n|||||||| Claude-Session=https://claude.ai/code/session_01AbC\n" +
		strings.Repeat("|", 14) + " Co-authored-by=Claude <noreply@anthropic.com>\n"
	if diff := cmp.Diff(want, trailers(message)); diff != "" {
		t.Error(diff)
	}
}

// Somebody who may write a message up to the last line must not be able to hide
// the last line, which a hook appends.
func TestNothingHidesWhatIsAppended(t *testing.T) {
	t.Parallel()
	for _, before := range []string{
		"```", "```go\nx", "~~~~", "> quote", "    code", "<!--", "<pre>", "```\na\n```\n```", strings.Repeat("a: b\n", 100_000),
		strings.Repeat("```x\n", 50_000), strings.Repeat("~~~\n", 5001), strings.Repeat("x", 1<<20), "a\r", "\x00\xff",
	} {
		found := change.Trailers(before + "\n\nSession-Mode: analysis-only\n")
		if len(found) == 0 || found[len(found)-1].Value != "analysis-only" {
			t.Errorf("hidden behind %.20q", before)
		}
	}
}

// FuzzTrailers holds what every reader relies on, for any text.
func FuzzTrailers(f *testing.F) {
	for _, seed := range []string{
		"A: b\r\nC: d", "```\nA: b\n```\nC: d", "~~~\n````\nA: b\n~~~", "> A: b\nC: d", "    A: b", "A : b\x00\n\tC: d", "x\n\nCo-Authored-By: Claude <noreply@anthropic.com>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\n")
		found := change.Trailers(text)
		last := 0
		for _, tr := range found {
			if tr.Line <= last || tr.Line > len(lines) {
				t.Fatalf("line %d after %d of %d", tr.Line, last, len(lines))
			}
			last = tr.Line
			line := strings.TrimSpace(lines[tr.Line-1])
			if !strings.HasPrefix(line, tr.Key) || !strings.HasSuffix(line, tr.Value) || strings.TrimSpace(tr.Value) != tr.Value || tr.Value == "" {
				t.Fatalf("%+v from %q", tr, line)
			}
			if strings.Trim(strings.ToLower(tr.Key), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
				t.Fatalf("key %q", tr.Key)
			}
		}
		if got := change.Trailers(text + "\n\nAppended-By: hook"); len(got) == 0 || got[len(got)-1].Value != "hook" {
			t.Fatalf("an appended trailer is hidden")
		}
		if got := change.Trailers("> " + strings.Join(lines, "\n> ")); len(got) != 0 {
			t.Fatalf("quoted, and found: %+v", got)
		}
		if got := change.Trailers("    " + strings.Join(lines, "\n    ")); len(got) != 0 {
			t.Fatalf("indented, and found: %+v", got)
		}
	})
}

func BenchmarkTrailers(b *testing.B) {
	text := strings.Repeat("Some words about the change, with a colon: here.\n```go\nx := 1\n```\n", 1000) + "Session-Mode: analysis-only\n"
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if len(change.Trailers(text)) != 1 {
			b.Fatal("not one")
		}
	}
}
