package report_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

// hostile are texts that would be markup, mentions, links, pictures or terminal
// control.
var hostile = []string{
	"@octocat", "hello @acme/platform, look", "(@a)", "a@b.example", "Dev <dev@example.com>", "mailto:dev@example.com", "xmpp:a@b.example/c",
	"[x](https://evil.example)", "![x](https://evil.example/p.png)", "[x]: https://evil.example", "[x][y]", "[^1]", "[^1]: note", "[[page]]", "- [ ] task", "[x] done",
	"https://evil.example/x", "HTTP://EVIL.EXAMPLE", "ftp://evil.example", "www.evil.example", "WwW.evil.example", "<https://evil.example>", "//evil.example",
	"#123", "acme/app#12", "GH-1", "gh-22", "Gh-3", "closes #4", "0123456789abcdef0123456789abcdef01234567", "see deadbeef.", "acme@deadbee", "acme/app@0123456789",
	"<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<!-- x", "-->", "</sub></details>", "<a href=\"https://evil.example\">", "<details><summary>", "<?php", "<![CDATA[", "&lt;b&gt; &amp; &#64;a &commat;a",
	"*bold* _it_ ~~s~~ __b__ ***", "a_b_c _d_", "# heading", "## heading", "+ item", "- item", "* item", "1. item", "1) item", "> quote", "> [!NOTE]", "---", "===", "***", "| --- |", "|a|b|", "a|b|c", "\\|", "a\\\\|b", "\\", "\\\\", "trailing\\",
	"`code`", "``", "``` fence", "~~~", "a ` b", "`` ` ``", "` `", "`", "\\`", "$math$", "$$x$$", "$`x`$", ":tada:", ":octocat:", ":+1:", "::", "a:b:c",
	"line\nbreak\n\n# heading", "\r\n- item", "a\tb", "    indented", "two  \nspaces", "\x00", "\x1b[31mred", "\x1b]8;;https://evil.example\x07link", "\u009b31m", "\u202ereversed", "\u2066isolated", "zero\u200bwidth", "\ufeffbom", "\u2028", "\u00ad",
	"\xff\xfe", "\xed\xa0\x80", "\U000e0041", "\ufffd", "⚠️ and 👨‍👩‍👧", "é", "", " ", "…", "sha256:" + strings.Repeat("a", 64), "Blocked: nothing: at all",
}

// poisoned is a verdict with a text in each place that can come from a change.
func poisoned(text string) *verdict.Verdict {
	v := sample()
	v.Title = "Blocked: " + text
	v.Missing = []verdict.Missing{{What: text, Remedy: text}, {What: text, Remedy: "git fetch " + text}}
	v.Session.Agent, v.Session.Modes = text, []string{text}
	v.Session.Evidence = []session.Evidence{{Signal: text, Value: text, Where: text}}
	v.Risk.Factors = []verdict.Factor{{Name: text, Why: text}}
	v.Policy.Sources = []string{text, text}
	v.Findings = []verdict.Finding{
		{Rule: text, Level: policy.Block, Path: text + "x", PreviousPath: text, Message: text, Evidence: text, Remedy: "Say: " + text, LiftableBy: text, Enforced: true},
		{Rule: text, Level: policy.Block, Path: "x", Message: text + " " + text, Evidence: text, Remedy: "git rm -- " + text, LiftableBy: text, Enforced: true},
		{Rule: text, Level: policy.Approve, Path: "x", Message: "a " + text + " b", LiftedBy: &verdict.Lift{Kind: verdict.Override, By: []string{text}, Reason: text, Until: text}},
	}
	return v
}

// github reads Markdown with GitHub's extensions, and lets HTML through so that
// it shows.
var github = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithRendererOptions(html.WithUnsafe()))

// rendered is what a document becomes.
type rendered struct {
	shape string // every tag but those of code, in order
	text  string // running text, where GitHub looks for more
	all   string // with the code
}

var (
	tag      = regexp.MustCompile(`<[^>]*>`)
	codeSpan = regexp.MustCompile(`(?s)<code>.*?</code>`)
	codeTag  = regexp.MustCompile(`</?code[^>]*>`)
)

func render(document string) rendered {
	var out strings.Builder
	if err := github.Convert([]byte(document), &out); err != nil {
		panic(err)
	}
	bare := codeTag.ReplaceAllString(out.String(), "")
	return rendered{
		shape: strings.Join(tag.FindAllString(bare, -1), "\n"),
		text:  unescape(tag.ReplaceAllString(codeSpan.ReplaceAllString(codeBlock.ReplaceAllString(out.String(), "\x00"), "\x00"), "\x00")),
		all:   unescape(tag.ReplaceAllString(bare, "")),
	}
}

var codeBlock = regexp.MustCompile(`(?s)<pre>.*?</pre>`)

func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&amp;", "&").Replace(s)
}

