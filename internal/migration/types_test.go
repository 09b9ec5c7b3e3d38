package migration

import "testing"

// A type holds what another did only where that is known.
func TestHolds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		old, oldSize, now, nowSize string
		want                       bool
	}{
		{"VARCHAR", "50", "varchar", "200", true},
		{"String", "length=200", "String", "length=50", false},
		{"varchar", "50", "text", "", true},
		{"text", "", "varchar", "50", false},
		{"varchar", "", "varchar", "50", false},
		{"varchar", "50", "varchar", "", true},
		{"nvarchar", "200", "nvarchar", "max", true},
		{"nvarchar", "max", "nvarchar", "200", false},
		{"Integer", "", "BigInteger", "", true},
		{"bigint", "", "int", "", false},
		{"decimal", "10,2", "decimal", "12,2", true},
		{"decimal", "10,2", "decimal", "10,4", false},
		{"decimal", "10,2", "decimal", "8,2", false},
		{"Integer", "", "String", "", false},
		{"char", "50", "varchar", "20", false},
		{"char", "10", "varchar", "20", true},
		{"bool", "", "bool", "", true},
		{"varchar", "99999999999999999999", "varchar", "1", false},
	} {
		if got := holds(c.old, c.oldSize, c.now, c.nowSize); got != c.want {
			t.Errorf("%s(%s) to %s(%s): %t", c.old, c.oldSize, c.now, c.nowSize, got)
		}
	}
}
