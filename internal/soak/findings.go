package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// verdicts are what was found of the heads.
type verdicts struct {
	Heads, Without, Wrong, Disagree, Unfinished int
	Examples                                    []string
}

// broken reports whether a head is not as it should be.
func (v verdicts) broken() bool { return v.Without+v.Wrong+v.Disagree+v.Unfinished > 0 }

// compare lays the stand-in's check runs beside what an evaluation without it
// says.
func compare(ctx context.Context, heads []head, judge func(context.Context, head) (judged, error)) (v verdicts, err error) {
	type want struct {
		judged
		conclusion string
		heads      []head
	}
	wanted := make(map[string]*want) // by repository and commit
	var order []string
	for _, h := range heads {
		j, err := judge(ctx, h)
		if err != nil {
			return v, err
		}
		key := fmt.Sprint(h.Repo, " ", h.SHA)
		w := wanted[key]
		if w == nil {
			w = &want{judged: j, conclusion: conclusions[j.Outcome]}
			wanted[key] = w
			order = append(order, key)
		}
		if c := conclusions[j.Outcome]; slices.Index(severity, c) < slices.Index(severity, w.conclusion) {
			w.conclusion, w.judged = c, j
		}
		w.heads = append(w.heads, h)
	}
	for _, key := range order {
		w := wanted[key]
		v.Heads++
		problem := v.count(w.heads[0].Runs, w.conclusion, w.Title, len(w.heads) == 1)
		if problem != "" && len(v.Examples) < maxExamples {
			v.Examples = append(v.Examples, fmt.Sprintf("installation %d, #%d at %.12s: %s", w.heads[0].Repo+1, w.heads[0].Number, w.heads[0].SHA, problem))
		}
	}
	return v, nil
}

const maxExamples = 20

// count judges the runs of one head, and says what is wrong.
func (v *verdicts) count(runs []run, conclusion, title string, alone bool) (problem string) {
	final, latest := shown(runs)
	switch {
	case latest == nil || latest.Status != "completed":
		v.Without++
		if latest != nil {
			return "its last run is " + latest.Status
		}
		return "it has no run"
	case latest.Conclusion != conclusion || alone && latest.Title != title:
		v.Wrong++
		return fmt.Sprintf("%s %q where it is %s %q", latest.Conclusion, latest.Title, conclusion, title)
	case final.Conclusion != latest.Conclusion:
		v.Disagree++
		return fmt.Sprintf("the run shown says %s, the one concluded last %s", latest.Conclusion, final.Conclusion)
	}
	for _, r := range runs {
		if r.Status != "completed" {
			v.Unfinished++
			return "an older run is " + r.Status
		}
	}
	return ""
}

// shown are the run that was concluded last and the one that GitHub shows: the
// one that began last.
func shown(runs []run) (final, latest *run) {
	for i := range runs {
		r := &runs[i]
		if latest == nil || r.ID > latest.ID {
			latest = r
		}
		if r.Status == "completed" && (final == nil || !r.Completed.Before(final.Completed)) {
			final = r
		}
	}
	return final, latest
}

// line is what the soak reads of a line of a server's log.
type line struct {
	Time    time.Time `json:"time"`
	Msg     string    `json:"msg"`
	Subject string    `json:"subject"`
	Repo    string    `json:"repo"`
	Head    string    `json:"head"`
	Level   string    `json:"level"`
}

// span is one evaluation, by a server's log.
type span struct {
	subject    string
	begin, end time.Time
	replica    int
}

// logged is what a server's log tells.
type logged struct {
	spans    []span
	verdicts int
	heads    map[string]bool // that got one, with their repositories
	messages map[string]int  // those of warnings and errors
}

// readLog reads one replica's log. An evaluation that a kill ended has no line
// of its end.
func readLog(log io.Reader, replica int, deaths []death) (l logged, err error) {
	l.messages, l.heads = make(map[string]int), make(map[string]bool)
	running := make(map[string]time.Time)
	// ended is when an evaluation ended that has no line of it: with the kill that
	// came next, before a time by which it had.
	ended := func(begin, until time.Time) time.Time {
		for _, d := range deaths {
			if !d.to.Before(begin) && d.from.Before(until) {
				return later(begin, d.from) // it may have begun while the signal was on its way
			}
		}
		return until
	}
	died := func(subject string, until time.Time) {
		if begin, ok := running[subject]; ok {
			l.spans = append(l.spans, span{subject, begin, ended(begin, until), replica})
			delete(running, subject)
		}
	}
	lines := bufio.NewReader(log)
	for {
		raw, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			for subject := range running {
				died(subject, time.Now())
			}
			return l, nil
		}
		if err != nil {
			return l, err
		}
		var x line
		if json.Unmarshal(raw, &x) != nil {
			continue // cut off by a kill
		}
		switch x.Msg {
		case "evaluation begins":
			died(x.Subject, x.Time.Add(1)) // without a kill between the two they overlap
			running[x.Subject] = x.Time
		case "evaluation ends":
			if begin, ok := running[x.Subject]; ok {
				l.spans = append(l.spans, span{x.Subject, begin, x.Time, replica})
				delete(running, x.Subject)
			}
		case "verdict":
			l.verdicts++
			l.heads[x.Repo+" "+x.Head] = true
		}
		if x.Level == "WARN" || x.Level == "ERROR" {
			l.messages[x.Level+" "+x.Msg]++
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// overlaps finds the evaluations of one subject that ran at once.
func overlaps(spans []span) (found []string) {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b span) int {
		if c := strings.Compare(a.subject, b.subject); c != 0 {
			return c
		}
		return a.begin.Compare(b.begin)
	})
	for i := 1; i < len(spans); i++ {
		if a, b := spans[i-1], spans[i]; a.subject == b.subject && b.begin.Before(a.end) {
			found = append(found, fmt.Sprintf("%s: replica %d until %s, replica %d from %s", a.subject, a.replica, a.end.Format(clock), b.replica, b.begin.Format(clock)))
		}
	}
	return found
}

const clock = "15:04:05.000000"

// tokenForms are the two of an installation's token, and a signed token of the
// App's own.
var tokenForms = regexp.MustCompile(`ghs_[A-Za-z0-9]{20,}|ghs_[0-9]+_[A-Za-z0-9_.-]{20,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+`)

// leaks finds secrets in a log.
func leaks(log []byte, secrets []string) (found []string) {
	for _, secret := range secrets {
		if secret != "" && bytes.Contains(log, []byte(secret)) {
			found = append(found, fmt.Sprintf("a secret of %d bytes", len(secret)))
		}
	}
	for _, token := range tokenForms.FindAll(log, maxExamples) {
		found = append(found, fmt.Sprintf("a token %.8s…", token))
	}
	return found
}

// secretsOf are the secrets of a set-up, the key by its lines, as a log would
// have it.
func secretsOf(s setup, database string) []string {
	list := []string{s.Secret}
	for l := range strings.Lines(s.Key) {
		if l = strings.TrimSpace(l); len(l) > 20 && !strings.HasPrefix(l, "-----") {
			list = append(list, l)
		}
	}
	if strings.HasPrefix(database, "postgres:") {
		list = append(list, database)
	}
	return list
}

func readFile(name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
