package ghfake

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// A share of the requests is hit, the same ones in every run, and counted.
func TestFaultsHitAShare(t *testing.T) {
	t.Parallel()
	hits := func() (which []int, counted int) {
		s := New(Options{AppID: 1, Seed: 9})
		s.Inject(Fault{Name: "busy", Share: 0.25, Times: -1, Status: http.StatusBadGateway})
		for i := range 400 {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/app", nil))
			if w.Code == http.StatusBadGateway {
				which = append(which, i)
			}
		}
		return which, s.Happened()["busy"]
	}
	first, counted := hits()
	second, _ := hits()
	if len(first) != counted || counted < 60 || counted > 140 || len(second) != counted || first[0] != second[0] {
		t.Errorf("%d of 400 were hit, %d counted, then %d", len(first), counted, len(second))
	}
	s := New(Options{AppID: 1})
	s.Inject(Fault{Name: "busy", Times: -1, Status: http.StatusBadGateway})
	s.Calm()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/app", nil))
	if w.Code == http.StatusBadGateway || len(s.Happened()) != 0 {
		t.Errorf("after the calm it answers %d: %v", w.Code, s.Happened())
	}
}
