package webhook

import (
	"strings"
	"testing"
)

// A command counts where everybody sees that its author gives it.
func TestCommandLines(t *testing.T) {
	t.Parallel()
	const command = "/changeguard override all why"
	for _, body := range []string{
		command,
		"   " + command,
		"It is agreed.\n" + command + "\nThanks.",
		"\r\n\r\n" + command + "\r\n",
		"> said before\n\n" + command,
		"```\nlog\n```\n" + command,
		"~~~\n```\n~~~\n" + command,
		"````\n```\n````\n" + command,
		"- one\n- two\n\n" + command,
		"- one\n```\nlog\n```\n" + command,
		"<!-- hidden --> text\n" + command,
		"<!-- hidden -->\n\n" + command,
		"<details>\n\n```\nlog\n```\n\n</details>\n\n" + command,
		"`x` and ``y ` z``\n" + command,
		"a < b\n\n" + command,
		"see [this](https://example.com)\n" + command,
		command + "\n/changeguard override core another",
		command + "\n\nOn Mon, Nov 2, 2026 at 3:04 PM Bob ***@***.***> wrote:\n\n" + "/changeguard override core another",
		"As agreed with @lead:\n\n" + command,
		"Two reasons, see #12:\n\n- one\n- two\n\n---\n\n" + command,
		command + "\n```\n",
		"    x\n\n    ```\n\n" + command,
	} {
		if got, ok := commandLine(body); !ok || got != command {
			t.Errorf("%q: %q %t", body, got, ok)
		}
	}
}

// What may be somebody else's word, or is not shown, is none.
func TestNoCommandLines(t *testing.T) {
	t.Parallel()
	const command = "/changeguard override all why"
	for name, body := range map[string]string{
		"quoted":                            "> " + command,
		"in a quoted paragraph":             "> as they said\n" + command,
		"in a quotation within a list":      "- > as they said\n" + command,
		"in a nested quotation":             "> > as they said\n>\n" + "> " + command,
		"code":                              "```\n" + command + "\n```",
		"code that never ends":              "~~~\n" + command,
		"code of another fence":             "````\n```\n" + command + "\n````",
		"code with what looks like its end": "```\n``` x\n" + command + "\n```",
		"code after code within a line":     "``` not `code\n```\n" + command + "\n```",
		"code after a carriage return":      "text\r```\r\n" + command + "\r\n```",
		"code in a list":                    "- ```\n  " + command + "\n  ```",
		"code in a numbered list":           "1. ```\n   " + command,
		"code deep in a list":               "- x\n\n     ```\n   " + command,
		"code after a list that ended it":   "- x\n  ```\ny\n```\n" + command + "\n```",
		"code after tabs in a list":         "- x\n\n\t```\n  " + command,
		"code after a block of HTML":        "<div>\n```\n\n```\n" + command + "\n```",
		"code in a comment that is none":    "x <!--\n\n```\n-->\n" + command + "\n```",
		"indented":                          "    " + command,
		"indented by a tab":                 "\t" + command,
		"code over lines":                   "`as\n" + command + "\nsaid`",
		"code over lines after an escape":   "\\` `\n" + command + "\n`",
		"a comment of HTML":                 "<!--\n" + command + "\n-->",
		"a comment in a line":               "text <!-- and\n" + command + "\n--> more",
		"a second comment":                  "<!-- one --> <!-- two\n" + command + "\n-->",
		"preformatted":                      "<pre>\n" + command + "\n</pre>",
		"preformatted, apart":               "<pre>\n\n" + command + "\n</pre>",
		"quoted in HTML":                    "<blockquote>\n\n" + command + "\n\n</blockquote>",
		"struck out":                        "<del>\n\n" + command + "\n\n</del>",
		"an attribute":                      "<a title=\"\n" + command + "\n\">x</a>",
		"an attribute in a line":            "see <a title=\"\n" + command + "\n\">x</a>",
		"an instruction of HTML":            "<?x\n\n" + command + "\n?>",
		"an image's text":                   "![x\n" + command + "\n](y.png)",
		"a link's title":                    "[x](https://example.com \"\n" + command + "\n\")",
		"a definition's title":              "[x]: https://example.com \"\n" + command + "\n\"",
		"in a line":                         "please " + command,
		"of another word":                   "/changeguardian override all why",
		"in capitals":                       "/CHANGEGUARD override all why",
		"of a list":                         "- " + command,
		"a heading":                         "# " + command,
		"below a mail's introduction":       "No.\n\nOn Mon, Nov 2, 2026 at 3:04 PM Bob ***@***.***> wrote:\n\n" + command,
		"below one without an address":      "Nein.\n\nAm 02.11.2026 um 15:04 schrieb Bob:\n\n" + command,
		"below one over lines":              "Non.\n\nLe lun. 2 nov. 2026 à 15:04, Bob de l'équipe\n<bob@example.com> a écrit :\n\n" + command,
		"below a mail's head":               "No.\n\nFrom: Bob <notifications@github.com>\nSent: Monday\nSubject: Re: [acme/app] x\n\n" + command,
		"below a mail's head in bold":       "Nein.\n\n**Von:** Bob <notifications@github.com>\n\n" + command,
		"below the original message":        "No.\n\n-----Original Message-----\nFrom: Bob\n\n" + command,
		"below a forwarded message":         "FYI\n\n---------- Forwarded message ---------\n\n" + command,
		"below a mail program's line":       "No.\n\n________________________________\nBob\n\n" + command,
	} {
		if got, ok := commandLine(body); ok {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Whatever somebody writes is a command of nobody who quotes it, shows it as code
// or hides it; and nothing that stands elsewhere makes or unmakes one.
func FuzzCommandLine(f *testing.F) {
	for _, seed := range []string{
		"/changeguard override all why", "x\n  /changeguard help\n```\ny", "> a\n/changeguard recheck", "- ```\n  /changeguard explain", "<!--\n/changeguard help\n-->\n", "\r/changeguard\r\n", "1) a\n\n\t```", "[a]: b", "`a`` \\` $$",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		line, ok := commandLine(body)
		if ok && (!isCommand(line) || strings.ContainsAny(line, "\r\n") || len(line) > maxCommand || !strings.Contains(body, strings.TrimSpace(line))) {
			t.Fatalf("%q is no line of %q", line, body)
		}
		if again, found := commandLine("It is agreed.\n\n" + body); again != line || found != ok {
			t.Errorf("after a paragraph: %q", again)
		}
		if again, found := commandLine(body + "\n\n/changeguard help"); ok && (again != line || !found) {
			t.Errorf("before another: %q", again)
		}
		lines := strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\r", "\n")
		fence := "```"
		for strings.Contains(lines, fence) {
			fence += "`"
		}
		for how, text := range map[string]string{
			"quoted":         "> " + strings.ReplaceAll(lines, "\n", "\n> "),
			"code":           fence + "\n" + lines + "\n" + fence,
			"code in a list": "- " + fence + "\n  " + strings.ReplaceAll(lines, "\n", "\n  ") + "\n  " + fence,
			"indented":       "    " + strings.ReplaceAll(lines, "\n", "\n    "),
			"hidden":         "<!--\n" + strings.ReplaceAll(lines, "-->", "") + "\n",
			"preformatted":   "<pre>\n" + lines + "\n</pre>",
		} {
			if got, found := commandLine(text); found {
				t.Errorf("%s: %q is taken from %q", how, got, text)
			}
		}
	})
}
