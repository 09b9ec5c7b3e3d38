package app

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/web"
)

// vitals are what the page about the server's health shows and no database has:
// what GitHub said last of each budget, and what it did not take.
type vitals struct {
	mu       sync.Mutex
	since    time.Time
	budgets  map[budgetOf]web.Budget
	failures map[string]int
}

type budgetOf struct {
	installation int64
	resource     string
}

// maxBudgets bounds how many are remembered.
const maxBudgets = 1000

// observe notes a request to GitHub, for the metrics and the page.
func (s *Server) observe(installation int64, r *http.Request, answer *http.Response, took time.Duration) {
	s.metrics.Request(installation, r, answer, took)
	if answer != nil {
		s.vitals.budget(installation, answer.Header)
	}
}

// unpublished notes what GitHub did not take.
func (s *Server) unpublished(what string) {
	s.metrics.PublishFailure(what)
	s.vitals.mu.Lock()
	defer s.vitals.mu.Unlock()
	if s.vitals.failures == nil {
		s.vitals.failures = make(map[string]int)
	}
	s.vitals.failures[what]++
}

func (v *vitals) budget(installation int64, h http.Header) {
	left, err := strconv.Atoi(h.Get("X-RateLimit-Remaining"))
	resource := h.Get("X-RateLimit-Resource")
	if err != nil || !slices.Contains([]string{"core", "graphql"}, resource) {
		return
	}
	b := web.Budget{Installation: installation, Resource: resource, Left: left}
	b.Limit, _ = strconv.Atoi(h.Get("X-RateLimit-Limit")) // 0 where GitHub does not say
	if at, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64); err == nil {
		b.Reset = time.Unix(at, 0)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.budgets == nil || len(v.budgets) >= maxBudgets {
		v.budgets = make(map[budgetOf]web.Budget)
	}
	v.budgets[budgetOf{installation, resource}] = b
}

// read lists the budgets, those with the least left first.
func (v *vitals) read() web.Facts {
	v.mu.Lock()
	defer v.mu.Unlock()
	f := web.Facts{Since: v.since}
	for _, b := range v.budgets {
		f.Budgets = append(f.Budgets, b)
	}
	slices.SortFunc(f.Budgets, func(a, b web.Budget) int {
		return cmp.Or(cmp.Compare(a.Left, b.Left), cmp.Compare(a.Installation, b.Installation), cmp.Compare(a.Resource, b.Resource))
	})
	for _, what := range slices.Sorted(maps.Keys(v.failures)) {
		f.Unpublished = append(f.Unpublished, store.Count{Name: what, Count: v.failures[what]})
	}
	return f
}
