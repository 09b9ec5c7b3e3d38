package app_test

import (
	"context"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
)

// Into a database that a server uses nothing is imported; what to do is said.
func TestImportUnderAServerIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	into := app.Database{DatabaseURL: "sqlite:" + w.database, File: "-"}
	refused := func(want string) {
		t.Helper()
		var said strings.Builder
		if code := into.Import(context.Background(), strings.NewReader(""), &said, &said); code != app.ExitUsage || !strings.Contains(said.String(), want) {
			t.Errorf("%d: %s", code, &said)
		}
	}
	refused("a server uses the database: stop all servers on it, or name another database, and import again")
	if err := w.server.Stop(); err != nil {
		t.Fatal(err)
	}
	refused("the database is not empty")
}
