package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/web"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/verdict"
)

func (p *pages) post(target string, form url.Values, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://localhost"+target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = "127.0.0.1:5"
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	p.router.ServeHTTP(w, r)
	return w
}

// keeps judges a pull request again as its newest verdict says, with the policy's
// texts, by which the repository is known.
func (p *pages) keeps(number int, layers ...store.Layer) {
	p.Helper()
	name := fmt.Sprintf("acme/app#%d", number)
	s, err := p.store.FindSubject(context.Background(), name)
	if err != nil {
		p.Fatal(err)
	}
	v, err := p.store.Latest(context.Background(), name)
	if err != nil {
		p.Fatal(err)
	}
	v.Subject, v.Digest, v.Kept = s, v.Digest+" again", &store.Kept{Layers: layers}
	if err := p.store.AddVerdict(context.Background(), v); err != nil {
		p.Fatal(err)
	}
}

func TestOverviewCountsWhatWasJudged(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.judged(1, "One", sample())
	page := p.get("/")
	balanced(t, "/", page)
	seen := text(page)
	for _, want := range []string{"Verdicts in 30 days 1", "What stops most", "acme/app"} {
		if !strings.Contains(seen, want) {
			t.Errorf("the overview lacks %q:\n%s", want, seen)
		}
	}
	if strings.Contains(page, "style=") || strings.Contains(page, "<script") {
		t.Error("the page needs unsafe-inline")
	}
}

func TestPlaygroundSaysWhatIsWrongAndWhatItComesTo(t *testing.T) {
	t.Parallel()
	p := open(t)
	w := p.post("/policy", url.Values{"policy": {"version: 1\nruels: {}\n"}}, nil)
	if w.Code != 200 || !strings.Contains(text(w.Body.String()), "did you mean") {
		t.Errorf("%d %s", w.Code, text(w.Body.String()))
	}
	w = p.post("/policy", url.Values{"policy": {"version: 1\nmode: observe\n# <script>\n"}}, nil)
	if seen := text(w.Body.String()); !strings.Contains(seen, "It loads") || !strings.Contains(seen, "mode observe line 2") || strings.Contains(w.Body.String(), "<script>") {
		t.Errorf("%d %s", w.Code, seen)
	}
	far := func(r *http.Request) { r.Header.Set("Origin", "https://elsewhere.example") }
	if w := p.post("/policy", url.Values{"policy": {"version: 1\n"}}, far); w.Code != http.StatusForbidden {
		t.Errorf("another site's form: %d", w.Code)
	}
}

func TestAuditIsSearchedAndExported(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.judged(1, "One", sample())
	page := p.get("/audit?q=acme/app")
	balanced(t, "/audit", page)
	if seen := text(page); !strings.Contains(seen, "verdict blocked acme/app#1") || !strings.Contains(page, `<a href="/acme/app/pull/1">acme/app#1</a>`) {
		t.Error(seen)
	}
	if page := p.get("/audit?q=%3Cb%3E"); strings.Contains(page, "<b>") || !strings.Contains(text(page), "Nothing is found") {
		t.Error(page)
	}
	if seen := text(p.get("/audit?q=%25nothing")); !strings.Contains(seen, "Nothing is found") {
		t.Error(seen)
	}
	if seen := p.get("/audit.jsonl"); !strings.Contains(seen, `"subject":"acme/app#1"`) {
		t.Error(seen)
	}
	if seen := text(p.get("/health")); !strings.Contains(seen, "Waiting to be judged") {
		t.Error(seen)
	}
}

