package app_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// An organisation's policy is shown to those who may read the repository that it
// is in. The others learn that there is one, and what it found, on no page more.
func TestOrganisationsPolicyIsForItsReaders(t *testing.T) {
	t.Parallel()
	r, number := signedUp(t)
	r.repo.Allow("bob", "read")
	org := r.world.github.AddRepo(1, "acme", ".github")
	org.Private = true
	org.Allow("bob", "read")
	org.Commit("main", "policy", ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\nrules:\n  guarded:\n    uses: protected-paths\n    if: session.agent == \"nobody-knows-this-name\"\n    with: {paths: [\"hush-hush/**\"]}\n    message: hush-hush\n")}, author)
	r.deliver("pull_request", r.repo.PullEvent(number, "reopened", nil))
	r.run(r.repo.Tip("feature"), 2)

	hidden := regexp.MustCompile(`hush-hush|nobody-knows-this-name`)
	ann, bob := r.signIn(t, "ann"), r.signIn(t, "bob")
	for _, c := range []struct {
		method, path, says string // what those are told who may not read it
		form               url.Values
		open               bool // the page has it for those who may
	}{
		{http.MethodGet, "/acme/app/policy", "The organisation's policy judges as well", nil, true},
		{http.MethodGet, "/acme/app/pull/1", "The organisation's policy is shown to those who may read it", nil, true},
		{http.MethodPost, "/acme/app/pull/1/what-if", "The organisation's policy is shown to those who may read it", url.Values{"approvals": {"1"}}, true},
		{http.MethodGet, "/policy?repo=acme/app", "", nil, false},
		{http.MethodGet, "/audit", "", nil, false},
		{http.MethodGet, "/health", "", nil, false},
		{http.MethodGet, "/", "", nil, false},
	} {
		ann.do(c.method, r.home+c.path, c.form)
		if ann.wants(200); !strings.Contains(html.UnescapeString(ann.page), c.says) {
			t.Errorf("%s %s lacks %q:\n%s", c.method, c.path, c.says, ann.page)
		}
		if found := hidden.FindString(ann.page); found != "" {
			t.Errorf("%s %s shows %s to somebody who may not read the organisation's policy", c.method, c.path, found)
		}
		bob.do(c.method, r.home+c.path, c.form)
		bob.wants(200)
		if c.open && !hidden.MatchString(bob.page) || c.says != "" && strings.Contains(html.UnescapeString(bob.page), c.says) {
			t.Errorf("%s %s hides the organisation's policy from its readers:\n%s", c.method, c.path, bob.page)
		}
	}
}

// rows are the rows of the table under a heading, as text.
func (b *browser) rows(heading string) (list []string) {
	b.Helper()
	_, rest, found := strings.Cut(b.page, "<h2>"+heading+"</h2>")
	if !found {
		b.Fatalf("%s has no section %q:\n%s", b.at, heading, b.page)
	}
	section, _, _ := strings.Cut(rest, "</section>")
	_, body, _ := strings.Cut(section, "<tbody>")
	for row := range strings.SplitSeq(body, "</tr>") {
		row = strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(row, " ")), " ")
		if row != "" {
			list = append(list, row)
		}
	}
	return list
}

// wantRow wants each of some texts in a row.
func (b *browser) wantRow(rows []string, i int, texts ...string) {
	b.Helper()
	if i >= len(rows) {
		b.Fatalf("there is no row %d: %q", i, rows)
	}
	for _, text := range texts {
		if !strings.Contains(rows[i], text) {
			b.Errorf("row %d lacks %q: %s", i, text, rows[i])
		}
	}
}

// The page of a pull request says what was judged before and what came and went
// since, and who lifted what, why and until when; before there is any of it, it
// has no such section.
func TestPageTellsWhatWasBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	b := newBrowser(t)
	b.visit(w.home + "/acme/app/pull/1")
	b.wants(200)
	for _, heading := range []string{"Earlier verdicts", "Approvals and overrides"} {
		if strings.Contains(b.page, heading) {
			t.Errorf("there is a section %q", heading)
		}
	}

	w.say(n, "boss", "/changeguard override core it is <b>agreed</b>")
	w.run(head, 2)
	w.idle()
	b.visit(w.home + "/acme/app/pull/1")
	lifts := b.rows("Approvals and overrides")
	b.wantRow(lifts, 0, "boss", "override by comment", "1 finding of core", "it is &lt;b&gt;agreed&lt;/b&gt;", "until ")
	rows := b.rows("Earlier verdicts")
	if len(lifts) != 1 || len(rows) != 2 {
		t.Errorf("%q and %q", lifts, rows)
	}
	b.wantRow(rows, 0, "passed", "went: core core/a.py", "gone or lifted")
	b.wantRow(rows, 1, "blocked", "the first verdict")

	w.repo.Commit("feature", "more", ghfake.Files{"requirements.txt": ghfake.Text("a==1\nb==2\n"), "core/a.py": ghfake.Text("x = 3\n")}, author)
	w.deliver("pull_request", w.repo.PullEvent(n, "synchronize", nil))
	w.run(w.repo.Tip("feature"), 1)
	w.idle()
	b.visit(w.home + "/acme/app/pull/1")
	rows = b.rows("Earlier verdicts")
	b.wantRow(rows, 0, "blocked", "came: core core/a.py", "came: packages", "another head, "+w.repo.Tip("feature")[:7])
	b.wantRow(rows, 2, "the first verdict")
	b.wantRow(b.rows("Approvals and overrides"), 0, "boss", "core")
}
