package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/verdict"
)

type playgroundPage struct {
	Repo             string // "owner/repo" whose past is judged, or ""
	Repos            []string
	Text             string
	Long             int // kilobytes of a text that there is no room for, 0 where it is shown
	Tried            bool
	Errors, Warnings []string
	Effective        []policy.Line
	More             int // lines that are not shown
	Blast            *blast
	Problem          string
	Judges           bool // the past can be judged

	Unnamed int // problems that there is no room for

	room room // what is left of the page
}

// The bounds of what the playground shows: a page has 100 KB with its styles and
// its script, whatever is pasted into it.
const (
	maxProblems     = 100
	playgroundBytes = 72 << 10
	textBytes       = 32 << 10
	offeredBytes    = 8 << 10
	blastBytes      = 20 << 10
	problemBytes    = 20 << 10
	effectiveBytes  = 40 << 10
	blastOver       = 50
	offeredRepos    = 200
)

// playground holds a policy against what policies may say, and shows what it
// comes to. Nothing of it is kept. /policy?repo=OWNER/REPO begins with a
// repository's.
func (s *server) playground(w http.ResponseWriter, r *http.Request) {
	p := playgroundPage{Text: string(policy.DefaultYAML()), Judges: s.Blast != nil, room: playgroundBytes}
	owner, repo, ok := strings.Cut(r.URL.Query().Get("repo"), "/")
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, 4*policy.MaxSize)
		if err := r.ParseForm(); err != nil {
			s.tooLong(w, r)
			return
		}
		p.Text, p.Tried = strings.ReplaceAll(r.PostForm.Get("policy"), "\r\n", "\n"), true
		owner, repo, ok = strings.Cut(r.PostForm.Get("repo"), "/")
	}
	if ok {
		if known, text, err := s.policyOf(r, owner, repo); errors.Is(err, store.ErrNotFound) {
			s.fail(w, r, err)
			return
		} else if err != nil {
			s.broken(w, r, err)
			return
		} else if p.Repo = known.Name; !p.Tried && text != nil {
			p.Text = string(text)
		}
	}
	whole := p.Text
	p.hold()
	if p.Tried {
		p.try(whole)
	}
	if r.PostForm.Get("blast") != "" && r.Header.Get(fragmentHeader) == "" {
		s.blast(r, &p, whole)
	}
	p.show()
	if r.Header.Get(fragmentHeader) != "" {
		s.render(w, r, http.StatusOK, "policy-result", p)
		return
	}
	if p.Judges {
		list, err := s.Store.Repositories(r.Context(), viewing(r).only(), offeredRepos)
		if err != nil {
			s.broken(w, r, err)
			return
		}
		left := room(offeredBytes)
		for _, one := range list {
			if !left.take(30, one.Name) {
				break
			}
			p.Repos = append(p.Repos, one.Name)
		}
	}
	s.render(w, r, http.StatusOK, "policy.html", p)
}

// policyOf is a repository with the text of its own policy, nil where it has
// none. Whoever may not read it is told that it is not there.
func (s *server) policyOf(r *http.Request, owner, repo string) (known store.Repository, text []byte, err error) {
	if !viewing(r).sees(owner, repo) {
		return known, nil, store.ErrNotFound
	}
	if known, err = s.Store.Repository(r.Context(), owner, repo); err != nil {
		return known, nil, err
	}
	for _, l := range known.Layers {
		if l.Name == verdict.RepositoryLayer {
			text, err = s.Store.PolicyText(r.Context(), l.Digest)
		}
	}
	return known, text, err
}

// hold makes room for the text, or leaves it out.
func (p *playgroundPage) hold() {
	if left := room(textBytes); !left.take(0, p.Text) {
		p.Long, p.Text = len(p.Text)>>10, ""
	}
	p.room.take(0, p.Text)
}

// try loads a text. What is shown of it is as long as it likes until [show].
func (p *playgroundPage) try(text string) {
	loaded, problems := policy.Load([]byte(text), policy.Source{Name: policy.Path}, catalogue.Kinds())
	if problems != nil {
		p.Errors = p.named(problems)
		return
	}
	p.Warnings = p.named(policy.Lint(loaded, nil))
	lines, err := policy.Explain([]policy.Text{{Layer: verdict.RepositoryLayer, Source: policy.Source{Name: policy.Path}, Data: []byte(text)}}, catalogue.Kinds())
	if err != nil {
		p.Errors = append(p.Errors, err.Error())
		return
	}
	p.Effective = lines
}

// named are as many problems as there is room for.
func (p *playgroundPage) named(all policy.Problems) (list []string) {
	for i, one := range all {
		if text := one.Error(); i < maxProblems && p.room.take(60, text) {
			list = append(list, text)
			continue
		}
		p.Unnamed = len(all) - i
		break
	}
	return list
}

// show leaves out what there is no room for beside what matters more.
func (p *playgroundPage) show() {
	if p.Blast != nil {
		p.room -= room(blastBytes) - p.Blast.fit(blastBytes)
	}
	p.Effective, p.More = fitting(p.Effective, min(p.room, effectiveBytes))
}

// fitting are the lines that there is room for.
func fitting(lines []policy.Line, left room) ([]policy.Line, int) {
	for i, l := range lines {
		if !left.take(130, l.Key, l.Value, l.From, l.File, l.ReplacedBy) {
			return lines[:i], len(lines) - i
		}
	}
	return lines, 0
}

// blast is what a policy would have said of a repository's last pull requests.
type blast struct {
	Over, Known, Stops, Frees, Otherwise int
	Changed                              []blastOne
	MoreChanged                          int
	Unknown                              []blastWhy
	MoreUnknown                          int
}

