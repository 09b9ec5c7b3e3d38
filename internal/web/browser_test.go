package web_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/changeguard/changeguard/verdict"
)

// chromium finds the browser. Without one the test is left out, which is a
// failure where CI is set.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("there is no Chromium, and CI is set")
	}
	t.Skip("left out: no Chromium (Debian's package chromium)")
	return ""
}

// A real browser shows the pages. With CHANGEGUARD_SCREENSHOTS=DIR the pictures
// are kept there.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	p := open(t)
	for i, title := range []string{"Reconnect WebSockets with backoff", "Analyse the flaky login test", "Update the handbook"} {
		v := sample()
		v.ID = title
		if i == 2 {
			v.Outcome, v.Findings, v.Title = verdict.Pass, nil, "✅ Passed"
		}
		p.judged(i+1, title, v)
	}
	server := httptest.NewServer(p.router)
	defer server.Close()
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	home := "http://localhost:" + at.Port()
	keep := os.Getenv("CHANGEGUARD_SCREENSHOTS")
	if keep == "" {
		keep = t.TempDir()
	}
	for name, path := range map[string]string{"overview": "/", "pull-request": "/acme/app/pull/1", "policy": "/policy", "audit": "/audit"} {
		for size, window := range map[string]string{"": "1200,1000", "-narrow": "360,900"} {
			picture := filepath.Join(keep, name+size+".png")
			out, err := exec.CommandContext(context.Background(), browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-proxy-server",
				"--user-data-dir="+t.TempDir(), "--window-size="+window, "--screenshot="+picture, home+path).CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v\n%s", path, err, out)
			}
			if info, err := os.Stat(picture); err != nil || info.Size() < 2000 || info.Size() > 150<<10 {
				t.Errorf("%s: the picture is missing, empty or too large: %v", name, info)
			}
		}
	}
}
