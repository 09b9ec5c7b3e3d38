package main

import "testing"

// A server's memory is read, or it is said that it cannot be: 0 is within any bound.
func TestMemoryIsReadOrAnError(t *testing.T) {
	t.Parallel()
	if n, err := alive("go_goroutines 9\ngo_memstats_heap_alloc_bytes 3.25e+06\n"); n != 3_250_000 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	for _, metrics := range []string{"", "changeguard_heap_bytes 5\n", "go_memstats_heap_alloc_bytes many\n"} {
		if n, err := alive(metrics); err == nil {
			t.Errorf("%q has %d", metrics, n)
		}
	}
}
