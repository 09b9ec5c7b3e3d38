// Package walls holds the layout of the house: which package may know which.
// Every wall is a line of one of the tables here; TestWallsCatch shows that each
// kind of wall is seen when it is broken.
package walls

import (
	"go/types"
	"strings"
	"testing"
)

// floors are the rooms from the ground up. A room names only rooms on floors
// below its own, so nothing reaches up. What is in a room's folder is on its
// floor, unless it is named itself.
var floors = [][]string{
	{"internal/jsonscan", "internal/lazyregexp", "internal/nearest", "internal/pathset", "internal/shape", "internal/workflow"},
	{"change"},
	{"session", "internal/condition", "internal/manifest", "internal/deployment", "internal/migration", "internal/testset"},
	{"rules"},
	{kinds},
	{"rules/catalogue", "policy"},
	{"verdict"},
	{"report"}, // the lower half ends here
	{"internal/store", "internal/version", "internal/logkey", "internal/riskeval", "internal/hook", "internal/evidence", "internal/oidc", "internal/policytest", "internal/backtest", "internal/secret", "internal/metrics"},
	{"internal/github", "internal/gitrepo", "internal/queue", "internal/web", "internal/notify", "webhook"},
	{"guard"},
	{"internal/app", "internal/ghfake"},
	{"internal/demo"},
	{"cmd", "internal/riskeval", "internal/soak"},
}

// lowerHalf is how many floors know nothing of GitHub, HTTP, databases, clocks
// or the operating system, so that every door shares them whole.
const lowerHalf = 8

// kinds stands for the kinds of rules, a folder each.
const kinds = "rules/KIND"

// homes say who, besides tests, may name a library or a room.
var homes = map[string][]string{
	"github.com/google/go-github":             {"internal/github", "webhook"},
	"github.com/bradleyfalzon/ghinstallation": {"internal/github"},
	"github.com/golang-jwt":                   {"internal/ghfake", "internal/github"},
	"github.com/vektah/gqlparser":             {"internal/ghfake"},
	"database/sql":                            {"internal/store", "internal/queue"},
	"modernc.org":                             {"internal/store", "internal/queue"},
	"github.com/jackc":                        {"internal/store", "internal/queue"},
	"github.com/riverqueue":                   {"internal/queue"},
	"go.yaml.in/yaml":                         {"policy", "internal/deployment", "internal/workflow"},
	"cel.dev":                                 {"internal/condition"},
	"github.com/pelletier/go-toml":            {"internal/manifest", "internal/testset"},
	"github.com/go-chi/chi":                   {"webhook", "internal/web", "internal/app"},
	"net/http":                                {"webhook", "internal/github", "internal/web", "internal/app", "internal/demo", "internal/ghfake", "internal/oidc", "internal/soak", "internal/metrics", "internal/notify"},
	"github.com/prometheus":                   {"internal/metrics"},
	"os/exec":                                 {"internal/gitrepo", "internal/soak"},
	"testing":                                 {"internal/ghfake/ghschema"},
	"internal/ghfake":                         {"internal/demo", "internal/soak"},
	"internal/ghfake/ghschema":                {"internal/ghfake/ghschema"},
	"internal/gitrepo":                        {"internal/app"},
	"internal/github":                         {"guard", "internal/app"},
	"internal/app":                            {"cmd", "internal/demo", "internal/soak"},
	kinds:                                     {"rules/catalogue"}, // one folder and one line
}

// typesStop are the libraries of which other rooms may not even hold a value: a
// room that hands one out carries it through the wall without an import.
var typesStop = []string{"github.com/google/go-github", "database/sql", "github.com/riverqueue", "go.yaml.in/yaml", "cel.dev"}

// outside is what the lower half may not reach, not even through libraries.
var outside = []string{
	"net", "net/http", "os/exec", "os/signal", "os/user", "database/sql", "crypto/rand", "testing", "plugin", "log", "log/slog",
	"github.com/google/go-github", "github.com/riverqueue", "modernc.org", "github.com/jackc", "github.com/go-chi",
}

// unnamed is what the lower half may not name; libraries under it may.
var unnamed = []string{"math/rand", "math/rand/v2", "hash/maphash", "path/filepath", "syscall", "unsafe", "runtime", "golang.org/x/sys"}

// handedTime are the rooms of the upper half that never ask for the time.
var handedTime = []string{"guard", "webhook", "internal/gitrepo", "internal/store", "internal/web"}

// clocks are the names of package time that look at a clock or at the machine;
// the first askedTime of them ask for the time.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Local", "LoadLocation"}

const askedTime = 3

func TestRoomsStandAboveWhatTheyUse(t *testing.T) {
	t.Parallel()
	for _, r := range theHouse(t).rooms {
		report(t, floorsBroken(r))
	}
}

