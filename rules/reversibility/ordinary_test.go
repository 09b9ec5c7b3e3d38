package reversibility_test

import (
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/rules/rulestest"
)

func TestOrdinaryChanges(t *testing.T) {
	t.Parallel()
	rulestest.Ordinary(t, "reversibility", func(_ *testing.T, _, text string) *txtar.Archive {
		a := txtar.Parse([]byte(text))
		a.Files = append(a.Files, txtar.File{Name: "policy.yml", Data: []byte("version: 1\nrules:\n  r: {uses: reversibility}\n")})
		return a
	})
}
