package main

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// released stands for the program of a release.
const released = "#!/bin/sh\necho \"released $*\"\nexit 2\n"

// The entry point of the Action fetches a release, and runs it only when it is the
// one whose sum was given.
func TestActionFetchesARelease(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"curl", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip("left out, since it needs", tool)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/changeguard/changeguard/releases/download/v1.0.0/changeguard-linux-") {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(released))
	}))
	t.Cleanup(server.Close)
	sum := sha256.Sum256([]byte(released))
	right := hex.EncodeToString(sum[:])
	for name, c := range map[string]struct {
		release, sum, says string
		runs               bool
	}{
		"the right one": {"v1.0.0", right, "released check --repo . --event", true},
		"another one":   {"v1.0.0", strings.Repeat("0", 64), "has another SHA-256", false},
		"no sum":        {"v1.0.0", "", "needs the input sha256", false},
		"none":          {"v9.9.9", right, "could not be fetched", false},
	} {
		output := filepath.Join(t.TempDir(), "output")
		cmd := exec.Command("sh", "../../deploy/action/run.sh")
		cmd.Env = append(os.Environ(), "INPUT_RELEASE="+c.release, "INPUT_SHA256="+c.sum, "GITHUB_SERVER_URL="+server.URL, "GITHUB_EVENT_PATH=event.json",
			"GITHUB_OUTPUT="+output, "RUNNER_TEMP="+t.TempDir(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
		said, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(said), c.says) || strings.Contains(string(said), "released check") != c.runs {
			t.Errorf("%s: %v: %s", name, err, said)
		}
		if out, err := os.ReadFile(output); err != nil || !strings.Contains(string(out), "exit-code=2") {
			t.Errorf("%s: the outputs are %q: %v", name, out, err)
		}
	}
}
