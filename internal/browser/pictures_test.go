package browser_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/changeguard/changeguard/internal/app"
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
