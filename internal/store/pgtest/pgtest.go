// Package pgtest gives tests a PostgreSQL.
//
// # The model
//
// The first test that calls [Database] starts a server of the test process's own,
// which listens on a socket in a temporary folder, and where something is measured
// writes to disk as one in production does; each call makes an empty database in it. [Stop] ends it, and
// so does the end of the process, however it comes about. Where PostgreSQL is
// not installed the test is skipped, or fails where CI is set: what CI leaves
// out nobody has seen.
package pgtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Database makes an empty database and returns its address.
func Database(tb testing.TB) (address string) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("left out: PostgreSQL, in a short run")
	}
	server.once.Do(func() { server.dir, server.err = start() })
	var missing *missingError
	switch {
	case errors.As(server.err, &missing) && os.Getenv("CI") == "":
		tb.Skipf("left out: %v", server.err)
	case server.err != nil:
		tb.Fatalf("start PostgreSQL: %v", server.err)
	}
	name := fmt.Sprint("test", server.databases.Add(1))
	if err := execute(server.dir, "CREATE DATABASE "+name); err != nil {
		tb.Fatal(err)
	}
	return Address(server.dir, name)
}

// server is the one of this process.
var server struct {
	once      sync.Once
	dir       string
	err       error
	process   *exec.Cmd
	databases atomic.Int64
}

// Address is that of a database whose server has its socket in a folder.
func Address(dir, database string) string {
	return "postgres://postgres@/" + database + "?host=" + url.QueryEscape(dir)
}

// Stop ends the server, if one was started. TestMain calls it.
func Stop() {
	if server.process == nil {
		return
	}
	_ = server.process.Process.Signal(os.Interrupt) // fast shutdown; it may have ended
	_ = server.process.Wait()                       // and says how
	_ = os.RemoveAll(server.dir)                    // a folder that stays is removed by the next process
}

// missingError says that there is no PostgreSQL.
type missingError struct{ program string }

func (e *missingError) Error() string {
	return "PostgreSQL is not installed: there is no " + e.program + " in PATH nor in /usr/lib/postgresql"
}

// program finds one of PostgreSQL's, the newest where there are several.
func program(name string) (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		slices.SortFunc(found, func(a, b string) int { return len(a) - len(b) }) // 9 before 15
		return found[len(found)-1], nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", &missingError{name}
	}
	return path, nil
}

const prefix = "changeguard-postgres-"

// start makes a server and waits until it answers.
func start() (dir string, err error) {
	initdb, err := program("initdb")
	if err != nil {
		return "", err
	}
	postgres, err := program("postgres")
	if err != nil {
		return "", err
	}
	sweep()
	if dir, err = os.MkdirTemp("", prefix); err != nil {
		return "", err
	}
	if err := own(dir); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "owner"), []byte(fmt.Sprint(os.Getpid())), 0o600); err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	if out, err := as(exec.Command(initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	cmd := as(exec.Command(postgres, append([]string{"-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "max_connections=300", "-c", "log_min_messages=fatal"}, hasty()...)...))
	if err := keep(cmd); err != nil {
		return "", err
	}
	server.process = cmd
	return dir, answers(dir)
}

// hasty lets a server that is not measured leave out what only a power cut would
// show.
func hasty() []string {
	if f := flag.Lookup("test.bench"); f != nil && f.Value.String() != "" {
		return nil
	}
	return []string{"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"}
}

// answers waits until the server does.
func answers(dir string) error {
	deadline := time.Now().Add(time.Minute)
	for {
		err := execute(dir, "SELECT 1")
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond) // it has no other way to say so
	}
}

func execute(dir, statement string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, Address(dir, "postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// sweep removes what processes left that were killed.
func sweep() {
	left, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range left {
		owner, err := os.ReadFile(filepath.Join(dir, "owner"))
		if err != nil || alive(strings.TrimSpace(string(owner))) {
			continue // nobody's yet, or somebody's
		}
		_ = os.RemoveAll(dir) // another process may be at it too
	}
}
