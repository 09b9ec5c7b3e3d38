package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

// BenchmarkServe runs the server as a process, built as for the image, and
// reports its resident memory, idle and after 500 pull requests, and the size
// of the binary, which is static.
func BenchmarkServe(b *testing.B) {
	dir := b.TempDir()
	binary := filepath.Join(dir, "changeguard")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	mustBeStatic(b, binary)
	info, err := os.Stat(binary)
	if err != nil {
		b.Fatal(err)
	}
	github := ghfake.New(ghfake.Options{AppID: ghtest.AppID, Key: &ghtest.Key().PublicKey, Secret: "secret", Quota: 1 << 30})
	github.AddInstallation(1, nil)
	front := httptest.NewServer(github)
	defer front.Close()
	cmd := exec.Command(binary, "serve", "--addr", "127.0.0.1:0", "--github-url", front.URL+"/", "--app-id", "7", "--webhook-secret", "secret",
		"--private-key", string(ghtest.PEM()),
		"--database-url", "sqlite:"+filepath.Join(dir, "memory.db"))
	cmd.Env = []string{}
	p := startProcess(b, cmd)
	idle := memory(b, cmd.Process.Pid, "VmRSS")
	for b.Loop() {
		deliver500(b, github, p.home+"/webhook", b.N)
	}
	b.ReportMetric(idle, "idle-MB")
	b.ReportMetric(memory(b, cmd.Process.Pid, "VmRSS"), "after-500-MB")
	b.ReportMetric(memory(b, cmd.Process.Pid, "VmHWM"), "peak-MB")
	b.ReportMetric(float64(info.Size())/(1<<20), "binary-MB")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.Fatal(err)
	}
	<-p.done
	if err := cmd.Wait(); err != nil {
		b.Errorf("%v\n%s", err, p.text())
	}
}

// deliver500 opens 500 pull requests and waits for their check runs.
func deliver500(b *testing.B, github *ghfake.Server, url string, n int) {
	b.Helper()
	repo := github.AddRepo(1, "acme", fmt.Sprintf("app-%d-%d", n, time.Now().UnixNano()))
	author := ghfake.Signature{Name: "Dev", Email: "dev@example.com", When: time.Unix(1_700_000_000, 0)}
	repo.Commit("main", "base", ghfake.Files{"a.py": ghfake.Text("x = 1\n"), "requirements.txt": ghfake.Text("a==1\n")}, author)
	for i := range 500 {
		branch := fmt.Sprint("b", i)
		repo.Branch(branch, "main")
		changes := ghfake.Files{"requirements.txt": ghfake.Text(fmt.Sprintf("a==1\nb==%d\n", i))}
		for j := range 20 {
			changes[fmt.Sprintf("src/f%d.py", j)] = ghfake.Text(fmt.Sprintf("x = %d\n", i))
		}
		repo.Commit(branch, "change", changes, author)
		p := repo.Open(ghfake.Pull{Title: "A change", Base: "main", Head: branch, Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}})
		if d, err := github.Deliver(context.Background(), url, "pull_request", repo.PullEvent(p.Number, "opened", nil)); err != nil || d.Status/100 != 2 {
			b.Fatal(d.Status, err)
		}
	}
	waitUntil(b, func() bool {
		for i := range 500 {
			if len(repo.Runs(repo.Tip(fmt.Sprint("b", i)))) == 0 {
				return false
			}
		}
		return true
	})
}

func waitUntil(b *testing.B, holds func() bool) {
	b.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			b.Fatal("waited in vain")
		}
	}
}

// memory is what a process takes of it in MB, now (VmRSS) or at most (VmHWM),
// where /proc says it.
func memory(b *testing.B, pid int, which string) float64 {
	b.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Logf("memory is not measured here: %v", err)
		return 0
	}
	for line := range strings.Lines(string(data)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, which+": %f kB", &kb); n == 1 {
			return kb / 1024
		}
	}
	b.Fatal("no ", which)
	return 0
}
