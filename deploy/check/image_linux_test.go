package check

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
)

// The image's content, built as the Dockerfile does and started as its user in a
// root that holds nothing else.
func TestImageStartsInAnEmptyRoot(t *testing.T) {
	if os.Getuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("only root can change the root, and CI is set")
		}
		t.Skip("only root can change the root: the image's content was not started")
	}
	root, err := os.MkdirTemp("", "image")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", filepath.Join(root, "changeguard"), "./cmd/changeguard")
	build.Dir, build.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Join(root, "data"), 65532, 65532); err != nil {
		t.Fatal(err)
	}
	server := exec.Command("/changeguard", "serve")
	server.Dir, server.Env = "/data", []string{"CHANGEGUARD_ADDR=127.0.0.1:0"}
	server.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
	log, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	listening := regexp.MustCompile(`"addr":"([^"]+)"`)
	lines, answered := bufio.NewScanner(log), false
	for lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil && !answered {
			answered = true
			for path, want := range map[string]int{"/healthz": 200, "/setup": 200} {
				resp, err := http.Get("http://" + m[1] + path)
				if err != nil {
					t.Error(err)
					continue
				}
				resp.Body.Close()
				if resp.StatusCode != want {
					t.Errorf("%s: %d", path, resp.StatusCode)
				}
			}
			if err := server.Process.Signal(syscall.SIGTERM); err != nil {
				t.Error(err)
			}
		}
	}
	if err := server.Wait(); err != nil || !answered {
		t.Errorf("it ended with %v; listening: %t", err, answered)
	}
}