// fit leaves out what there is no room for, and returns what is left of it.
func (b *blast) fit(left room) room {
	for i, one := range b.Changed {
		if !left.take(420, one.Subject.Owner, one.Subject.Repo, brief(one.Line), brief(one.Why)) {
			b.Changed, b.MoreChanged = b.Changed[:i], len(b.Changed)-i
			break
		}
	}
	for i, one := range b.Unknown {
		if !left.take(20+12*len(one.Numbers), brief(one.Why)) {
			b.Unknown, b.MoreUnknown = b.Unknown[:i], len(b.Unknown)-i
			break
		}
	}
	return max(left, 0)
}

type blastOne struct {
	Subject  store.Subject
	Line     string
	Was, Is  badge
	Why      string
	Findings int
}

// badge is an outcome as pages show it.
type badge struct {
	Outcome  string
	Observed bool
	Waiting  bool // for evidence that may come yet
}

type blastWhy struct {
	Why     string
	Numbers []int
}

func (s *server) blast(r *http.Request, p *playgroundPage, text string) {
	owner, repo, ok := strings.Cut(p.Repo, "/")
	switch {
	case s.Blast == nil || len(p.Errors) > 0:
		return
	case !ok:
		p.Problem = "Name the repository whose past is to be judged."
		return
	}
	ctx, end, ok := s.begin(r.Context())
	if !ok {
		p.Problem = busy
		return
	}
	defer end()
	list, err := s.Blast(ctx, owner, repo, []byte(text), blastOver)
	if err != nil {
		if !errors.Is(err, context.DeadlineExceeded) {
			s.Logger.WarnContext(r.Context(), "the past could not be judged", logkey.Err, err)
		}
		p.Problem = "The past could not be judged; the server's log says why."
		return
	}
	p.Blast = newBlast(list)
}

func newBlast(list []Past) *blast {
	b := &blast{Over: len(list)}
	for _, past := range list {
		if past.Is == nil {
			b.unknown(past)
			continue
		}
		b.Known++
		was, is := badge{past.Stored.Outcome, past.Stored.Observed, past.Stored.Waiting}, badge{string(past.Is.Outcome), past.Is.Observed, past.Is.Waiting}
		switch {
		case was.Outcome == is.Outcome && was.Observed == is.Observed:
			continue
		case is.stops() && !was.stops():
			b.Stops++
		case was.stops() && !is.stops():
			b.Frees++
		default:
			b.Otherwise++
		}
		b.Changed = append(b.Changed, blastOne{past.Stored.Subject, past.Stored.SubjectLine, was, is, report.AfterHeading(past.Is), len(past.Is.Findings)})
	}
	return b
}

// stops reports whether a change cannot be merged with this outcome.
func (b badge) stops() bool {
	return b.Outcome != string(verdict.Pass) && (!b.Observed || b.Outcome == string(verdict.Incomplete))
}

func (b *blast) unknown(p Past) {
	for i := range b.Unknown {
		if b.Unknown[i].Why == p.Why {
			b.Unknown[i].Numbers = append(b.Unknown[i].Numbers, p.Stored.Subject.Number)
			return
		}
	}
	b.Unknown = append(b.Unknown, blastWhy{p.Why, []int{p.Stored.Subject.Number}})
}

// repositoryPage is a repository with the policy that judges it.
type repositoryPage struct {
	Owner, Repo string
	store.Repository
	Lines   []policy.Line
	More    int
	Broken  []string // why it does not load
	Hidden  bool     // the organisation's policy is not shown
	Missing bool     // a text is not at hand
	BuiltIn bool
	Own     bool
	Guarded guarded
}

// policyPage shows the policy that judges a repository, and where each line of it
// comes from.
func (s *server) policyPage(w http.ResponseWriter, r *http.Request) {
	owner, repo := chi.URLParam(r, "owner"), chi.URLParam(r, "repo")
	known, own, err := s.policyOf(r, owner, repo)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := repositoryPage{Repository: known, Own: own != nil, Guarded: readGuarded(known)}
	p.Owner, p.Repo, _ = strings.Cut(known.Name, "/")
	var texts []policy.Text
	for _, l := range known.Layers {
		if l.Name == verdict.OrganisationLayer && !viewing(r).sees(owner, organisationRepo) {
			p.Hidden = true
			continue
		}
		text, err := s.Store.PolicyText(r.Context(), l.Digest)
		if errors.Is(err, store.ErrNotFound) {
			p.Missing = true
			continue
		}
		if err != nil {
			s.broken(w, r, err)
			return
		}
		name := policy.Path
		if l.Name == verdict.OrganisationLayer {
			name = owner + "/.github/" + policy.Path
		}
		texts = append(texts, policy.Text{Layer: l.Name, Source: policy.Source{Name: name}, Data: text})
	}
	p.Missing = p.Missing || known.Layers == nil
	if p.BuiltIn = known.Layers != nil && len(known.Layers) == 0; p.BuiltIn {
		texts = append(texts, policy.Text{Layer: verdict.DefaultLayer, Source: policy.Source{Name: "the built-in default"}, Data: bytes.Clone(policy.DefaultYAML())})
	}
	lines, err := policy.Explain(texts, catalogue.Kinds())
	var problems policy.Problems
	if errors.As(err, &problems) {
		for _, one := range problems[:min(len(problems), maxProblems)] {
			p.Broken = append(p.Broken, one.Error())
		}
	} else if err != nil {
		s.broken(w, r, err)
		return
	}
	p.Lines, p.More = fitting(lines, effectiveBytes)
	s.render(w, r, http.StatusOK, "repository.html", p)
}
