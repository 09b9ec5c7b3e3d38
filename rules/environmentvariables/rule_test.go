package environmentvariables_test

import (
	"testing"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/rulestest"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	rulestest.Run(t, "environment-variables", "testdata")
}

// Ordinary changes, half of which are to be found.
func TestTables(t *testing.T) {
	t.Parallel()
	rulestest.Table(t, "testdata/tables", 90, func(c *change.Change) ([]rules.Finding, error) { return judge(t, c) })
}
