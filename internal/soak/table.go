package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// table is what was found, row by row.
type table struct {
	title   string
	rows    [][3]string // what, found, reach
	notes   []string
	leaked  []string
	speeds  bool
	short   bool
	broken  int
	figures int // speeds and sizes that were not reached and do not count
}

func (t *table) begin(c *course) {
	t.speeds, t.short = c.speeds, c.short
	t.title = fmt.Sprintf("%s, %s: %d events, %d pull requests, %d installations, %s and %s of quiet, seed %d, load %s",
		c.name, plural(c.replicas, "replica"), c.deliveries, c.pulls, c.installations, c.span, c.quiet, c.seed, load())
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", one, "s")
}

// load is the machine's, where it says.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

func (t *table) fact(what, format string, args ...any) {
	t.rows = append(t.rows, [3]string{what, fmt.Sprintf(format, args...), ""})
}

// promise is a row with a reach, which counts when it is not held.
func (t *table) promise(held bool, what, reach, format string, args ...any) {
	if !held {
		t.broken++
		reach += "  BROKEN"
	}
	t.rows = append(t.rows, [3]string{what, fmt.Sprintf(format, args...), reach})
}

// figure is a promise of a machine's speed, which counts when that was asked.
func (t *table) figure(held bool, what, reach, format string, args ...any) {
	if held || t.speeds {
		t.promise(held, what, reach, format, args...)
		return
	}
	t.figures++
	t.rows = append(t.rows, [3]string{what, fmt.Sprintf(format, args...), reach + "  not reached"})
}

// memory is judged from a quarter on; from half way on, when what is kept of GitHub's
// answers has come to its bounds, it is printed beside: what grows then would grow for
// ever.
func (t *table) memory(early, warm, late memory) {
	grown := func(a, b int) string {
		return fmt.Sprintf("%.1f MB to %.1f MB (%+.0f %%)", megabytes(a), megabytes(b), 100*(float64(b)/float64(max(a, 1))-1))
	}
	t.figure(float64(late.resident) <= 1.2*float64(early.resident), "memory of the servers, a quarter through the calm part to its end", "within 20 %", "%s", grown(early.resident, late.resident))
	t.fact("of it alive after a collection", "%s", grown(early.live, late.live))
	t.fact("the same from half way on, when the caches are full", "%s; alive %s", grown(warm.resident, late.resident), grown(warm.live, late.live))
}

func megabytes(n int) float64 { return float64(n) / (1 << 20) }

func (t *table) calm(b books, l logged, perVerdict float64) {
	t.fact("requests per verdict without faults", "%.2f (%d for %d verdicts); %d more of reconciliations", perVerdict, b.Requests, l.verdicts, b.Surveys)
	t.news(l, "without faults")
	t.routes(b, l, "without faults")
}

// news says how many verdicts were the first of a head, which is what costs: one
// that is given again needs a query, and nothing else where the rest is known.
func (t *table) news(l logged, when string) {
	t.fact("verdicts "+when+" that were the first of a head", "%d of %d (%.0f %%)", len(l.heads), l.verdicts, 100*float64(len(l.heads))/float64(max(l.verdicts, 1)))
}

// routes notes what the requests were for, so that a figure that is missed says
// where to look.
func (t *table) routes(b books, l logged, when string) {
	for _, route := range slices.Sorted(maps.Keys(b.Routes)) {
		t.notes = append(t.notes, fmt.Sprintf("%d requests %s, %.2f for a verdict: %s", b.Routes[route], when, float64(b.Routes[route])/float64(max(l.verdicts, 1)), route))
	}
}

// mostRequests is how many more requests a verdict may take under faults.
const mostRequests = 1.5

