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
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/pathset"
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
	ID       string  `json:"id"`
	Engine   string  `json:"engine"`
	Outcome  Outcome `json:"outcome"`
	Observed bool    `json:"observed"`
	// Waiting says that the outcome rests on evidence alone that may come yet.
	Waiting   bool      `json:"waiting,omitempty"`
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
	// Ask is what enforcing rules would have done to the pull request. It is no
	// part of the JSON, and nothing in the verdict depends on it.
	Ask rules.Ask `json:"-"`
	// Way is how the change fared with each part of the policy. It is no part of
	// the JSON; [Verdict.Aside] keeps it.
	Way []Step `json:"-"`
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
	Awaited      bool           `json:"awaited,omitempty"` // what is missed may come yet
	LiftedBy     *Lift          `json:"lifted_by"`

	// Files are Path, PreviousPath and what else the finding depends on.
	Files []string `json:"-"`
	// Enforced is false for a finding of a layer that only observes.
	Enforced bool `json:"-"`
	// LiftableBy says in words who can lift the finding; it is not known of a
	// verdict that was read from its JSON.
	LiftableBy string `json:"-"`
	// Approvals, when set, are the only ones that lift the finding, at any level.
	Approvals *rules.Approvals `json:"-"`

	// Await is how long after it was first looked for an awaited one is waited for.
	Await time.Duration `json:"-"`

	layer string       // that found it, "" for what needs no policy
	class change.Class // of the file, of session findings
	gist  string       // how the title words it, when the path does not say enough
	final bool         // nobody can lift it
}

// Layer is the policy that found it, "" for what needs none.
func (f *Finding) Layer() string { return f.layer }

// Final reports whether nobody can lift the finding, or nobody needs to.
func (f *Finding) Final() bool {
	return f.final || f.Level != policy.Block && f.Level != policy.Approve
}

// counts reports whether the finding is one that the outcome rests on.
func (f *Finding) counts(observed bool) bool {
	return f.LiftedBy == nil && (observed || f.Enforced)
}

// canBeLifted reports whether a lift of this kind is one for the finding's
// level: an approval never lifts a block.
func (f *Finding) canBeLifted(l Lift) bool {
	switch {
	case f.final:
		return false
	case f.Level == policy.Block && f.Approvals == nil:
		return l.Kind == Override
	case f.Level == policy.Block:
		return l.Kind == Override || l.Kind == Approval
	case f.Level == policy.Approve:
		return l.Kind == Override || l.Kind == Approval
	default:
		return false // there is nothing to lift
	}
}

// Lift says why a finding does not count.
type Lift struct {
	Kind   LiftKind `json:"kind"`
	By     []string `json:"by"`
	Reason string   `json:"reason"`
	Until  string   `json:"until"` // RFC 3339; empty for an approval
}

// LiftKind is what lifts a finding.
type LiftKind string

// The kinds of lift.
const (
	Approval LiftKind = "approval"
	Override LiftKind = "override"
)

// Missing is one thing that could not be judged.
type Missing struct {
	What   string `json:"what"`
	Remedy string `json:"remedy"`
}

// JSON is the public form: indented, with a final newline, the same bytes for
// the same verdict. HTML characters are left alone; what nobody could see, or
// what would act on a terminal, is written as an escape.
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
	return escapeUnseen(b.Bytes()), nil
}

// escapeUnseen writes characters that nobody sees in JSON's own escapes. Outside
// strings there are none.
func escapeUnseen(data []byte) []byte {
	if !slices.ContainsFunc(data, func(b byte) bool { return b >= utf8.RuneSelf || b < ' ' && b != '\n' || b == 0x7f }) || !bytes.ContainsFunc(data, unseen) {
		return data // the first, which is fast, says that all is ASCII
	}
	var b bytes.Buffer
	for _, r := range string(data) {
		switch {
		case !unseen(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}

func unseen(r rune) bool { return r != '\n' && pathset.Unseen(r) }

// seal settles outcome and title and computes the id.
func (v *Verdict) seal(observing bool) error {
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
	v.Waiting = v.waits()
}

// waits reports whether nothing stops the change but what may come yet.
func (v *Verdict) waits() bool {
	if v.Observed || v.Outcome != Fail && v.Outcome != Approve {
		return false
	}
	return !slices.ContainsFunc(v.Findings, func(f Finding) bool {
		return f.counts(false) && outcomeOf(f.Level) == v.Outcome && !f.Awaited
	})
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

// unite says once what several layers found alike, such as what every layer
// guards by itself. What either enforces is enforced.
func unite(fs []Finding) []Finding {
	type sight struct { // all that a reader sees of a finding
		rule, kind, path, previous, message, evidence, remedy, by string
		level                                                     policy.Level
		line, end                                                 int
	}
	first := make(map[sight]int, len(fs))
	united := fs[:0:0]
	for _, f := range fs {
		seen := sight{f.Rule, f.Kind, f.Path, f.PreviousPath, f.Message, f.Evidence, f.Remedy, f.LiftableBy, f.Level, f.Line, f.EndLine}
		if at, ok := first[seen]; ok && united[at].layer != f.layer {
			united[at].Enforced = united[at].Enforced || f.Enforced
			continue
		} else if !ok {
			first[seen] = len(united)
		}
		united = append(united, f)
	}
	return united
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
	sortFindings(fs)
}

// findingID depends on the rule and on what was found, never on line numbers
// or order. It is long enough that nobody finds another file's finding with the
// same one. What the organisation finds is not what the repository's own rule of
// the same name finds: who may lift one has no say in the other.
func findingID(layer, rule, kind, path, key string) string {
	if layer != OrganisationLayer {
		layer = ""
	}
	h := sha256.New()
	for _, part := range []string{layer, rule, kind, path, key} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
