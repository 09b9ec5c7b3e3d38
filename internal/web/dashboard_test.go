package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
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
	if seen := text(p.get("/audit?q=acme/app")); !strings.Contains(seen, "acme/app#1") {
		t.Error(seen)
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
