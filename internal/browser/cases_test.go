package browser_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
)

var setUpLink = regexp.MustCompile(`/setup\?token=[\w-]+`)

// unset is a server without an App, beside a GitHub that knows none, and the link
// that its log prints.
func unset(t *testing.T) (p *place, repo *ghfake.Repo, link string) {
	t.Helper()
	return unsetWith(t, app.Config{})
}

func unsetWith(t *testing.T, c app.Config) (p *place, repo *ghfake.Repo, link string) {
	t.Helper()
	github := ghfake.New(ghfake.Options{AppID: 1})
	repo = github.AddRepo(1, "acme", "app")
	repo.Commit("main", "first", ghfake.Files{"go.mod": ghfake.Text("module x\n"), "core/a.go": ghfake.Text("package core\n")}, dev)
	p = settle(t, github, c)
	p.until("the link", func() bool { link = setUpLink.FindString(p.log.String()); return link != "" })
	return p, repo, link
}

// From nothing to a working App: the token, GitHub's page, the way back, the
// installation, the repository, and somebody who signs in with what was made.
func TestSetUpFromNothing(t *testing.T) {
	p, _, link := unset(t)
	x := openTab(t)
	x.visit(p.home + "/setup")
	x.sees("One-time token", "Commit statuses: write")
	p.tidy(x, "without the token")
	x.do(chromedp.SendKeys(chromedp.CSS("#token"), "wrong"))
	x.press("form button")
	x.sees("not the token")
	accessible(x)

	x.visit(p.home + link)
	x.sees("Create the App on GitHub")
	p.tidy(x, "with the token")
	x.do(chromedp.SendKeys(chromedp.CSS("#organization"), "acme"))
	x.press("#make button")
	x.sees("Create GitHub App for /organizations/acme/settings/apps/new")
	x.press("#go")
	x.sees("is made", "installed nowhere yet")
	p.tidy(x, "made")

	x.press(`a.button[href$="/installations/new"]`)
	x.press("#go")
	x.visit(p.home + "/setup")
	x.press(`a[href="/setup/acme/app"]`)
	x.sees("mode: observe", "not required")
	p.tidy(x, "a repository")
	x.wide(360)
	if script[bool](x, `[...document.querySelectorAll('pre')].some(e => e.scrollWidth > e.clientWidth)`) {
		t.Error("the policy that is proposed has to be scrolled sideways on a phone")
	}

	p.github.Visit("ann")
	x.visit(p.home + "/")
	x.sees("Sign in as ann")
	x.press("#go")
	x.sees("Overview")
}

// tidy holds a page of the set-up to what every page keeps to.
func (p *place) tidy(x *tab, what string) {
	x.Helper()
	at := x.where()
	x.wide(1280)
	x.visit(strings.Split(at, "?")[0])
	p.looks(x)
	x.wide(1280)
	if x.Failed() {
		x.Fatalf("that was the set-up's page %s", what)
	}
}

// Who signed in may sign out, and then sees nothing.
func TestSignInAndOut(t *testing.T) {
	p := withApp(t)
	x, other := openTab(t), openTab(t)
	p.signIn(x, "ann")
	x.sees("ann")
	other.visit(p.home + "/audit")
	other.sees("Sign in as")
	x.press(`form[action="/auth/logout"] button`)
	x.sees("You are signed out")
	walks(x)
	accessible(x)
	x.visit(p.home + "/")
	x.sees("Sign in as ann")
}

// A policy is typed, its mistake is named, it is mended, and comes to something.
func TestPlayground(t *testing.T) {
	p := withApp(t)
	x := openTab(t)
	p.signIn(x, "ann")
	x.visit(p.home + "/policy")
	x.types("#policy", "version: 1\nruels: {}\n")
	p.tried(x, "did you mean")
	accessible(x)
	x.scheme("dark")
	accessible(x)
	x.types("#policy", "version: 1\nmode: observe\n")
	p.tried(x, "observe")
	if strings.Contains(x.text(), "did you mean") {
		t.Error("the mistake that was mended is still shown")
	}
}

// While somebody types, the page says what is wrong and in which line, and forgets
// it once it is mended: without the button, and without another page.
func TestPlaygroundWhileTyping(t *testing.T) {
	p := withApp(t)
	x := openTab(t)
	p.signIn(x, "ann")
	x.visit(p.home + "/policy")
	script[bool](x, `(window.same = true)`)
	x.types("#policy", "version: 1\nrules:\n  core:\n    uses: protected-paths\n    with:\n      path: [\"core/**\"]\n")
	x.becomes(`t.includes('It does not load') && t.includes('changeguard.yml:6:7:') && t.includes('did you mean "paths"?')`)
	x.types("#policy", "version: 1\nrules:\n  core:\n    uses: protected-paths\n    with:\n      paths: [\"core/**\"]\n")
	x.becomes(`t.includes('It loads') && t.includes('rules.core.with.paths') && !t.includes('did you mean')`)

	// A policy that is longer than a page may be is pasted, and mended as well.
	paste := `(long => { const t = document.getElementById('policy'); t.value = 'version: 1\n' + long + '# ' + 'x'.repeat(300000) + '\n'; t.dispatchEvent(new Event('input', {bubbles: true})); return true })`
	script[bool](x, paste+`('ruels: {}\n')`)
	x.becomes(`t.includes('changeguard.yml:2:1: unknown key "ruels"')`)
	script[bool](x, paste+`('mode: observe\n')`)
	x.becomes(`t.includes('It loads') && t.includes('the policy observes') && !t.includes('ruels')`)
	if !script[bool](x, `window.same === true`) {
		t.Error("another page was loaded meanwhile")
	}
	if n := script[int](x, `document.getElementById('policy').value.length`); n < 300000 {
		t.Errorf("%d characters of what was pasted are left", n)
	}
	x.mu.Lock()
	clear(x.bytes)
	x.mu.Unlock()
	p.tried(x, "too much to be shown here again")
	x.sees("It loads", "mode")
	p.weighs(x)
	accessible(x)
}

