package limits_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/internal/condition"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/limits"
)

// What cannot be counted or read is an error, never "few enough".
func TestWhatCannotBeCountedIsAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("the source is gone")
	c := changetest.New(nil, changetest.Text(map[string]string{"a.bin": "x\x00"}))
	c.Source.(*changetest.Source).Broken = broken
	vars := &condition.Vars{Lines: func() (int64, int64, error) { return 0, 0, broken }}
	large := int64(1 << 40)
	many := 1 << 20
	for what, o := range map[string]*limits.Options{"bytes": {BinaryBytes: &large}, "lines": {Lines: &many}} {
		found, err := limits.Kind().Run(t.Context(), &rules.Input{Change: c, Vars: vars}, o)
		if !errors.Is(err, broken) || len(found) > 0 {
			t.Errorf("%s: %v, %v", what, found, err)
		}
	}
}

// A file over the reading limit counts with its whole size, whatever is in it.
func TestFileOverTheReadingLimitCountsWhole(t *testing.T) {
	t.Parallel()
	c := changetest.New(nil, changetest.Text(map[string]string{"a.txt": strings.Repeat("a", 1000), "b.txt": "text"}))
	c.Limits.File = 100
	for most, want := range map[int64]int{999: 1, 1000: 0} {
		found, err := limits.Kind().Run(t.Context(), &rules.Input{Change: c}, &limits.Options{BinaryBytes: &most})
		if err != nil || len(found) != want {
			t.Errorf("%d allowed: %v, %v", most, found, err)
		}
	}
}
