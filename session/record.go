package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/changeguard/changeguard/change"
)

// A Record is what sticks to a pull request, to its head branch and to its
// commits: modes that were declared once and that no later edit takes back, and
// what people with the right to lifted.
type Record struct {
	Declarations []Declaration `json:"declarations,omitempty"`
	Lifts        []Lift        `json:"lifts,omitempty"`
}

// A Declaration is a mode that was declared.
type Declaration struct {
	Mode    string   `json:"mode"`
	Signal  string   `json:"signal"`
	Value   string   `json:"value"`
	Where   string   `json:"where"`
	Commits []string `json:"commits,omitempty"` // empty: the whole change
}

// A Lift takes a mode back.
type Lift struct {
	Mode   string `json:"mode"`
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// Lifted reports whether the mode was taken back.
func (r Record) Lifted(mode string) bool {
	return slices.ContainsFunc(r.Lifts, func(l Lift) bool { return l.Mode == mode })
}

// Remember adds what a session declares. Nothing is ever taken out.
func (r *Record) Remember(s Session, c *change.Change) {
	for _, m := range s.Modes {
		r.add(m.Name, m.Commits, c)
	}
}

// RememberCommit adds what a session declares for one commit, so that the
// commit is bound in another pull request as well.
func (r *Record) RememberCommit(s Session, id string, c *change.Change) {
	for _, m := range s.Modes {
		if m.Whole() || slices.Contains(m.Commits, id) {
			r.add(m.Name, []string{id}, c)
		}
	}
}

func (r *Record) add(mode string, commits []string, c *change.Change) {
	if mode != UndeclaredAgent { // that is concluded, not declared
		d := Declaration{Mode: mode, Signal: "declared", Value: mode, Where: "head " + c.Head[:min(len(c.Head), 12)], Commits: commits}
		known := slices.ContainsFunc(r.Declarations, func(old Declaration) bool {
			return old.Mode == d.Mode && (len(old.Commits) == 0 || len(d.Commits) > 0 && containsAll(old.Commits, d.Commits))
		})
		if !known {
			r.Declarations = append(r.Declarations, d)
		}
	}
}

func containsAll(set, items []string) bool {
	return !slices.ContainsFunc(items, func(i string) bool { return !slices.Contains(set, i) })
}

// Merge adds another record.
func (r *Record) Merge(other Record) {
	for _, d := range other.Declarations {
		if !slices.ContainsFunc(r.Declarations, func(old Declaration) bool { return equal(old, d) }) {
			r.Declarations = append(r.Declarations, d)
		}
	}
	for _, l := range other.Lifts {
		if !slices.Contains(r.Lifts, l) {
			r.Lifts = append(r.Lifts, l)
		}
	}
}

func equal(a, b Declaration) bool {
	return a.Mode == b.Mode && a.Signal == b.Signal && a.Value == b.Value && a.Where == b.Where && slices.Equal(a.Commits, b.Commits)
}

// maxRecord bounds a record file.
const maxRecord = 4 << 20

// ParseRecord reads a record as JSON, strictly.
func ParseRecord(data []byte) (Record, error) {
	if len(data) > maxRecord {
		return Record{}, fmt.Errorf("the session record has %d bytes, the limit is %d", len(data), maxRecord)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var r Record
	if err := dec.Decode(&r); err != nil {
		return Record{}, fmt.Errorf("read the session record at byte %d: %w", dec.InputOffset(), err)
	}
	if dec.More() {
		return Record{}, fmt.Errorf("read the session record: text follows at byte %d", dec.InputOffset())
	}
	return r, nil
}
