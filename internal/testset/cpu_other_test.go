//go:build !unix

package testset_test

import "time"

var began = time.Now()

func cpu() time.Duration { return time.Since(began) }
