package backtest

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"time"
)

//go:embed report.html
var page string

// bar is one bar of a chart, in per cent of the longest.
type bar struct {
	Name        string
	Changes     int
	Stopped     int
	Full, Part  int // widths
	Level, Kind string
}

// bars make a chart of groups.
func bars(list []Group) (all []bar) {
	most := 1
	for _, g := range list {
		most = max(most, g.Changes)
	}
	for _, g := range list {
		all = append(all, bar{Name: visible(g.Name), Changes: g.Changes, Stopped: g.Stopped, Full: 100 * g.Changes / most, Part: 100 * g.Stopped / most})
	}
	return all
}

func ruleBars(list []Rule) (all []bar) {
	most := 1
	for _, r := range list {
		most = max(most, r.Changes)
	}
	for _, r := range list {
		all = append(all, bar{Name: visible(r.Rule), Changes: r.Changes, Stopped: r.Findings, Full: 100 * r.Changes / most, Level: string(r.Level), Kind: r.Kind})
	}
	return all
}

var functions = template.FuncMap{
	"bars": bars, "rulebars": ruleBars, "count": count, "visible": visible, "clip": clip,
	"day":   func(t time.Time) string { return t.Format(time.DateOnly) },
	"share": share,
	"short": func(e Entry) string { return e.short() },
	"where": func(r Reason) string { return clip(visible(r.where())) },
	"parts": func(t Tally) []part {
		var all []part
		x := 0.0
		for _, p := range []part{{Name: "passed", N: t.Pass, Class: "pass"}, {Name: "held for an approval", N: t.Approve, Class: "approve"}, {Name: "blocked", N: t.Fail, Class: "fail"}, {Name: "not judged", N: t.Incomplete, Class: "incomplete"}} {
			p.X, p.W = x, 100*float64(p.N)/float64(max(1, t.Changes))
			x += p.W
			all = append(all, p)
		}
		return all
	},
	"both":  func(title string, list any) map[string]any { return map[string]any{"Title": title, "List": list} },
	"named": func(name string, t Tally) map[string]any { return map[string]any{"Name": name, "Tally": t} },
}

// part is a piece of the bar that is the whole.
type part struct {
	Name, Class string
	N           int
	X, W        float64
}

// HTML is one page that needs nothing else: no script, no style, no picture from
// elsewhere. All that comes from the repository is text in it.
func (r *Report) HTML() ([]byte, error) {
	t, err := template.New("report").Funcs(functions).Parse(page)
	if err != nil {
		return nil, fmt.Errorf("write the page: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, r); err != nil {
		return nil, fmt.Errorf("write the page: %w", err)
	}
	return b.Bytes(), nil
}
