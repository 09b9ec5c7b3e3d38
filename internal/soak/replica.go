package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// replica is one process of the server, started again on the same address after
// it was killed.
type replica struct {
	program, home, admin string // addresses
	env                  []string
	log                  string // a file that all its processes append to

	mu      sync.Mutex
	process *exec.Cmd
	done    chan struct{}
	deaths  []death
}

// death is the end of a process: the time before it was killed, and the one at
// which it was found dead.
type death struct{ from, to time.Time }

// newReplica chooses addresses.
func newReplica(program, dir string, n int, env []string) (*replica, error) {
	var ports [2]string
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		ports[i] = l.Addr().String()
		if err := l.Close(); err != nil {
			return nil, err
		}
	}
	r := &replica{program: program, home: ports[0], admin: ports[1], log: filepath.Join(dir, fmt.Sprintf("replica%d.log", n))}
	r.env = append(os.Environ(), env...)
	r.env = append(r.env, "CHANGEGUARD_ADDR="+ports[0], "CHANGEGUARD_ADMIN_ADDR="+ports[1], "CHANGEGUARD_LOG_FORMAT=json", "CHANGEGUARD_LOG_LEVEL=debug")
	return r, nil
}

// start starts the process and waits until it answers.
func (r *replica) start(ctx context.Context) error {
	out, err := os.OpenFile(r.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(r.program, "serve") //nolint:gosec // the program under test
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.Dir = r.env, out, out, filepath.Dir(r.log)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	r.process, r.done = cmd, make(chan struct{})
	go func() { _ = cmd.Wait(); close(r.done) }() // however it ended
	for {
		_, err := get(ctx, "http://"+r.home+"/healthz")
		if err == nil {
			return nil
		}
		select {
		case <-r.done:
			return fmt.Errorf("the server ended at once; see %s", r.log)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// kill ends the process as a power cut does.
func (r *replica) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	begin := time.Now()
	_ = r.process.Process.Signal(syscall.SIGKILL) // it may have ended
	<-r.done
	r.deaths = append(r.deaths, death{begin, time.Now()})
}

// stop ends the process as platforms do.
func (r *replica) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.process == nil {
		return
	}
	begin := time.Now()
	_ = r.process.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-r.done:
	case <-time.After(15 * time.Second):
		_ = r.process.Process.Kill()
		<-r.done
	}
	r.deaths = append(r.deaths, death{begin, time.Now()})
}

// ended reports whether the process died by itself.
func (r *replica) ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// torment kills the process every so often until the context ends, and leaves
// it running.
func (r *replica) torment(ctx context.Context, seed uint64, least, most time.Duration) error {
	chance := rand.New(rand.NewPCG(seed, 3)) //nolint:gosec // the same pauses every time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(least + time.Duration(chance.Int64N(int64(most-least)+1))):
		}
		if r.ended() {
			return fmt.Errorf("a server ended by itself; see %s", r.log)
		}
		r.kill()
		if err := r.start(context.WithoutCancel(ctx)); err != nil {
			return err
		}
	}
}

// memory is what the process uses, in bytes: what the system gave it, and what
// lives after a collection.
func (r *replica) memory(ctx context.Context) (resident, live int, err error) {
	if _, err := get(ctx, "http://"+r.admin+"/debug/pprof/heap?gc=1"); err != nil {
		return 0, 0, err
	}
	text, err := get(ctx, "http://"+r.admin+"/metrics")
	if err != nil {
		return 0, 0, err
	}
	if live, err = alive(text); err != nil {
		return 0, 0, err
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.process.Process.Pid))
	if err != nil {
		return 0, live, nil // not on this system
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			return n << 10, live, err
		}
	}
	return 0, live, nil
}

// alive reads from a server's metrics what it has on its heap, in bytes.
func alive(metrics string) (int, error) {
	const name = "go_memstats_heap_alloc_bytes"
	for line := range strings.Lines(metrics) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return int(n), err
		}
	}
	return 0, fmt.Errorf("the metrics have no %s", name)
}
