package web

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
)

type auditPage struct {
	Search    string
	Overrides bool // what went in by an override, and nothing else
	Entries   []auditEntry
	Older     int64
}

// auditEntry is an entry with what was lifted, where it is of a merge.
type auditEntry struct {
	store.Entry
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
	shownLifts  = 5
	shownReason = 200
)

func newAuditEntry(e store.Entry) auditEntry {
	a := auditEntry{Entry: e}
	if e.Kind != store.AuditMerge {
		return a
	}
	var body struct {
		Overrides []overridden `json:"overrides"`
		More      int          `json:"more"`
	}
	if json.Unmarshal(e.Body, &body) != nil {
		return a // of another version; its row stands without
	}
	a.Lifted = body.Overrides[:min(len(body.Overrides), shownLifts)]
	a.More = body.More + len(body.Overrides) - len(a.Lifted)
	for i := range a.Lifted {
		l := &a.Lifted[i]
		l.Reason, l.Path, l.Rule = cutShort(l.Reason), cutShort(l.Path), cutShort(l.Rule)
		l.By = l.By[:min(len(l.By), shownLifts)]
	}
	return a
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

// audit shows what was decided, the newest first.
func (s *server) audit(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	before, err := strconv.ParseInt(q.Get("before"), 10, 64)
	if err != nil || before < 1 {
		before = math.MaxInt64
	}
	p := auditPage{Search: q.Get("q"), Overrides: kindOf(q) != ""}
	if len(p.Search) > 200 {
		p.Search = ""
	}
	list, err := s.Store.AuditFind(r.Context(), viewing(r).only(), kindOf(q), p.Search, before, listed+1)
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
		list, err := s.Store.AuditFind(r.Context(), viewing(r).only(), kind, "", before, 500)
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
