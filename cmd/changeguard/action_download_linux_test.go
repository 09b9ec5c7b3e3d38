package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// released stands for the program of a release.
const released = "#!/bin/sh\necho \"released $*\"\nexit 2\n"

// archived is it as a release has it: in the folder that the archive is named for.
func archived(t *testing.T, folder string) []byte {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	w := tar.NewWriter(z)
	for name, text := range map[string]string{"LICENSE": "free", "changeguard": released} {
		if err := w.WriteHeader(&tar.Header{Name: folder + "/" + name, Mode: 0o755, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// The entry point of the Action fetches a release, and runs it only when it is the
// one whose sum was given.
func TestActionFetchesARelease(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"curl", "sha256sum", "tar", "gzip"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip("left out, since it needs", tool)
		}
	}
	folder := "changeguard_1.0.0_linux_" + runtime.GOARCH // as .goreleaser.yaml names it
	files := map[string][]byte{"v1.0.0/" + folder + ".tar.gz": archived(t, folder), "v1.0.1/changeguard_1.0.1_linux_" + runtime.GOARCH + ".tar.gz": archived(t, folder)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, ok := files[strings.TrimPrefix(r.URL.Path, "/changeguard/changeguard/releases/download/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(server.Close)
	hexed := func(data []byte) string { sum := sha256.Sum256(data); return hex.EncodeToString(sum[:]) }
	right, strange := hexed(files["v1.0.0/"+folder+".tar.gz"]), hexed(files["v1.0.1/changeguard_1.0.1_linux_"+runtime.GOARCH+".tar.gz"])
	for name, c := range map[string]struct {
		release, sum, says string
		runs               bool
	}{
		"the right one": {"v1.0.0", right, "released check --repo . --event", true},
		"another one":   {"v1.0.0", strings.Repeat("0", 64), "has another SHA-256", false},
		"no sum":        {"v1.0.0", "", "needs the input sha256", false},
		"no program":    {"v1.0.1", strange, "holds no program", false},
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