func TestLowerHalfKnowsNothingOfTheWorld(t *testing.T) {
	t.Parallel()
	h := theHouse(t)
	for _, r := range h.rooms {
		report(t, h.worldReached(r))
	}
	for _, c := range h.checked {
		report(t, c.worldUsed())
	}
}

func TestLibrariesStayInTheirRooms(t *testing.T) {
	t.Parallel()
	h := theHouse(t)
	for _, c := range h.checked {
		report(t, homesLeft(c.room))
		report(t, c.typesCarried())
	}
}

func TestPackageChangeIsStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	for _, r := range theHouse(t).rooms {
		if r.name() == "change" {
			report(t, stdOnly(r))
		}
	}
}

func report(t *testing.T, breaches []string) {
	t.Helper()
	for _, b := range breaches {
		t.Error(b)
	}
}

// Each kind of wall, broken: what a room would name or do, and what is said.
func TestWallsCatch(t *testing.T) {
	t.Parallel()
	h := theHouse(t)
	for _, c := range []struct{ room, names, says string }{
		{"verdict", module + "/internal/github", "verdict reaches up to internal/github"},
		{"session", module + "/rules", "session reaches up to rules"},
		{"policy", module + "/rules/catalogue", "policy reaches up to rules/catalogue"},
		{"rules/limits", module + "/rules/expression", "rules/limits reaches up to rules/expression"},
		{"webhook", module + "/internal/github", "webhook reaches up to internal/github"},
		{"internal/pathset", module + "/change", "internal/pathset reaches up to change"},
		{"verdict", module + "/change/changetest", "verdict names change/changetest, which is for tests"},
		{"attic", "fmt", "attic is on no floor"},
		{"policy", module + "/rules/limits", "policy names rules/limits, which belongs in rules/catalogue"},
		{"guard", "github.com/google/go-github/v60/github", "belongs in internal/github"},
		{"guard", "database/sql", "belongs in internal/store"},
		{"verdict", "go.yaml.in/yaml/v4", "belongs in policy"},
		{"internal/app", module + "/internal/ghfake", "belongs in internal/demo"},
		{"internal/ghfake", module + "/internal/ghfake/ghschema", "belongs in internal/ghfake/ghschema"},
		{"internal/web", module + "/internal/gitrepo", "belongs in internal/app"},
		{"change", "net/http", "change reaches net/http"},
		{"rules/limits", "crypto/rand", "rules/limits reaches crypto/rand"},
		{"report", "net/http/httptrace", "report reaches net"},
		{"verdict", module + "/internal/web", "verdict reaches database/sql"},
		{"verdict", "math/rand/v2", "verdict names math/rand/v2"},
		{"change", "golang.org/x/text/unicode/norm", "change names golang.org/x/text/unicode/norm"},
	} {
		r := &room{ImportPath: module + "/" + c.room, Imports: []string{c.names}}
		all := append(floorsBroken(r), homesLeft(r)...)
		all = append(append(all, h.worldReached(r)...), stdOnly(r)...)
		if said := strings.Join(all, "\n"); !strings.Contains(said, c.says) {
			t.Errorf("%s names %s: %q is not said, but %q", c.room, c.names, c.says, said)
		}
	}
	for _, c := range []struct{ room, source, says string }{
		{"verdict", `import "time"; var _ = time.Now()`, "verdict/a.go:1: uses time.Now"},
		{"verdict", `import clock "time"; var now = clock.Now`, "uses time.Now"},
		{"verdict", `import . "time"; var _ = Since(Time{})`, "uses time.Since"},
		{"verdict", `import "time"; var _ = time.Second; var _ time.Time`, ""},
		{"verdict", `import "os"; var _ = os.ReadFile`, "uses os.ReadFile"},
		{"verdict", `import "os"; var _ = os.ErrNotExist`, ""},
		{"guard", `import "time"; var _ = time.Since`, "uses time.Since"},
		{"guard", `import "time"; var _ = time.NewTimer`, ""},
		{"guard", `import "` + module + `/internal/store"; type x struct { s *store.Store }`, ""},
		{"guard", `import "database/sql"; func f() []map[string]*sql.DB { return nil }`, "holds a value of database/sql"},
		{"guard", `import sql "database/sql"; type mine = sql.Tx; func f(x func() chan mine) {}`, "holds a value of database/sql"},
		{"verdict", `import "go.yaml.in/yaml/v4"; var n yaml.Node`, "holds a value of go.yaml.in/yaml"},
	} {
		r := &room{ImportPath: module + "/" + c.room}
		x, err := h.checkSources(r, map[string][]byte{"a.go": []byte("package a; " + c.source)})
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		said := strings.Join(append(x.worldUsed(), x.typesCarried()...), "\n")
		if (said == "") != (c.says == "") || !strings.Contains(said, c.says) {
			t.Errorf("%s in %s: %q, want %q", c.source, c.room, said, c.says)
		}
	}
	if holds(types.Typ[types.Int], "go.yaml.in/yaml", nil) {
		t.Error("a number is of no library")
	}
}
