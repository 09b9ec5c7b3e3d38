package web

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
)

type auditPage struct {
	Search    string
	Cut       int  // how many characters of it are searched for, 0 for all
	Overrides bool // what went in by an override, and nothing else
	Entries   []auditEntry
	Older     int64
	Partly    bool // it was not looked through to its end
}

// auditEntry is an entry with what a reader wants of it at a glance.
type auditEntry struct {
	store.Entry
	Said   *badge // what a verdict said, nil for other entries
	Page   string // of the pull request, "" for none
	Lifted []overridden
	More   int // that are not shown
}

// overridden is a finding that an override lifted.
type overridden struct {
	Rule   string   `json:"rule"`
	Path   string   `json:"path"`
	By     []string `json:"by"`
	Reason string   `json:"reason"`
}

// shownLifts and shownReason bound what a row shows; the export has all of it.
const (
	shownLifts    = 5
	shownReason   = 200
	longestSearch = 200
)

var pullName = regexp.MustCompile(`^([A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100})#([1-9][0-9]{0,17})$`)

func newAuditEntry(e store.Entry) auditEntry {
	a := auditEntry{Entry: e}
	if m := pullName.FindStringSubmatch(e.Subject); m != nil {
		a.Page = "/" + m[1] + "/pull/" + m[2]
	}
	var body struct {
		Outcome   string       `json:"outcome"`
		Observed  bool         `json:"observed"`
		Waiting   bool         `json:"waiting"`
		Overrides []overridden `json:"overrides"`
		More      int          `json:"more"`
	}
	if json.Unmarshal(e.Body, &body) != nil {
		return a // of another version; its row stands without
	}
	switch {
	case e.Kind == store.AuditVerdict && body.Outcome != "":
		a.Said = &badge{Outcome: body.Outcome, Observed: body.Observed, Waiting: body.Waiting}
	case e.Kind == store.AuditMerge:
		a.lifted(body.Overrides, body.More)
	}
	return a
}

// lifted shows the first of what was lifted.
func (a *auditEntry) lifted(all []overridden, more int) {
	a.Lifted = all[:min(len(all), shownLifts)]
	a.More = more + len(all) - len(a.Lifted)
	for i := range a.Lifted {
		l := &a.Lifted[i]
		l.Reason, l.Path, l.Rule = cutShort(l.Reason), cutShort(l.Path), cutShort(l.Rule)
		l.By = l.By[:min(len(l.By), shownLifts)]
	}
}

func cutShort(s string) string {
	if len(s) <= shownReason {
		return s
	}
	return strings.ToValidUTF8(s[:shownReason], "") + "…"
}

// kindOf is the kind of entries that a request asks for.
func kindOf(q url.Values) string {
	if q.Get("overrides") != "" {
		return store.AuditMerge
	}
	return ""
}

// searched is what is searched for, and how many characters that are where it is
// not all that was asked for.
func searched(asked string) (search string, cut int) {
	if len(asked) <= longestSearch {
		return asked, 0
	}
	search = strings.ToValidUTF8(asked[:longestSearch], "")
	return search, utf8.RuneCountInString(search)
}

// audit shows what was decided, the newest first.
func (s *server) audit(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	before, err := strconv.ParseInt(q.Get("before"), 10, 64)
	if err != nil || before < 1 {
		before = math.MaxInt64
	}
	p := auditPage{Overrides: kindOf(q) != ""}
	p.Search, p.Cut = searched(q.Get("q"))
	list, older, err := s.found(r, kindOf(q), p.Search, before)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	p.Older, p.Partly = older, older > 0 && len(list) < listed
	for _, e := range list {
		p.Entries = append(p.Entries, newAuditEntry(e))
	}
	s.render(w, r, http.StatusOK, "audit.html", p)
}

// lookFor is how long the log is looked through for one page, and lookPart how many
// entries at a time.
const (
	lookFor  = 400 * time.Millisecond
	lookPart = 5000
)

// found is what fits on a page, and what is older than, 0 for nothing. What is rare
// may be anywhere in a log that only grows: it is looked through a part at a time,
// and no longer than somebody waits for a page.
func (s *server) found(r *http.Request, kind, search string, before int64) (list []store.Entry, older int64, err error) {
	newest, err := s.Store.NewestEntry(r.Context())
	if err != nil {
		return nil, 0, err
	}
	before = min(before, newest+1)
	for until := s.Now().Add(lookFor); ; {
		after := max(0, before-1-lookPart)
		part, err := s.Store.AuditFind(r.Context(), viewing(r).only(), kind, search, after, before, listed+1-len(list))
		if err != nil {
			return nil, 0, err
		}
		list = append(list, part...)
		switch {
		case len(list) > listed:
			return list[:listed], list[listed-1].ID, nil
		case after == 0:
			return list, 0, nil
		case !s.Now().Before(until):
			return list, after + 1, nil
		}
		before = after + 1
	}
}

// auditExport writes what somebody may read as JSON, an entry a line, the newest
// first: all of it, or what went in by an override.
func (s *server) auditExport(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson; charset=utf-8")
	kind, name := kindOf(r.URL.Query()), "changeguard-audit.jsonl"
	if kind != "" {
		name = "changeguard-overrides.jsonl"
	}
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	out := json.NewEncoder(w)
	for before := int64(math.MaxInt64); ; {
		list, err := s.Store.AuditFind(r.Context(), viewing(r).only(), kind, "", 0, before, 500)
		if err != nil {
			s.Logger.ErrorContext(r.Context(), "the audit log was not exported whole", logkey.Err, err)
			panic(http.ErrAbortHandler) // so that nobody takes a part for the whole
		}
		for _, e := range list {
			if out.Encode(e) != nil {
				return // the client went away
			}
			before = e.ID
		}
		if len(list) < 500 {
			return
		}
	}
}
