package ghfake

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// Limits are GitHub's secondary limits, each off when 0, except GraphQLPoints.
type Limits struct {
	GraphQLPoints    int // of queries in an hour; 0 means 5000
	PointsPerMinute  int // of requests: 1 for reading, 5 for writing; GitHub's is 900
	QueriesPerMinute int // the same for queries; GitHub's is 2000
	CreatesPerMinute int // GitHub's is 80
	CreatesPerHour   int // GitHub's is 500
	Concurrent       int // requests at once; GitHub's is 100
	// QueryObjects is how much one query may return before the rest of it is
	// left out with an error. GitHub does not say its number.
	QueryObjects int
	// TooMany answers with 429 instead of 403, as GitHub also does.
	TooMany bool
}

// window is what was used of an hour's quota.
type window struct {
	used  int
	reset time.Time
}

// at begins a new hour when the last has ended.
func (w *window) at(now time.Time) *window {
	if !now.Before(w.reset) {
		w.used, w.reset = 0, now.Add(time.Hour)
	}
	return w
}

// secondary is what was used of the short limits.
type secondary struct {
	points, queries, creates window
	createsOfHour            window
}

// within counts against a limit of a span of time; an exceeded one says how
// long to wait.
func (w *window) within(now time.Time, span time.Duration, cost, limit int) time.Duration {
	if !now.Before(w.reset) {
		w.used, w.reset = 0, now.Add(span)
	}
	w.used += cost
	if limit == 0 || w.used <= limit {
		return 0
	}
	return w.reset.Sub(now)
}

// meter refuses what exceeds a limit. What is let in is charged when its cost
// is known.
func (s *Server) meter(c *call, rt *route) *refusal {
	now := s.options.Now()
	c.answer.cost = 1
	if rt.graph {
		c.answer.cost = 0 // queries know their own
	}
	if wait := s.secondaryWait(c, rt, now); wait > 0 {
		c.answer.cost = 0
		s.happened["limit"]++
		c.answer.header.Set("Retry-After", itoa(int64((wait+time.Second-1)/time.Second)))
		return refuse(s.tooMany(), "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
	}
	if w, quota := s.quota(c.install, rt); s.counted() && w.at(now).used >= quota && !rt.graph && !rt.free {
		c.answer.cost = 0
		s.happened["limit"]++
		return refuse(s.tooMany(), "API rate limit exceeded for installation ID %d.", c.install.id)
	}
	return nil
}

// tooMany is the status of what exceeds a limit: GitHub says both.
func (s *Server) tooMany() int {
	if s.options.Limits.TooMany {
		return http.StatusTooManyRequests
	}
	return http.StatusForbidden
}

func (s *Server) secondaryWait(c *call, rt *route, now time.Time) time.Duration {
	limits, m := s.options.Limits, &c.install.minute
	if limits.Concurrent > 0 && s.inFlight > limits.Concurrent {
		return time.Minute
	}
	cost := 1
	if c.r.Method != http.MethodGet && !rt.graph || rt.graph && strings.Contains(string(c.body), "mutation") {
		cost = 5
	}
	if rt.graph {
		return m.queries.within(now, time.Minute, cost, limits.QueriesPerMinute)
	}
	wait := m.points.within(now, time.Minute, cost, limits.PointsPerMinute)
	if rt.creates {
		wait = max(wait, m.creates.within(now, time.Minute, 1, limits.CreatesPerMinute), m.createsOfHour.within(now, time.Hour, 1, limits.CreatesPerHour))
	}
	return wait
}

// counted reports whether there is an hourly limit.
func (s *Server) counted() bool { return s.options.Quota >= 0 }

// quota is the hour's window and size for a kind of request.
func (s *Server) quota(i *installation, rt *route) (*window, int) {
	if rt.graph {
		return &i.graph, s.options.Limits.GraphQLPoints
	}
	return &i.core, s.options.Quota
}

// charge counts an answered request and adds the quota's headers.
func (s *Server) charge(c *call, rt *route) {
	w, quota := s.quota(c.install, rt)
	w.at(s.options.Now())
	if !rt.free {
		w.used += c.answer.cost
	}
	if !s.counted() {
		return
	}
	resource := "core"
	if rt.graph {
		resource = "graphql"
	}
	h := c.answer.header
	h.Set("X-Ratelimit-Limit", itoa(quota))
	h.Set("X-Ratelimit-Remaining", itoa(max(0, quota-w.used)))
	h.Set("X-Ratelimit-Used", itoa(w.used))
	h.Set("X-Ratelimit-Reset", itoa(w.reset.Unix()))
	h.Set("X-Ratelimit-Resource", resource)
}

// Exhaust uses up an installation's requests of the hour.
func (s *Server) Exhaust(installation int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.installations[installation]
	i.core.at(s.options.Now()).used = s.options.Quota
	i.graph.at(s.options.Now()).used = s.options.Limits.GraphQLPoints
}

// rateLimit answers GET /rate_limit, which costs nothing.
func (s *Server) rateLimit(c *call) (any, *refusal) {
	if !s.counted() {
		return nil, refuse(http.StatusNotFound, "Rate limiting is not enabled.")
	}
	show := func(w *window, quota int) obj {
		w.at(s.options.Now())
		return obj{"limit": quota, "remaining": max(0, quota-w.used), "used": w.used, "reset": w.reset.Unix()}
	}
	core := show(&c.install.core, s.options.Quota)
	graph := show(&c.install.graph, s.options.Limits.GraphQLPoints)
	return obj{"rate": core, "resources": obj{"core": core, "graphql": graph, "search": obj{"limit": 30, "remaining": 30, "used": 0, "reset": c.install.core.reset.Unix()}}}, nil
}

// await lets time pass, unless the client goes away.
func (s *Server) await(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
