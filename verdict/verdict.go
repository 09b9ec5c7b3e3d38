// Package verdict lays a policy on a change and says what comes out.
//
// # The model
//
// [Judge] takes a change, the layers of policy that apply to it and what was
// recorded before (sticking sessions, approvals and overrides in force), and
// returns a [Verdict]. It is a pure function: the same inputs give the same
// bytes, on a server and on a laptop, today and in a year.
//
// Each layer is judged alone, with its own classes, sessions, rules and mode;
// the findings unite and the worst counts. Findings carry the level that the
// policy gave them. The outcome is the worst level that is not lifted.
//
// # What may never happen
//
// Green means that every rule was evaluated on the whole change. A gap in the
// change, a file that could not be read, a condition over its limit or a rule
// that broke is written down as [Missing], and the outcome is then Incomplete,
// whatever else was found and whether or not the policy only observes.
package verdict

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/session"
)

// Outcome is the one-word answer.
type Outcome string

// The outcomes, see Worse.
const (
	Pass       Outcome = "pass"
	Approve    Outcome = "approve"
	Fail       Outcome = "fail"
	Incomplete Outcome = "incomplete"
)

// rank orders outcomes from good to bad.
func (o Outcome) rank() int {
	return slices.Index([]Outcome{Pass, Approve, Fail, Incomplete}, o)
}

// Worse reports whether o is worse than other.
func (o Outcome) Worse(other Outcome) bool { return o.rank() > other.rank() }

// A Verdict is the answer to one change. Its JSON form is public and stable;
// [Verdict.JSON] writes it.
type Verdict struct {
	ID        string    `json:"id"`
	Engine    string    `json:"engine"`
	Outcome   Outcome   `json:"outcome"`
	Observed  bool      `json:"observed"`
	Title     string    `json:"title"`
	Base      string    `json:"base"`
	MergeBase string    `json:"merge_base"`
	Head      string    `json:"head"`
	Policy    Policy    `json:"policy"`
	Session   Session   `json:"session"`
	Change    Size      `json:"change"`
	Risk      Risk      `json:"risk"`
	Findings  []Finding `json:"findings"`
	// Missing is what could not be judged; it is there only when the outcome is
	// Incomplete.
	Missing []Missing `json:"missing,omitempty"`

	// PolicyBroken is set when the base's policy does not load. It is not part
	// of the JSON: the findings say it there.
	PolicyBroken bool `json:"-"`
}

// Policy names what was laid on the change.
type Policy struct {
	Digest  string   `json:"digest"`
	Sources []string `json:"sources"`
}

// Session is who made the change and in which mode.
type Session struct {
	Mode     string             `json:"mode"`
	Modes    []string           `json:"modes"`
	Actor    session.Actor      `json:"actor"`
	Agent    string             `json:"agent"`
	IDs      []string           `json:"ids"`
	Evidence []session.Evidence `json:"evidence"`
}

// Size counts the change. Additions and deletions are null above
// change.MaxCountedFiles files unless a rule asked for them.
type Size struct {
	Files     int  `json:"files"`
	Commits   int  `json:"commits"`
	Additions *int `json:"additions"`
	Deletions *int `json:"deletions"`
}

// A Finding is one thing that a rule found, with the level that the policy
// gives it.
type Finding struct {
	ID           string         `json:"id"`
	Rule         string         `json:"rule"`
	Kind         string         `json:"kind"`
	Level        policy.Level   `json:"level"`
	Path         string         `json:"path"`
	PreviousPath string         `json:"previous_path"`
	Line         int            `json:"line"`
	EndLine      int            `json:"end_line"`
	Message      string         `json:"message"`
	Evidence     string         `json:"evidence"`
	Remedy       string         `json:"remedy"`
	Package      *rules.Package `json:"package,omitempty"`
	LiftedBy     *Lift          `json:"lifted_by"`

	// Class is the class of the file for session findings; for the title only.
	Class change.Class `json:"-"`
	// Files are Path, PreviousPath and what else the finding depends on.
	Files []string `json:"-"`
	// Enforced is false for a finding of a layer that only observes.
	Enforced bool `json:"-"`
	// LiftableBy says in words who can lift the finding.
	LiftableBy string `json:"-"`
}

// Lift says why a finding does not count.
type Lift struct {
	Kind   string   `json:"kind"` // approval or override
	By     []string `json:"by"`
	Reason string   `json:"reason"`
	Until  string   `json:"until"` // RFC 3339; empty for an approval
}

// Missing is one thing that could not be judged.
type Missing struct {
	What   string `json:"what"`
	Remedy string `json:"remedy"`
}

// JSON is the public form: indented, with a final newline, the same bytes for
// the same verdict. HTML characters are left alone.
func (v *Verdict) JSON() ([]byte, error) {
	return v.encode("  ")
}

func (v *Verdict) encode(indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("write the verdict as JSON: %w", err)
	}
	return b.Bytes(), nil
}

// seal sorts the findings, settles outcome and title and computes the id.
func (v *Verdict) seal(observing bool) error {
	sortFindings(v.Findings)
	numberTwins(v.Findings)
	v.settle(observing)
	v.Title = title(v)
	v.ID = ""
	data, err := v.encode("")
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	v.ID = hex.EncodeToString(sum[:16])
	return nil
}

// settle derives the outcome. Observing findings show what would have been,
// unless an enforced one already stops the change.
func (v *Verdict) settle(observing bool) {
	enforced, all := Pass, Pass
	enforcedAny := false
	for _, f := range v.Findings {
		if f.LiftedBy != nil {
			continue
		}
		o := outcomeOf(f.Level)
		if o.Worse(all) {
			all = o
		}
		if f.Enforced && o.Worse(enforced) {
			enforced, enforcedAny = o, true
		}
	}
	switch {
	case len(v.Missing) > 0:
		v.Outcome = Incomplete
	case enforcedAny:
		v.Outcome = enforced
	default:
		v.Outcome, v.Observed = all, observing || all != Pass
	}
}

func outcomeOf(l policy.Level) Outcome {
	switch l {
	case policy.Block:
		return Fail
	case policy.Approve:
		return Approve
	default:
		return Pass
	}
}

// sortFindings orders by level (worst first), path, line, rule and id.
func sortFindings(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(
			-cmp.Compare(outcomeOf(a.Level).rank(), outcomeOf(b.Level).rank()),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.ID, b.ID), cmp.Compare(a.EndLine, b.EndLine),
			cmp.Compare(a.Message, b.Message), cmp.Compare(a.Evidence, b.Evidence))
	})
}

// numberTwins gives findings that say the same thing of the same file an id of
// their own, in their order.
func numberTwins(fs []Finding) {
	seen := make(map[string]int, len(fs))
	for i := range fs {
		id := fs[i].ID
		if seen[id]++; seen[id] > 1 {
			fs[i].ID = fmt.Sprintf("%s-%d", id, seen[id])
		}
	}
}

// findingID depends on the rule and on what was found, never on line numbers
// or order.
func findingID(rule, kind, path, key string) string {
	h := sha256.New()
	for _, part := range []string{rule, kind, path, key} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}
