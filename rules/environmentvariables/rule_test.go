package environmentvariables_test

import (
	"testing"

	"github.com/changeguard/changeguard/rules/rulestest"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	rulestest.Run(t, "environment-variables", "testdata")
}
