package browser_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/web"
)

// maxPicture is how large a picture may be, in bytes: the README loads them.
const maxPicture = 200 << 10

// The pictures of the README and the manual, kept where CHANGEGUARD_SCREENSHOTS
// says.
func TestPictures(t *testing.T) {
	keep := os.Getenv("CHANGEGUARD_SCREENSHOTS")
	if keep == "" {
		keep = t.TempDir()
	}
	t.Run("dashboard", func(t *testing.T) {
		p := shop(t)
		p.guarded("acme/web", web.Guarded{Branch: "main", Required: "yes", Pinned: "yes", Found: []web.Finding{{About: "the required check", State: "ok", Says: "main requires it from this App"}}})
		p.guarded("acme/platform", web.Guarded{Branch: "main", Required: "no", Pinned: "no", Found: []web.Finding{
			{About: "the required check", State: "problem", Says: "main does not require the check changeguard, so a red one stops nobody", Remedy: "Require it from this App in a ruleset."},
		}})
		x := openTab(t)
		p.signIn(x, "ann")
		for name, address := range map[string]string{
			"overview": "/", "pull-request": "/acme/platform/pull/1", "policy": "/acme/web/policy", "audit": "/audit", "health": "/health",
		} {
			x.visit(p.home + address)
			x.pictures(filepath.Join(keep, name))
		}
		x.visit(p.home + "/policy")
		x.types("#policy", "version: 1\nrules:\n  core:\n    uses: protected-paths\n    with:\n      path: [\"core/**\"]\n")
		p.tried(x, "did you mean")
		script[bool](x, `(document.getElementById('policy').rows = 9, true)`) // so that both fit into the picture
		x.pictures(filepath.Join(keep, "playground"))
	})
	t.Run("set-up", func(t *testing.T) {
		// GitHub is asked nothing before the App is made, so its own name can stand there.
		p, _, link := unsetWith(t, app.Config{PublicURL: "https://changeguard.example", GitHubURL: "https://api.github.com/"})
		x := openTab(t)
		x.visit(p.home + link)
		if text := x.text(); strings.Contains(text, "127.0.0.1") {
			t.Errorf("the picture would show this machine's address:\n%s", text)
		}
		x.pictures(filepath.Join(keep, "set-up"))
	})
}

// guarded keeps how GitHub said that a repository is guarded.
func (p *place) guarded(name string, g web.Guarded) {
	p.Helper()
	body, err := json.Marshal(g)
	if err != nil {
		p.Fatal(err)
	}
	s, err := store.Open(context.Background(), p.dsn)
	if err != nil {
		p.Fatal(err)
	}
	if err = errors.Join(s.SetGuarded(context.Background(), name, body, time.Now()), s.Close()); err != nil {
		p.Fatal(err)
	}
}

// pictures takes the page in both schemes, from its head.
func (x *tab) pictures(name string) {
	x.Helper()
	x.do(chromedp.EmulateViewport(1120, 840))
	script[bool](x, `(document.activeElement.blur(), scrollTo(0, 0), true)`)
	for _, scheme := range []string{"light", "dark"} {
		x.scheme(scheme)
		data, err := chromedp.Run(x.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			x.Fatal(err)
		}
		if len(data) < 4<<10 || len(data) > maxPicture {
			x.Errorf("the picture %s has %d bytes", name, len(data))
		}
		if err := os.WriteFile(name+"-"+scheme+".png", data, 0o644); err != nil {
			x.Fatal(err)
		}
	}
}
