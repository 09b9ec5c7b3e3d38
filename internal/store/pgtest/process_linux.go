package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"syscall"
)

// account is the one that the server runs under where this process is root,
// which PostgreSQL refuses to be.
func account() (uid, gid int, needed bool, err error) {
	if os.Getuid() != 0 {
		return 0, 0, false, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, lookup := user.Lookup(name)
		if lookup != nil {
			err = lookup
			continue
		}
		uid, err = strconv.Atoi(u.Uid)
		if err != nil {
			return 0, 0, false, err
		}
		gid, err = strconv.Atoi(u.Gid)
		return uid, gid, true, err
	}
	return 0, 0, false, fmt.Errorf("root cannot run PostgreSQL, and there is nobody else: %w", err)
}

// own gives the server its folder.
func own(dir string) error {
	uid, gid, needed, err := account()
	if err != nil || !needed {
		return err
	}
	return os.Chown(dir, uid, gid)
}

// as lets a program run under that account.
func as(cmd *exec.Cmd) *exec.Cmd {
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if uid, gid, needed, err := account(); err == nil && needed {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return cmd
}

// keep starts a program that ends when this process does: the system watches
// the thread that started it, so that one is kept.
func keep(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		started <- cmd.Start()
		select {}
	}()
	return <-started
}

// alive reports whether a process is.
func alive(pid string) bool {
	_, err := os.Stat("/proc/" + pid)
	return err == nil
}
