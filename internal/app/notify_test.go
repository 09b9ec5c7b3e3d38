package app_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

// A stopped change is told to the channel that the policy names, the server's
// button tests it, and the metrics and the log have it without its address.
func TestStoppedChangeIsTold(t *testing.T) {
	t.Parallel()
	github := ghfake.New(ghfake.Options{AppID: 7, Key: &ghtest.Key().PublicKey, Secret: "secret"})
	github.AddInstallation(1, nil)
	told := make(chan string, 10)
	room := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		told <- string(body)
	}))
	t.Cleanup(room.Close)
	r := begin(t, valid(
		"CHANGEGUARD_GITHUB_URL", serveHTTP(t, github), "CHANGEGUARD_ADMIN_ADDR", "127.0.0.1:0", "CHANGEGUARD_PUBLIC_URL", "https://guard.example/",
		"CHANGEGUARD_NOTIFY", `{"slack": {"url": "`+room.URL+`/an-address", "allow-private": true}}`,
	))
	r.github, r.repo = github, github.AddRepo(1, "acme", "app")
	n := r.open(strings.Replace(testPolicy, "version: 1\n", "version: 1\nnotify: {block: [slack]}\n", 1), ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	r.deliver("pull_request", r.repo.PullEvent(n, "opened", nil))
	if got := <-told; !strings.Contains(got, "core/a.py") || !strings.Contains(got, "https://guard.example/acme/app/pull/") {
		t.Errorf("%s", got)
	}
	resp, err := http.PostForm(r.admin+"/channels", url.Values{"channel": {"slack"}})
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(page), "The test was sent to slack.") || strings.Contains(string(page), "an-address") {
		t.Errorf("%d, %v: %s", resp.StatusCode, err, page)
	}
	resp.Body.Close()
	if got := <-told; !strings.Contains(got, "Test: ") {
		t.Errorf("%s", got)
	}
	r.home = r.admin
	for _, want := range []string{
		`changeguard_verdicts_total{observed="false",outcome="fail"} 1`, `changeguard_time_to_verdict_seconds_count 1`, `changeguard_evaluations_total{result="done"} `,
		`changeguard_github_requests_total{code="201",route="POST /repos/{owner}/{repo}/check-runs"} 1`, `changeguard_github_rate_remaining{installation="1",resource=`,
		`changeguard_webhook_answers_total{code="202",event="pull_request"} 1`, `level="block"`,
	} {
		r.until(want, func() bool { return strings.Contains(r.get("/metrics"), want) })
	}
	if strings.Contains(r.log.String(), "an-address") {
		t.Error("the channel's address is in the log")
	}
	req, err := http.NewRequest(http.MethodPost, r.admin+"/channels", strings.NewReader("channel=slack"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if resp, err = http.DefaultClient.Do(req); err != nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("another page pressed the button: %v, %v", resp, err)
	} else {
		resp.Body.Close()
	}
}