// becomes waits until an expression over t, the page's text, holds. The page says
// itself when it changed, so that nobody keeps it busy with asking.
func (x *tab) becomes(expression string) {
	x.Helper()
	script[bool](x, `new Promise(done => {
		const look = () => { const t = document.body.innerText; if (`+expression+`) { watch.disconnect(); done(true) } };
		const watch = new MutationObserver(look);
		watch.observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
		look();
	})`)
}

// types puts a text in place of what a field holds, key by key.
func (x *tab) types(field, text string) {
	x.Helper()
	x.do(chromedp.Focus(chromedp.CSS(field)))
	script[bool](x, `document.activeElement.select(), true`)
	x.do(chromedp.KeyEvent(kb.Delete), chromedp.KeyEvent(text))
}

// tried sends what was typed, and waits for the answer.
func (p *place) tried(x *tab, want string) {
	x.Helper()
	x.press(`form[action^="/policy"] button, main form button`)
	x.sees(want)
}

// Without JavaScript everything works: a page is read, a form is sent.
func TestWithoutJavaScript(t *testing.T) {
	p := shop(t)
	x := openTab(t)
	command(x, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	p.signIn(x, "ann")
	x.press(`a[href="/policy"]`)
	x.types("#policy", "version: 1\nruels: {}\n")
	p.tried(x, "did you mean")
	x.visit(p.home + "/acme/web/pull/1/what-if")
	x.types("#approvals", "1")
	x.press(`form.whatif button`)
	x.sees("What would change", "core")
	x.press(`a[href="/audit"]`)
	if _, err := chromedp.RunResponse(x.ctx, chromedp.SendKeys(chromedp.CSS(`input[type=search]`), "platform#1"+kb.Enter)); err != nil {
		t.Fatal(err)
	}
	x.sees("acme/platform#1")
	x.visit(p.home + "/acme/platform/pull/1")
	x.sees("Blocked", "websocket-core", "git checkout")
	x.visit(p.home + "/health")
	x.sees("Health")
}

// What is copied from the commands are the commands, a line each, however they are
// broken into the box.
func TestCommandsAreCopiedAsTheyAre(t *testing.T) {
	p := shop(t)
	x := openTab(t)
	p.signIn(x, "ann")
	x.wide(360)
	x.visit(p.home + "/acme/platform/pull/1")
	copied := script[string](x, `(getSelection().selectAllChildren(document.querySelector('pre.commands')), getSelection().toString())`)
	lines := strings.Split(strings.TrimSuffix(copied, "\n"), "\n")
	for _, line := range lines {
		if !strings.HasPrefix(line, "git ") {
			t.Errorf("%q is no command", line)
		}
	}
	if len(lines) != 6 {
		t.Errorf("%d lines: %q", len(lines), copied)
	}
}

// Everything from a change is text, and who may not read a repository sees nothing
// of it.
func TestHostileChangeIsText(t *testing.T) {
	p := shop(t)
	x := openTab(t)
	p.signIn(x, "eve")
	for _, page := range []string{"/", "/acme/lab/pull/1", "/audit"} {
		x.visit(p.home + page)
		if title := script[string](x, `document.title`); strings.Contains(title, "pwned") {
			t.Errorf("%s ran what a change holds: %q", page, title)
		}
		if n := script[int](x, `document.querySelectorAll('main img, main b, main script:not([src="/live.js"])').length`); n != 0 {
			t.Errorf("%s has %d elements that come from the change", page, n)
		}
		if strings.ContainsRune(x.text(), '\u202e') {
			t.Errorf("%s turns the reading direction around", page)
		}
		fits(x, 1280)
	}
	x.visit(p.home + "/acme/lab/pull/1")
	x.sees(`<script>document.title='pwned'</script>`, `onerror=alert(1)`, "{{.}}")
	x.wide(360)
	fits(x, 360)
	accessible(x)
	x.visit(p.home + "/acme/platform/pull/1")
	x.sees("No verdict here")
	if text := x.text(); strings.Contains(text, "EMERGENCY") {
		t.Errorf("eve sees what she may not read:\n%s", text)
	}
}

// The checks themselves find what is wrong: a script that the policy refuses,
// and a box that stands out.
func TestChecksFindWhatIsWrong(t *testing.T) {
	x := openTab(t)
	x.visit(`data:text/html,<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'"><script>1</script><a href="x">a</a><table width="2000"><tr><td>wide`)
	if wrong := fmt.Sprint(x.troubles()); !strings.Contains(wrong, "Content Security Policy") {
		t.Errorf("the refusal is not noticed: %s", wrong)
	}
	x.mu.Lock()
	x.wrong = nil
	x.mu.Unlock()
	if script[bool](x, `document.documentElement.scrollWidth <= document.documentElement.clientWidth`) {
		t.Error("what is 2000 pixels wide fits")
	}
	if n := script[int](x, markStops); n != 1 {
		t.Errorf("%d stops", n)
	}
}
