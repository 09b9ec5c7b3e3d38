package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

// process is the program as it runs in an image: with nothing in its
// environment but what it is given.
type process struct {
	*exec.Cmd
	home string // where it listens
	mu   sync.Mutex
	log  strings.Builder
	done chan struct{} // closed at the end of its log
}

// startProcess starts a server and waits until it listens.
func startProcess(tb testing.TB, cmd *exec.Cmd) *process {
	tb.Helper()
	p := &process{Cmd: cmd, done: make(chan struct{})}
	out, err := p.StderrPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := p.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = p.Process.Kill() }) // it may have ended
	addr := make(chan string, 1)
	go p.read(out, addr)
	select {
	case a := <-addr:
		p.home = "http://" + a
	case <-p.done:
		tb.Fatalf("it ended: %v\n%s", p.Wait(), p.text())
	}
	return p
}

func serveProcess(t *testing.T, env ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "serve")
	cmd.Args[0] = "changeguard-main"
	cmd.Dir, cmd.Env = t.TempDir(), append([]string{"CHANGEGUARD_ADDR=127.0.0.1:0"}, env...)
	return startProcess(t, cmd)
}

// read keeps the log, which is JSON where no terminal is.
func (p *process) read(out io.Reader, addr chan<- string) {
	defer close(p.done)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		p.mu.Lock()
		p.log.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
		var line struct{ Msg, Addr string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
			addr <- line.Addr
		}
	}
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// Without anything in the environment, also no folder for temporary files and
// no home, the program serves, and ends when it is asked to.
func TestServeInAnEmptyEnvironment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keyFile := filepath.Join(dir, "key.pem")
	if err := os.WriteFile(keyFile, ghtest.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		env    []string
		signal syscall.Signal
		ready  int
	}{
		"set up":     {[]string{"CHANGEGUARD_APP_ID=7", "CHANGEGUARD_PRIVATE_KEY_FILE=" + keyFile, "CHANGEGUARD_WEBHOOK_SECRET=s"}, syscall.SIGTERM, http.StatusOK},
		"not set up": {nil, syscall.SIGINT, http.StatusServiceUnavailable},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			p := serveProcess(t, c.env...)
			resp, err := http.Get(p.home + "/readyz")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != c.ready {
				t.Errorf("/readyz: %d", resp.StatusCode)
			}
			if err := p.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			<-p.done
			if err := p.Wait(); err != nil || !strings.Contains(p.text(), `"msg":"stopped"`) {
				t.Errorf("%v\n%s", err, p.text())
			}
			files, err := filepath.Glob(filepath.Join(p.Dir, "*"))
			want := 3 - len(c.env)/3 // the database, whose log is folded into it, the lock beside it, and, for what the set-up will keep, a key
			if err != nil || len(files) != want {
				t.Errorf("left behind: %v, %v", files, err)
			}
		})
	}
}
