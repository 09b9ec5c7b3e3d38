package web

import (
	"math"
	"net/http"
	"strconv"

	"github.com/changeguard/changeguard/internal/store"
)

// listed is how many verdicts one page of the list shows.
const listed = 50

// list shows the newest verdict of each change, the newest first. ?before=ID
// continues it.
func (s *server) list(w http.ResponseWriter, r *http.Request) {
	before := int64(math.MaxInt64)
	if text := r.URL.Query().Get("before"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			s.notFound(w, r)
			return
		}
		before = n
	}
	verdicts, err := s.Store.NewestOf(r.Context(), viewing(r).only(), before, listed+1)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	waiting, _, err := s.Store.WaitingIn(r.Context(), viewing(r).only())
	if err != nil {
		s.broken(w, r, err)
		return
	}
	page := listPage{Verdicts: verdicts, Waiting: waiting, First: before == math.MaxInt64}
	if len(verdicts) > listed {
		page.Verdicts = verdicts[:listed]
		page.Older = verdicts[listed-1].ID
	}
	if page.First && len(verdicts) > 0 {
		if page.Overview, err = s.overview(r.Context(), viewing(r).only()); err != nil {
			s.broken(w, r, err)
			return
		}
	}
	s.render(w, r, http.StatusOK, "list.html", page)
}

type listPage struct {
	Overview *overview // nil on further pages, and while there is nothing
	Verdicts []store.Verdict
	Waiting  int
	First    bool  // it begins with the newest
	Older    int64 // the id that the next page comes before, or 0
}
