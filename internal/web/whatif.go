package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/verdict"
)

// A Trial asks what a verdict would be, were something else.
type Trial struct {
	Policy    []byte   // in place of the repository's; nil for the one that judged
	Add       []string // labels
	Remove    []string // labels
	Approvals int      // by further people who may give them
}

// A Past is a pull request's newest verdict, and what another policy would have
// said; nil where Why says why that is not known.
type Past struct {
	Stored store.Verdict
	Is     *verdict.Verdict
	Why    string
}

// ErrNotKept says that a change is not at hand to be judged again.
var ErrNotKept = errors.New("the change was not kept")

// The bounds of judging again: how long it may take, how many at once, and what
// a form may hold.
const (
	tryTime    = 20 * time.Second
	tryAtOnce  = 3
	maxLabels  = 10
	maxLabel   = 100
	maxApprove = 9
)

// whatIfPage is the form with what came out.
type whatIfPage struct {
	Subject                     store.Subject
	SubjectLine, Title, Outcome string
	Observed                    bool

	Add, Remove, Policy string
	Approvals           int
	Other               bool // another policy is tried
	Long                int  // kilobytes of its text that there is no room for, 0 where it is shown

	Problem  string   // why nothing came out
	Errors   []string // of the policy
	Result   *whatIfResult
	Fragment bool
}

type whatIfResult struct {
	difference
	Outcome, Heading, Reason string
	Observed, Waiting, Same  bool
	Was                      string
	Drift                    bool // what is judged now differs from what was stored
	Missing                  []string
	Way                      []layerWay
}

func newWhatIf(stored store.Verdict, v *verdict.Verdict) *whatIfPage {
	return &whatIfPage{Subject: stored.Subject, SubjectLine: stored.SubjectLine, Title: report.AfterHeading(v), Outcome: stored.Outcome, Observed: stored.Observed}
}

// whatIf judges a pull request's change again as a form says. It is nobody's
// verdict: nothing is stored or published.
func (s *server) whatIf(w http.ResponseWriter, r *http.Request) {
	if s.Try == nil {
		s.notFound(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 4*policy.MaxSize)
	stored, ok := s.verdictOf(w, r)
	if !ok {
		return
	}
	v := new(verdict.Verdict)
	if err := json.Unmarshal(stored.Body, v); err != nil {
		s.broken(w, r, fmt.Errorf("read the stored verdict: %w", err))
		return
	}
	p := newWhatIf(stored, v)
	p.Fragment = r.Header.Get(fragmentHeader) != ""
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			s.tooLong(w, r)
			return
		}
		s.tryIt(r, stored, p)
	}
	name := "whatif.html"
	if p.Fragment {
		name = "whatif-result"
	}
	s.render(w, r, http.StatusOK, name, p)
}

// fragmentHeader asks for the part of a page that changed.
const fragmentHeader = "X-Fragment"

func (s *server) tooLong(w http.ResponseWriter, r *http.Request) {
	s.say(w, r, http.StatusRequestEntityTooLarge, "That is too long for a policy", "Policies are bounded, so that each can be judged quickly.")
}

// trial reads the form.
func (p *whatIfPage) trial(form url.Values) (t Trial) {
	p.Add, p.Remove, p.Other = form.Get("add"), form.Get("remove"), form.Get("other") != ""
	p.Policy = strings.ReplaceAll(form.Get("policy"), "\r\n", "\n")
	p.Approvals, _ = strconv.Atoi(form.Get("approvals")) // what is no number is none
	p.Approvals = min(max(p.Approvals, 0), maxApprove)
	t = Trial{Add: labels(&p.Add), Remove: labels(&p.Remove), Approvals: p.Approvals}
	if strings.TrimSpace(p.Policy) != "" {
		p.Other, t.Policy = true, []byte(p.Policy)
	}
	if left := room(textBytes); !left.take(0, p.Policy) {
		p.Long, p.Policy = len(p.Policy)>>10, ""
	}
	return t
}

// labels reads names between commas, and writes back what was understood.
func labels(text *string) (list []string) {
	for name := range strings.SplitSeq(*text, ",") {
		if name = strings.TrimSpace(name); name != "" && len(name) <= maxLabel && len(list) < maxLabels {
			list = append(list, name)
		}
	}
	*text = strings.Join(list, ", ")
	return list
}

func (s *server) tryIt(r *http.Request, stored store.Verdict, p *whatIfPage) {
	t := p.trial(r.PostForm)
	ctx, end, ok := s.begin(r.Context())
	if !ok {
		p.Problem = busy
		return
	}
	defer end()
	was, is, err := s.Try(ctx, stored, t)
	var problems policy.Problems
	switch {
	case errors.As(err, &problems):
		left := room(problemBytes)
		for _, one := range problems[:min(len(problems), maxProblems)] {
			if text := one.Error(); left.take(60, text) {
				p.Errors = append(p.Errors, text)
			}
		}
	case errors.Is(err, ErrNotKept):
		p.Problem = "This change is not at hand: it was judged by an older version of changeguard, or is too large to be kept. It is kept when it is judged the next time."
	case ctx.Err() != nil:
		p.Problem = "It took too long to judge."
	case err != nil:
		s.Logger.WarnContext(r.Context(), "a trial failed", logkey.Err, err)
		p.Problem = "It could not be judged; the server's log says why."
	default:
		p.result(stored, was, is, viewing(r).sees(stored.Subject.Owner, organisationRepo))
	}
}

const busy = "Too many are trying at once. Try again in a moment."

// begin takes a place among those who have something judged again, for a bounded
// time.
func (s *server) begin(ctx context.Context) (context.Context, func(), bool) {
	select {
	case s.trying <- struct{}{}:
	default:
		return ctx, nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	return ctx, func() { cancel(); <-s.trying }, true
}

func (p *whatIfPage) result(stored store.Verdict, was, is *verdict.Verdict, organisation bool) {
	p.Result = &whatIfResult{
		difference: differ(was, is), Outcome: string(is.Outcome), Observed: is.Observed, Waiting: is.Waiting, Heading: report.Heading(is), Reason: report.AfterHeading(is), Was: word(string(was.Outcome)),
		Same: was.Outcome == is.Outcome && was.Observed == is.Observed, Drift: was.ID != stored.Digest, Way: ways(is, organisation, nil),
	}
	for _, m := range is.Missing[:min(len(is.Missing), namedChanges)] {
		p.Result.Missing = append(p.Result.Missing, m.What)
	}
}
