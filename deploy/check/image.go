package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// imageUser is the image's user and group.
const imageUser = 65532

// image puts into an empty folder what the last stage of the Dockerfile copies,
// with the program built as the first one does, and starts it there as the
// image's user: it needs no library, no shell and no file beside those. Only
// root may do so.
func image(root string) (string, error) {
	if os.Getuid() != 0 {
		if os.Getenv("CI") != "" {
			return "", errors.New("only root can start a program in a folder of its own")
		}
		return "left out: only root can start a program in a folder of its own", nil
	}
	dir, err := os.MkdirTemp("", "changeguard-image-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	program, copied, err := fill(root, dir)
	if err != nil {
		return "", err
	}
	version, err := inside(dir, "version").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("changeguard version: %w\n%s", err, version)
	}
	if err := serves(dir); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s; %.1f MB, %s", strings.TrimSpace(string(version)), float64(program)/1e6, strings.Join(copied, " ")), nil
}

// fill carries out the last stage of the Dockerfile and returns the size of the
// program and what was copied.
func fill(root, dir string) (program int64, copied []string, err error) {
	text, err := os.Open(filepath.Join(root, "Dockerfile"))
	if err != nil {
		return 0, nil, err
	}
	defer text.Close()
	parsed, err := parser.Parse(text)
	if err != nil {
		return 0, nil, err
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return 0, nil, err
	}
	for _, c := range stages[len(stages)-1].Commands {
		command, ok := c.(*instructions.CopyCommand)
		if !ok {
			continue
		}
		for _, source := range command.SourcePaths {
			to := filepath.Join(dir, command.DestPath)
			if strings.HasSuffix(command.DestPath, "/") {
				to = filepath.Join(to, filepath.Base(source))
			}
			if err := put(root, source, to, command.From != ""); err != nil {
				return 0, nil, fmt.Errorf("copy %s: %w", source, err)
			}
			copied = append(copied, strings.TrimPrefix(to, dir))
		}
		if command.Chown != "" {
			if err := os.Chown(filepath.Join(dir, command.DestPath), imageUser, imageUser); err != nil {
				return 0, nil, err
			}
		}
	}
	info, err := os.Stat(filepath.Join(dir, "changeguard"))
	if err != nil {
		return 0, nil, err
	}
	return info.Size(), copied, nil
}

// put copies one file, or makes what the first stage would have made.
func put(root, source, to string, built bool) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	switch {
	case source == "/data":
		return os.MkdirAll(to, 0o755)
	case source == "/changeguard":
		build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", to, "./cmd/changeguard")
		build.Dir = root
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if said, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, said)
		}
		return nil
	case !built:
		source = filepath.Join(root, source)
	}
	content, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}

// inside is the program with the folder as its root, as the image's user, with
// no environment.
func inside(dir string, args ...string) *exec.Cmd {
	c := exec.Command("/changeguard", args...)
	c.Path = "/changeguard" // within the new root
	c.Err = nil             // it is not there outside
	c.Dir, c.Env = "/data", []string{}
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: dir, Credential: &syscall.Credential{Uid: imageUser, Gid: imageUser}, Pdeathsig: syscall.SIGKILL}
	return c
}

// serves starts the server as the image does and waits until it answers.
func serves(dir string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	var log strings.Builder
	c := inside(dir, "serve")
	c.Env = []string{"CHANGEGUARD_ADDR=" + address}
	c.Stdout, c.Stderr = &log, &log
	if err := c.Start(); err != nil {
		return err
	}
	asked := answers("http://" + address + "/healthz")
	stop := c.Process.Signal(syscall.SIGTERM)
	ended := c.Wait()
	if err := errors.Join(asked, stop, ended); err != nil {
		return fmt.Errorf("changeguard serve: %w\n%s", err, log.String())
	}
	return nil
}

// answers asks an address until it answers with 200, for half a minute.
func answers(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := answer(ctx, url)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

func answer(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s: %s %w", url, response.Status, body, err)
	}
	return nil
}
