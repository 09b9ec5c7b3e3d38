package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/changeguard/changeguard/internal/store"
)

// smallDisk is where a process of this test finds a disk of two megabytes.
const smallDisk = "CHANGEGUARD_TEST_SMALL_DISK"

// A disk that is really full: the system refuses, not the engine.
func TestFullDiskOfTheSystem(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(smallDisk); dir != "" {
		onSmallDisk(t, dir)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestFullDiskOfTheSystem$", "-test.v")
	cmd.Env = append(os.Environ(), smallDisk+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, // so that it may mount, and nobody else sees it
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, syscall.EPERM), strings.Contains(string(out), "cannot mount"):
		t.Skipf("this system lets nobody mount a small disk: %v", err)
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	}
}

func onSmallDisk(t *testing.T, dir string) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Fatalf("cannot mount: %v", err)
	}
	s := openAt(t, filepath.Join(dir, "s.db"))
	accepted := 0
	var err error
	for ; err == nil && accepted < 10_000; accepted++ {
		err = receive(s, fmt.Sprint("d", accepted), strings.Repeat("x", 2000))
	}
	accepted-- // the last one failed
	if !errors.Is(err, store.ErrFull) {
		t.Fatalf("after %d writes: %v", accepted, err)
	}
	for range 3 {
		if err := receive(s, "during", "main"); err != nil && !errors.Is(err, store.ErrFull) {
			t.Fatal(err)
		} else if err == nil {
			accepted++
		}
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=20m"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Writable(context.Background()), receive(s, "later", "main")); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if got, err := s.FindSubject(context.Background(), "acme/app#1"); err != nil || got.Want != int64(accepted)+1 {
		t.Errorf("%d of %d writes are there, %v", got.Want, accepted+1, err)
	}
}
