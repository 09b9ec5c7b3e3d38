package web

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
)

type auditPage struct {
	Search  string
	Entries []store.Entry
	Older   int64
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
	if p.Entries, err = s.Store.AuditFind(r.Context(), viewing(r).only(), p.Search, before, listed+1); err != nil {
		s.broken(w, r, err)
		return
	}
	if len(p.Entries) > listed {
		p.Entries = p.Entries[:listed]
		p.Older = p.Entries[listed-1].ID
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

// health shows whether anything waits, and for how long.
func (s *server) health(w http.ResponseWriter, r *http.Request) {
	waiting, err := s.Store.Waiting(r.Context())
	if err != nil {
		s.broken(w, r, err)
		return
	}
	since, waits, err := s.Store.WaitingSince(r.Context())
	if err != nil {
		s.broken(w, r, err)
		return
	}
	failing, first, err := s.Store.Failing(r.Context())
	if err != nil {
		s.broken(w, r, err)
		return
	}
	failingSince := ""
	if failing > 0 {
		failingSince = first.UTC().Format("2 Jan 2006 15:04 UTC")
	}
	age := ""
	if waits {
		age = s.Now().Sub(since).Round(1e9).String()
	}
	s.render(w, r, http.StatusOK, "health.html", map[string]any{"Waiting": waiting, "Age": age, "Failing": failing, "FailingSince": failingSince})
}
