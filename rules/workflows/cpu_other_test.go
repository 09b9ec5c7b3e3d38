//go:build !unix

package workflows_test

import "time"

var began = time.Now()

func cpu() time.Duration { return time.Since(began) }
