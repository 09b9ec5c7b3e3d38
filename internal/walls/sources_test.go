package walls

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	outward = regexp.MustCompile(`\[([^\]]*)\]\(\s*([a-zA-Z][a-zA-Z0-9+.-]*:[^)]*)\)|<([a-zA-Z][a-zA-Z0-9+.-]*://[^>]*)>`)
	fenced  = regexp.MustCompile("(?ms)^```.*?^```")
)

// faulty says what is wrong with a link out of the manual, "" for nothing.
func faulty(words, address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return err.Error()
	case u.Scheme != "https":
		return "it is no https"
	case strings.ContainsAny(address, " \t\n\"<>\\^`{|}"):
		return "it has a character that belongs in no address"
	case u.User != nil || u.Port() != "" || net.ParseIP(u.Hostname()) != nil || !strings.Contains(u.Hostname(), "."):
		return "it leads to no site: " + u.Host
	case u.RawQuery != "" || strings.Contains(u.Path, "//"):
		return "it is no plain page"
	case strings.TrimSpace(words) == "":
		return "it has no words"
	}
	return ""
}

// Every link out of the manual is one that can be followed safely. Whether the page
// still says so, no test can know without asking.
func TestLinksOutAreWellFormed(t *testing.T) {
	t.Parallel()
	links := 0
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/rules/*.md", "deploy/*.md"} {
		pages, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(pages) == 0 {
			t.Fatal(pattern, err)
		}
		for _, page := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range outward.FindAllStringSubmatch(fenced.ReplaceAllString(string(text), ""), -1) {
				links++
				if what := faulty(m[1]+m[3], m[2]+m[3]); what != "" {
					t.Errorf("%s: %s: %s", page, m[2]+m[3], what)
				}
			}
		}
	}
	if links < 30 {
		t.Errorf("only %d links were looked at", links)
	}
}

func TestFaultyLinksAreNoticed(t *testing.T) {
	t.Parallel()
	for address, fine := range map[string]bool{
		"https://docs.github.com/en/rest#a": true, "http://docs.github.com/": false, "https://127.0.0.1/": false, "https://localhost/": false, "https://a:b@github.com/": false,
		"https://github.com:8443/": false, "https://github.com/a b": false, "https://github.com/%zz": false, "https://github.com/?utm_source=x": false, "https://github.com//a": false, "mailto:a@b.example": false,
	} {
		if what := faulty("words", address); (what == "") != fine {
			t.Errorf("%s: %q", address, what)
		}
	}
	if faulty(" ", "https://github.com/") == "" {
		t.Error("a link without words")
	}
}

// A comparison says of each project what is better there, with the page that says
// so, and gives a source wherever it says how it is there.
func TestComparisonsHaveSources(t *testing.T) {
	t.Parallel()
	sections := strings.Split(read(t, "docs/compare.md"), "\n## ")[1:]
	if len(sections) < 8 {
		t.Errorf("%d projects", len(sections))
	}
	for _, s := range sections {
		name, body, _ := strings.Cut(s, "\n")
		for _, what := range unsourced(body) {
			t.Errorf("%s: %s", name, what)
		}
	}
}

var there = regexp.MustCompile(`(?i)\bthere\b`)

// unsourced are the rows of a comparison that lack a source, and those that are
// missing.
func unsourced(body string) (wrong []string) {
	seen := make(map[string]bool)
	for line := range strings.Lines(body) {
		cells := strings.SplitN(strings.Trim(strings.TrimSpace(line), "|"), "|", 2)
		row := strings.TrimSpace(cells[0])
		if len(cells) != 2 || row == "" || strings.Trim(row, "-: ") == "" {
			continue
		}
		seen[row] = true
		about := row == "better there" || row == "same" || there.MatchString(cells[1])
		if about && !outward.MatchString(cells[1]) {
			wrong = append(wrong, "no source for "+row)
		}
	}
	for _, row := range []string{"better there", "other here"} {
		if !seen[row] {
			wrong = append(wrong, "it does not say what is "+row)
		}
	}
	return wrong
}

func TestComparisonsWithoutSourcesAreNoticed(t *testing.T) {
	t.Parallel()
	const head = "\n| | |\n| --- | --- |\n"
	const link = "[x](https://github.com/a/b)"
	for body, fine := range map[string]bool{
		head + "| better there | It is " + link + " |\n| other here | This |\n":                     true,
		head + "| better there | It is good |\n| other here | This |\n":                             false,
		head + "| better there | It is " + link + " |\n| other here | This; there that |\n":         false,
		head + "| better there | It is " + link + " |\n| same | A check |\n| other here | This |\n": false,
		head + "| better there | It is " + link + " |\n":                                            false,
		head + "| better there | It is [x](other.md) |\n| other here | This |\n":                    false,
		head + "| better there | " + link + " |\n| other here | " + link + " there |\n":             true,
	} {
		if wrong := unsourced(body); (len(wrong) == 0) != fine {
			t.Errorf("%q: %v", body, wrong)
		}
	}
}