// made matches what GitHub makes a link, a mention, a picture or a formula of,
// in text that is no code.
var made = regexp.MustCompile(`(?i)@[a-z0-9]|#[0-9]|\bGH-[0-9]|://|www\.[a-z0-9]|\b[0-9a-f]{7,40}\b|:[a-z0-9_+-]+:|\$[^ ]`)

// reports are all that show a verdict as Markdown.
var reports = map[string]func(*verdict.Verdict) string{
	"markdown": report.Markdown,
	"summary":  func(v *verdict.Verdict) string { return report.NewCheckRun(v, "").Summary },
	"comment":  func(v *verdict.Verdict) string { body, _ := report.Comment(v, false, ""); return body },
	"resolved": report.Resolved,
}

// check holds the reports of a poisoned verdict against those of a harmless one:
// a text of the change makes no node, no line and no link of its own.
func check(t interface{ Errorf(string, ...any) }, poison string) {
	const harmless = "harmless"
	for name, write := range reports {
		document := write(poisoned(poison))
		got, want := render(document), render(write(poisoned(harmless)))
		if diff := cmp.Diff(want.shape, got.shape); diff != "" {
			t.Errorf("%s: %q makes markup: %s\n%s", name, poison, diff, document)
		}
		if found := made.FindString(got.text); found != "" {
			t.Errorf("%s: %q leaves %q in running text:\n%s", name, poison, found, document)
		}
		if bad := strings.IndexFunc(document, uncontrolled); bad >= 0 || !utf8.ValidString(document) {
			t.Errorf("%s: %q leaves a control character: %q", name, poison, document)
		}
	}
}

func uncontrolled(r rune) bool {
	return r != '\n' && unicode.IsControl(r) || r == '\u202e' || r == '\u2028'
}

func TestTextOfTheChangeIsNeverMarkup(t *testing.T) {
	t.Parallel()
	for _, poison := range hostile {
		check(t, poison)
	}
}

// Words between hostile ones do not help either.
func TestMixturesAreNeverMarkup(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		check(rt, strings.Join(rapid.SliceOfN(rapid.SampledFrom(hostile), 1, 4).Draw(rt, "texts"), rapid.SampledFrom([]string{"", " ", "\n", ", "}).Draw(rt, "between")))
	})
}

// What is shown is what was there: escaping loses nothing.
func TestTextOfTheChangeIsShown(t *testing.T) {
	t.Parallel()
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	for _, poison := range hostile {
		want := squeeze(report.Visible(poison))
		for name, write := range reports {
			if got := squeeze(render(write(poisoned("begin " + poison + " end"))).all); !strings.Contains(got, squeeze("begin "+want+" end")) {
				t.Errorf("%s: %q is not to be found in %s", name, poison, got)
			}
		}
		if text := report.Text(poisoned(poison), false); !strings.Contains(text, report.Visible(poison)) {
			t.Errorf("text: %q is not to be found in %s", poison, text)
		}
	}
}

func TestTextOfTheChangeNeverReachesTheTerminal(t *testing.T) {
	t.Parallel()
	for _, poison := range hostile {
		plain, colours := report.Text(poisoned(poison), false), report.Text(poisoned(poison), true)
		if strings.ContainsFunc(plain, uncontrolled) || !utf8.ValidString(plain) {
			t.Errorf("%q reaches the terminal: %q", poison, plain)
		}
		if got := colour.ReplaceAllString(colours, ""); got != plain {
			t.Errorf("%q: colours are not all that differs: %s", poison, cmp.Diff(plain, got))
		}
		if poison != "" && strings.Count(plain, "\n") != strings.Count(report.Text(poisoned("harmless"), false), "\n")+2*strings.Count(strings.ReplaceAll(poison, "\r\n", "\n"), "\n") {
			t.Errorf("%q makes lines of its own:\n%s", poison, plain)
		}
		for _, a := range report.NewCheckRun(poisoned(poison), "").Annotations {
			if strings.ContainsFunc(a.Title+a.Message, uncontrolled) || !utf8.ValidString(a.Path+a.Title+a.Message) {
				t.Errorf("%q reaches an annotation: %+v", poison, a)
			}
		}
		if title := report.NewCheckRun(poisoned(poison), "").Title; strings.ContainsFunc(title, func(r rune) bool { return uncontrolled(r) || r == '\n' }) || !utf8.ValidString(title) {
			t.Errorf("%q reaches the title: %q", poison, title)
		}
	}
}

// colour is what the program itself writes to a terminal.
var colour = regexp.MustCompile("\x1b\\[(?:31|32|33|2|0)m")

func FuzzReports(f *testing.F) {
	for _, poison := range hostile {
		f.Add(poison)
	}
	f.Fuzz(func(t *testing.T, poison string) {
		if len(poison) > 150 {
			return // longer ones are shortened, and look different for it
		}
		check(t, poison)
	})
}
