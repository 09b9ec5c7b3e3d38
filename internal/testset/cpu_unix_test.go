//go:build unix

package testset_test

import (
	"syscall"
	"time"
)

// cpu is the time that this process has computed: on a machine that others use,
// too, a clock on the wall says little.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
