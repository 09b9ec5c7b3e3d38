package web

import (
	"encoding/json"
	"math"
	"net/http"
	"regexp"
	"strconv"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
)

type auditPage struct {
	Search  string
	Entries []auditEntry
	Older   int64
}

// auditEntry is an entry with what a reader wants of it at a glance.
type auditEntry struct {
	store.Entry
	Said *badge // what a verdict said, nil for other entries
	Page string // of the pull request, "" for none
}

var pullName = regexp.MustCompile(`^([A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100})#([1-9][0-9]{0,17})$`)

func newAuditEntry(e store.Entry) auditEntry {
	a := auditEntry{Entry: e}
	if m := pullName.FindStringSubmatch(e.Subject); m != nil {
		a.Page = "/" + m[1] + "/pull/" + m[2]
	}
	var said struct {
		Outcome  string `json:"outcome"`
		Observed bool   `json:"observed"`
	}
	if e.Kind == store.AuditVerdict && json.Unmarshal(e.Body, &said) == nil && said.Outcome != "" {
		a.Said = &badge{said.Outcome, said.Observed}
	}
	return a
}

// audit shows what was decided, the newest first.
func (s *server) audit(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	before, err := strconv.ParseInt(q.Get("before"), 10, 64)
	if err != nil || before < 1 {
		before = math.MaxInt64
	}
	p := auditPage{Search: q.Get("q")}
	if len(p.Search) > 200 {
		p.Search = ""
	}
	list, err := s.Store.AuditFind(r.Context(), viewing(r).only(), p.Search, before, listed+1)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	if len(list) > listed {
		list = list[:listed]
		p.Older = list[listed-1].ID
	}
	for _, e := range list {
		p.Entries = append(p.Entries, newAuditEntry(e))
	}
	s.render(w, r, http.StatusOK, "audit.html", p)
}

// auditExport writes what somebody may read as JSON, an entry a line, the newest
// first.
func (s *server) auditExport(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="changeguard-audit.jsonl"`)
	out := json.NewEncoder(w)
	for before := int64(math.MaxInt64); ; {
		list, err := s.Store.AuditFind(r.Context(), viewing(r).only(), "", before, 500)
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