func (t *table) storm(v verdicts, b books, l logged, kills int, calm float64) {
	c := b.Traffic
	t.fact("events", "%d: %d dropped, %d sent, of those %d doubled, %d late", c.Events, c.Dropped, c.Sent, c.Doubled, c.Shuffled)
	t.fact("deliveries answered; not answered; sent again when asked", "%d; %d; %d", c.Answered, c.Failed, c.Redelivered)
	t.fact("kills", "%d", kills)
	for _, name := range slices.Sorted(maps.Keys(b.Happened)) {
		t.fact("faults of GitHub: "+name, "%d", b.Happened[name])
	}
	t.fact("heads compared", "%d", v.Heads)
	t.promise(v.Without == 0 && v.Heads > 0, "heads without a final check run", "0", "%d", v.Without)
	t.promise(v.Wrong == 0, "heads with a wrong one", "0", "%d", v.Wrong)
	t.promise(v.Disagree == 0, "heads with two that disagree", "0", "%d", v.Disagree)
	t.promise(v.Unfinished == 0, "heads with an older run left unfinished", "0", "%d", v.Unfinished)
	t.notes = append(t.notes, v.Examples...)
	over := overlaps(l.spans)
	t.promise(len(over) == 0 && len(l.spans) > 0, "overlapping evaluations of one pull request", "0", "%d of %d", len(over), len(l.spans))
	t.notes = append(t.notes, over[:min(len(over), maxExamples)]...)
	per := float64(b.Requests) / float64(max(l.verdicts, 1))
	t.requests(per, calm, b, l)
	t.news(l, "under faults")
	for _, k := range slices.Sorted(maps.Keys(l.messages)) {
		t.notes = append(t.notes, fmt.Sprintf("logged %d times: %s", l.messages[k], k))
	}
	t.routes(b, l, "under faults")
}

// requests is a promise of the soak in full: of few verdicts, on a machine that is
// busy with something else, it says little.
func (t *table) requests(per, calm float64, b books, l logged) {
	const what = "requests per verdict under faults"
	found := fmt.Sprintf("%.2f (%d for %d verdicts); %d more of reconciliations", per, b.Requests, l.verdicts, b.Surveys)
	if math.IsInf(calm, 1) {
		t.fact(what, "%s", found)
		return
	}
	judge := t.promise
	if t.short {
		judge = t.figure
	}
	judge(per <= mostRequests*calm, what, "1.5 x", "%.2f x: %s", per/calm, found)
}

func (t *table) caughtUp(c *course, took time.Duration, b books) {
	t.figure(took < time.Minute, fmt.Sprintf("caught up after %d deliveries that nobody answered, over %d heads, %s latency", c.outage, c.pulls, c.latency), "under 60 s", "%.1f s", took.Seconds())
	t.fact("requests meanwhile; of reconciliations; refused by GitHub's limits", "%d; %d; %d", b.Requests, b.Surveys, b.Happened["limit"])
	for _, route := range slices.Sorted(maps.Keys(b.Routes)) {
		t.notes = append(t.notes, fmt.Sprintf("%d requests while catching up: %s", b.Routes[route], route))
	}
}

func (t *table) flooded(c *course, f flooded) {
	reach := 1000
	if c.name == "postgres" {
		reach = 2000
	}
	rate := float64(f.Answered) / c.flood.Seconds()
	t.figure(rate >= float64(reach), "deliveries answered per second, while they are evaluated", fmt.Sprint(reach), "%.0f (%d not answered, the slowest took %s)", rate, f.Refused, f.Slowest.Round(time.Millisecond))
}

// print closes the table.
func (t *table) print(w io.Writer) {
	t.promise(len(t.leaked) == 0, "secrets and tokens in the logs", "0", "%d", len(t.leaked))
	t.notes = append(t.notes, t.leaked...)
	fmt.Fprintf(w, "\n%s\n(load at the end %s)\n\n", t.title, load())
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "what\tfound\treach")
	for _, r := range t.rows {
		fmt.Fprintf(tab, "%s\t%s\t%s\n", r[0], r[1], r[2])
	}
	_ = tab.Flush() // to a terminal or a file
	for _, n := range t.notes {
		fmt.Fprintln(w, "  "+n)
	}
	fmt.Fprintf(w, "%d promises broken; %d figures not reached on this machine\n", t.broken, t.figures)
}
