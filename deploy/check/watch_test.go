package check

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	promql "github.com/prometheus/prometheus/promql/parser"
)

// The alerts are rules as Prometheus reads them, strictly: their templates, labels
// and durations too, which promtool would look at.
func TestAlertsAreRules(t *testing.T) {
	t.Parallel()
	parse := func(text []byte) (*rulefmt.RuleGroups, []error) {
		return rulefmt.Parse(text, false, model.UTF8Validation, promql.NewParser(promql.Options{}), slog.New(slog.DiscardHandler))
	}
	groups, errs := parse(read(t, "prometheus/alerts.yml"))
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil || len(groups.Groups) == 0 {
		t.Fatal("there is no group")
	}
	for _, r := range groups.Groups[0].Rules {
		if r.Annotations["summary"] == "" || r.Annotations["description"] == "" || r.Labels["severity"] != "page" && r.Labels["severity"] != "ticket" {
			t.Errorf("%s says to nobody what to do: %+v", r.Alert, r)
		}
	}
	broken := strings.Replace(string(read(t, "prometheus/alerts.yml")), "for: 5m", "fro: 5m", 1)
	if _, errs := parse([]byte(broken)); len(errs) == 0 {
		t.Error("a key that there is none of must be noticed")
	}
}

// panel is what Grafana needs of one.
type panel struct {
	ID         int
	Title      string
	Type       string
	GridPos    struct{ X, Y, W, H int }
	Datasource struct{ Type, UID string }
	Targets    []struct{ RefID, Expr string }
}

// The dashboard can be imported: it has a name of its own, asks for its source,
// and no panel lies on another or hides behind the same number.
func TestDashboardCanBeImported(t *testing.T) {
	t.Parallel()
	var board struct {
		ID            *int
		UID, Title    string
		SchemaVersion int
		Templating    struct {
			List []struct{ Name, Type, Query string }
		}
		Panels []panel
	}
	if err := json.Unmarshal(read(t, "grafana/changeguard.json"), &board); err != nil {
		t.Fatal(err)
	}
	if board.ID != nil || board.UID == "" || board.Title == "" || board.SchemaVersion < 36 || len(board.Panels) < 20 {
		t.Errorf("%q, %q, schema %d, %d panels", board.UID, board.Title, board.SchemaVersion, len(board.Panels))
	}
	source := ""
	for _, v := range board.Templating.List {
		if v.Type == "datasource" && v.Query == "prometheus" {
			source = "${" + v.Name + "}"
		}
	}
	known, cells := make(map[int]bool), make(map[[2]int]string)
	for _, p := range board.Panels {
		if p.ID < 1 || known[p.ID] || p.Title == "" {
			t.Errorf("panel %d, %q: its number is another's, or it has no name", p.ID, p.Title)
		}
		known[p.ID] = true
		g := p.GridPos
		if g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24 {
			t.Errorf("%s stands out of the grid: %+v", p.Title, g)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" {
					t.Fatalf("%s lies on %s", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if source == "" || p.Datasource.UID != source || p.Datasource.Type != "prometheus" || len(p.Targets) == 0 {
			t.Errorf("%s asks %+v, and the dashboard lets choose %q", p.Title, p.Datasource, source)
		}
		refs := make(map[string]bool)
		for _, target := range p.Targets {
			if target.RefID == "" || refs[target.RefID] || target.Expr == "" {
				t.Errorf("%s has a question without a name or without content: %+v", p.Title, target)
			}
			refs[target.RefID] = true
		}
	}
}
