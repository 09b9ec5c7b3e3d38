//go:build !linux

package pgtest

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

func own(string) error { return nil }

func as(cmd *exec.Cmd) *exec.Cmd { return cmd }

func keep(cmd *exec.Cmd) error { return cmd.Start() }

// alive reports whether a process is.
func alive(pid string) bool {
	n, err := strconv.Atoi(pid)
	if err != nil {
		return false
	}
	p, err := os.FindProcess(n)
	return err == nil && p.Signal(syscall.Signal(0)) == nil
}