// A search finds every entry with its words and no other, page by page, however long
// it is; the export has all entries, each once, as a chain.
func TestAuditIsReadPageByPage(t *testing.T) {
	t.Parallel()
	p := open(t)
	const entries = 150
	for n := range entries {
		e := store.Entry{At: start.Add(time.Duration(n) * time.Second), Kind: store.AuditInstallation, Subject: []string{"org-even", "org-odd"}[n%2], Actor: fmt.Sprintf("admin%03d", n), Body: []byte(`{}`)}
		if err := p.store.Note(context.Background(), e); err != nil {
			t.Fatal(err)
		}
	}
	actor, older := regexp.MustCompile(`admin\d{3}`), regexp.MustCompile(`href="(/audit\?[^"]*before=\d+)"`)
	var found []string
	pages := 0
	for next := "/audit?q=org-odd"; next != ""; pages++ {
		page := p.get(next)
		if strings.Contains(page, "org-even") || pages > entries {
			t.Fatalf("page %d of the search has another subject", pages)
		}
		found = append(found, actor.FindAllString(page, -1)...)
		next = ""
		if m := older.FindStringSubmatch(page); m != nil {
			next = html.UnescapeString(m[1])
		}
	}
	if len(found) != entries/2 || found[0] != "admin149" || found[len(found)-1] != "admin001" || pages < 2 {
		t.Errorf("%d entries on %d pages, from %s to %s", len(found), pages, found[0], found[len(found)-1])
	}
	if seen := text(p.get("/audit?q=" + strings.Repeat("x", 300))); !strings.Contains(seen, "Nothing is found") {
		t.Error("a long search is none: ", seen)
	}
	lines := strings.Split(strings.TrimSpace(p.get("/audit.jsonl")), "\n")
	if len(lines) != entries {
		t.Fatalf("%d lines", len(lines))
	}
	previous := ""
	for i, line := range lines {
		var e struct{ Actor, Previous, Hash string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Actor != fmt.Sprintf("admin%03d", entries-1-i) || e.Hash == "" || i > 0 && e.Hash != previous {
			t.Errorf("line %d: %s", i, line)
		}
		previous = e.Previous
	}
}

// The page says what waits and for how long, what GitHub did not take, what is left
// of each installation's hour, and what the doctor found.
// A search that takes too long says how far it looked, and goes on from there.
func TestLongLogIsLookedThroughInParts(t *testing.T) {
	t.Parallel()
	slow := time.Duration(0) // that each look at the clock takes
	p := openWith(t, func(c *web.Config) {
		at := start
		c.Now = func() time.Time { at = at.Add(slow); return at }
	})
	const entries = 5100 // more than are looked through at a time
	err := p.store.InTx(context.Background(), func(tx *store.Tx) error {
		for n := range entries {
			e := store.Entry{At: start, Kind: store.AuditInstallation, Subject: "acme", Actor: map[bool]string{true: "rare"}[n == 99]}
			if err := store.Audit(context.Background(), tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen := text(p.get("/audit?q=rare")); !strings.Contains(seen, "installation acme rare") || strings.Contains(seen, "further back") {
		t.Error(seen)
	}
	slow = time.Second
	page := p.get("/audit?q=rare")
	if seen := text(page); strings.Contains(seen, "installation acme") || !strings.Contains(seen, "Nothing is found in the newer part of the log. The log was looked through back to entry 101. Look further back") {
		t.Error(seen)
	}
	balanced(t, "/audit", page)
	if !strings.Contains(page, `href="/audit?q=rare&amp;before=101"`) {
		t.Error(page)
	}
	if seen := text(p.get("/audit?q=rare&before=101")); !strings.Contains(seen, "installation acme rare") || strings.Contains(seen, "further back") {
		t.Error(seen)
	}
}

func TestHealthSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	p := openWith(t, func(c *web.Config) {
		c.Facts = func(context.Context) (web.Facts, error) {
			return web.Facts{
				Since: start.Add(-time.Hour), Reconciled: start.Add(-5 * time.Minute), Redelivered: 3, Evaluated: 4,
				Budgets:     []web.Budget{{Installation: 1, Resource: "core", Left: 1250, Limit: 5000, Reset: start.Add(20 * time.Minute)}},
				Unpublished: []store.Count{{Name: "check run", Count: 7}},
			}, nil
		}
	})
	p.judged(1, "One", sample())
	p.keeps(1, store.Layer{Name: "repository", Text: []byte("version: 1\n")})
	guarded, err := json.Marshal(web.Guarded{Branch: "main", Required: "no", Found: []web.Finding{
		{About: "the required check", State: "problem", Says: "main does not require it", Remedy: "Require it."}, {About: "installation", State: "ok", Says: "fine"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.store.SetGuarded(context.Background(), "acme/app", guarded, start.Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	waiting := store.Subject{Kind: store.Pull, Installation: 1, Owner: "acme", Repo: "app", Number: 2, Base: "main", Head: strings.Repeat("a", 40)}
	err = p.store.InTx(context.Background(), func(tx *store.Tx) error {
		_, err := store.Receive(context.Background(), tx, store.Delivery{ID: "d", Event: "pull_request", Action: "opened", Received: start.Add(-90 * time.Second)}, &waiting)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.store.Fail(context.Background(), waiting.ID, start.Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	page := p.get("/health")
	balanced(t, "/health", page)
	seen := text(page)
	for _, want := range []string{
		"The oldest waits for 1m30s", "Change For acme/app#2 1 minute", "5 minutes ago 3 asked for again, 4 judged", "check run 7", "1250 of 5000 Full again in 20 minutes",
		"1 repository has something to look at", "main does not require it", "Require it.", "pull_request opened acme/app#2 waits",
	} {
		if !strings.Contains(seen, want) {
			t.Errorf("the page lacks %q:\n%s", want, seen)
		}
	}
	if strings.Contains(seen, "fine") {
		t.Error("what is right is listed among what is not")
	}
}

// What went in by an override is a list of its own, with who lifted what and why,
// and is exported as one.
func TestWhatWentInByOverrideIsListed(t *testing.T) {
	t.Parallel()
	p := open(t)
	if seen := text(p.get("/audit?overrides=1")); !strings.Contains(seen, "Nothing went in by an override") {
		t.Error(seen)
	}
	p.judged(1, "One", sample())
	body := `{"head":"h","overrides":[{"rule":"core","path":"core/a.py","message":"m","by":["boss"],"reason":"<b>agreed</b>` + strings.Repeat("x", 400) + `"}` +
		strings.Repeat(`,{"rule":"size","by":["boss"],"reason":"r"}`, 6) + `],"more":3}`
	for n := range 60 {
		e := store.Entry{At: time.Unix(int64(n), 0), Kind: store.AuditMerge, Subject: "acme/app#1", Actor: "boss", Body: []byte(body)}
		if err := p.store.Note(context.Background(), e); err != nil {
			t.Fatal(err)
		}
	}
	page := p.get("/audit?overrides=1")
	seen := text(page)
	for _, want := range []string{"core in core/a.py , overridden by boss : <b>agreed</b>", "and 5 more", "Export what went in by an override"} {
		if !strings.Contains(strings.ReplaceAll(seen, " ", ""), strings.ReplaceAll(want, " ", "")) {
			t.Errorf("the page lacks %q:\n%.2000s", want, seen)
		}
	}
	if strings.Contains(page, "<b>agreed") || strings.Contains(page, "verdict</td>") || len(page) > 100_000 || !strings.Contains(page, "overrides=1&amp;before=") {
		t.Errorf("%d bytes:\n%.3000s", len(page), page)
	}
	if other := p.get("/audit?overrides=1&q=nowhere"); !strings.Contains(other, "Nothing went in") {
		t.Errorf("%.2000s", other)
	}
	lines := strings.Split(strings.TrimSpace(p.get("/audit.jsonl?overrides=1")), "\n")
	if len(lines) != 60 || !strings.Contains(lines[0], `"kind":"merge"`) || !strings.Contains(lines[0], "agreed") {
		t.Errorf("%d lines, the first %.200s", len(lines), lines[0])
	}
	if all := strings.Split(strings.TrimSpace(p.get("/audit.jsonl")), "\n"); len(all) != 61 {
		t.Errorf("%d lines of all", len(all))
	}
}

// Text of a change makes no element on the pages that say how it fares otherwise,
// and no page grows with it beyond 100 KB.
func TestOtherPagesAreEscapedAndBounded(t *testing.T) {
	t.Parallel()
	tags := regexp.MustCompile(`<[^>]*>`)
	shape := func(poison string) (string, []string) {
		var p *pages
		hostile := func() *verdict.Verdict {
			v := sample()
			v.Title, v.Missing = "Blocked: "+poison, []verdict.Missing{{What: poison}}
			for i := range v.Findings {
				v.Findings[i].Rule, v.Findings[i].Path = poison, poison
			}
			for range 400 {
				v.Way = append(v.Way, verdict.Step{Layer: verdict.RepositoryLayer, Rule: poison, Kind: "limits", Level: policy.Block, Result: verdict.Clear, Why: strings.Repeat(poison, 400/max(1, len(poison)))})
			}
			return v
		}
		p = openWith(t, func(c *web.Config) {
			c.Try = func(context.Context, store.Verdict, web.Trial) (was, is *verdict.Verdict, err error) {
				return sample(), hostile(), nil
			}
			c.Blast = func(context.Context, string, string, []byte, int) (list []web.Past, err error) {
				stored, err := p.store.Judged(context.Background(), "acme", "app", 1)
				for range 25 {
					list = append(list, web.Past{Stored: stored[0], Is: &verdict.Verdict{Outcome: verdict.Pass, Title: poison}}, web.Past{Stored: stored[0], Why: poison})
				}
				return list, err
			}
		})
		p.judged(1, poison, hostile())
		p.keeps(1, store.Layer{Name: verdict.RepositoryLayer, Digest: "sha256:1", Text: []byte("version: 1\nrules: {a: {uses: limits, with: {files: 1}, message: 'm'}}\n")})
		guarded, err := json.Marshal(web.Guarded{Branch: poison, Required: "yes", Found: []web.Finding{{About: "x", State: "problem", Says: poison, Remedy: poison, Page: "https://github.example/x"}}})
		if err == nil {
			err = p.store.SetGuarded(context.Background(), "acme/app", guarded, start)
		}
		if err != nil {
			t.Fatal(err)
		}
		list := []string{
			p.get("/acme/app/pull/1"), p.get("/"), p.get("/acme/app/policy"), p.get("/health"), p.get("/audit"),
			p.post("/acme/app/pull/1/what-if", url.Values{"add": {poison}, "policy": {poison}}, nil).Body.String(),
			p.post("/policy", url.Values{"repo": {"acme/app"}, "policy": {"version: 1\n# " + strings.ToValidUTF8(strings.Map(printable, poison), "") + "\n"}, "blast": {"1"}}, nil).Body.String(),
		}
		return strings.Join(tags.FindAllString(strings.Join(list, "\n"), -1), "\n"), list
	}
	want, _ := shape("harmless")
	for _, poison := range []string{hostile[0], hostile[2], hostile[3], `" autofocus onfocus=alert(1) x="`, "\u202etxt\x1b[31m"} {
		got, list := shape(poison)
		// How much fits differs with the length of a text; what there is of elements does not.
		if extra := unlike(got, want); len(extra) > 0 {
			t.Errorf("%q: %q", poison, extra)
		}
		for _, page := range list {
			balanced(t, poison, page)
			if len(page) > 100<<10 {
				t.Errorf("%q: a page of %d bytes: %.200s", poison, len(page), text(page))
			}
		}
	}
}

func printable(r rune) rune {
	if r < ' ' {
		return -1
	}
	return r
}

var attributeValue = regexp.MustCompile(`(value|title)="[^"]*"`)

// unlike are the elements of one page that another has none of, whatever their
// values say.
func unlike(page, other string) (list []string) {
	known := make(map[string]bool)
	for _, tag := range strings.Split(other, "\n") {
		known[attributeValue.ReplaceAllString(tag, "")] = true
	}
	for _, tag := range strings.Split(page, "\n") {
		if tag = attributeValue.ReplaceAllString(tag, ""); !known[tag] {
			list = append(list, tag)
		}
	}
	return list
}

// What is tried while somebody types is answered in part, and what the form says
// is bounded.
func TestFragmentsAndBounds(t *testing.T) {
	t.Parallel()
	p := openWith(t, func(c *web.Config) {
		c.Try = func(_ context.Context, _ store.Verdict, asked web.Trial) (was, is *verdict.Verdict, err error) {
			if len(asked.Add) > 10 || asked.Approvals > 9 || asked.Approvals < 0 {
				t.Errorf("%+v", asked)
			}
			if asked.Policy != nil {
				return nil, nil, web.ErrNotKept
			}
			return sample(), sample(), nil
		}
	})
	p.judged(1, "x", sample())
	part := func(r *http.Request) { r.Header.Set("X-Fragment", "1") }
	for target, form := range map[string]url.Values{
		"/acme/app/pull/1/what-if": {"add": {strings.Repeat("a,", 500) + strings.Repeat("b", 500)}, "approvals": {"99999"}},
		"/policy":                  {"policy": {"version: 1\nruels: {}\n"}},
	} {
		if w := p.post(target, form, part); w.Code != 200 || strings.Contains(w.Body.String(), "<html") || w.Body.Len() < 50 {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
		if w := p.post(target, url.Values{"policy": {strings.Repeat("x", 5<<20)}}, nil); w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: a form of 5 MB: %d", target, w.Code)
		}
	}
	if w := p.post("/acme/app/pull/1/what-if", url.Values{"approvals": {"-3"}}, nil); w.Code != 200 {
		t.Error(w.Code)
	}
	if w := p.post("/acme/app/pull/1/what-if", url.Values{"policy": {"version: 1"}}, nil); !strings.Contains(text(w.Body.String()), "This change is not at hand") {
		t.Error(text(w.Body.String()))
	}
}

// lengthy is a policy of about so many bytes that loads, with texts that grow on a
// page.
func lengthy(size int) string {
	var b strings.Builder
	b.WriteString("version: 1\nrules:\n")
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "  rule-%d:\n    uses: limits\n    message: '%s'\n    with: {files: 3}\n", i, strings.Repeat("<&>\"", 20))
	}
	return b.String()
}

// Whatever is pasted, the page stays below 100 KB with what it loads; a text that
// has no room is judged whole all the same, and the page says so.
func TestPastedPoliciesAreBounded(t *testing.T) {
	t.Parallel()
	loads := 0
	for _, name := range []string{"style.css", "pages.css", "live.js", "icon.svg"} {
		info, err := os.Stat("pages/" + name)
		if err != nil {
			t.Fatal(err)
		}
		loads += int(info.Size())
	}
	var p *pages
	tried := 0
	p = openWith(t, func(c *web.Config) {
		c.Try = func(_ context.Context, _ store.Verdict, asked web.Trial) (was, is *verdict.Verdict, err error) {
			tried = len(asked.Policy)
			return sample(), sample(), nil
		}
		c.Blast = func(_ context.Context, _, _ string, text []byte, _ int) (list []web.Past, err error) {
			tried = len(text)
			stored, err := p.store.Judged(context.Background(), "acme", "app", 1)
			stored[0].SubjectLine = strings.Repeat("<", 400)
			for i := range 25 {
				list = append(list, web.Past{Stored: stored[0], Is: &verdict.Verdict{Outcome: verdict.Pass, Title: strings.Repeat("&", 400)}}, web.Past{Stored: stored[0], Why: fmt.Sprint(strings.Repeat(">", 200), i)})
			}
			return list, err
		}
	})
	p.judged(1, "One", sample())
	p.keeps(1, store.Layer{Name: verdict.RepositoryLayer, Digest: "sha256:1", Text: []byte("version: 1\n")})
	wrong := strings.ReplaceAll(lengthy(100<<10), "with: {files: 3}", "wiht: {files: 3}")
	for name, one := range map[string]struct {
		text, says string
		shown      bool
	}{
		"short":          {"version: 1\nmode: observe\n", "It loads", true},
		"near the bound": {"version: 1\n# " + strings.Repeat("x", 31<<10) + "\n", "It loads", true},
		"long":           {lengthy(120 << 10), "too much to be shown here again", false},
		"near the most":  {lengthy(policy.MaxSize - 300), "too much to be shown here again", false},
		"long and wrong": {wrong, "changeguard policy lint names all", false},
	} {
		for _, target := range []string{"/policy", "/acme/app/pull/1/what-if"} {
			tried = 0
			page := p.post(target, url.Values{"repo": {"acme/app"}, "policy": {one.text}, "blast": {"1"}}, nil).Body.String()
			balanced(t, name, page)
			if size := len(page) + loads; size > 100<<10 {
				t.Errorf("%s: %s has %d bytes with what it loads", name, target, size)
			}
			if target == "/policy" && !strings.Contains(text(page), one.says) {
				t.Errorf("%s: it does not say %q:\n%.600s", name, one.says, text(page))
			}
			if shown := strings.Contains(page, html.EscapeString(one.text)[:len(one.text)/2]); shown != one.shown {
				t.Errorf("%s: %s shows the text: %v", name, target, shown)
			}
			if tried != 0 && tried != len(one.text) {
				t.Errorf("%s: %s tried %d bytes of %d", name, target, tried, len(one.text))
			}
		}
	}
	if tried == 0 {
		t.Error("nothing was tried")
	}
}
