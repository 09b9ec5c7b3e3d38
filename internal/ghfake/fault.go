package ghfake

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Fault is something that goes wrong, on a schedule that is the same in every
// run: the first Skip matching requests pass, the next Times are hit.
type Fault struct {
	// Route is a part of "METHOD /path" or of the documented route; "" means all.
	Route string
	Skip  int
	Times int // 0 means once, less than 0 always
	// Share is how many of the matching requests are hit, from 0 to 1, by a
	// series of chances that begins with Options.Seed; 0 means all.
	Share float64
	Name  string // under which it is counted, see [Server.Happened]

	Slow time.Duration // before anything else
	// One of these, or none.
	Status int    // answered instead, with Header and Body
	Reset  bool   // the connection is cut and nothing is carried out
	Lost   bool   // the request is carried out, and the connection is cut then
	Body   string // of Status
	Header http.Header

	answer func(http.ResponseWriter)
}

// Inject adds a fault. Of several that match, the one added first is used up
// first.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	s.faults = append(s.faults, &f)
}

// Calm ends all faults.
func (s *Server) Calm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Happened counts the faults that had a name, and under "limit" the requests
// that were refused because of a limit.
func (s *Server) Happened() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.happened)
}

// Fail lets the next n requests whose "METHOD path" contains a text be answered
// by a function.
func (s *Server) Fail(route string, n int, answer func(w http.ResponseWriter)) {
	if n > 0 {
		s.Inject(Fault{Route: route, Times: n, answer: answer})
	}
}

// faulty finds the fault that hits a request.
func (s *Server) faulty(r *http.Request, rt *route) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if !strings.Contains(r.Method+" "+r.URL.Path, f.Route) && !strings.Contains(rt.pattern, f.Route) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Share > 0 && s.chance.Float64() >= f.Share {
			continue
		}
		if f.Name != "" {
			s.happened[f.Name]++
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		return f
	}
	return nil
}

// replaces reports whether the fault stands in for the answer.
func (f *Fault) replaces() bool { return f.answer != nil || f.Status != 0 || f.Reset }

// written is the status for the log of requests. It is a guess where a function
// answers.
func (f *Fault) written() int {
	if f.Reset {
		return 0
	}
	return f.Status
}

func (f *Fault) write(w http.ResponseWriter) {
	switch {
	case f.Reset:
		panic(http.ErrAbortHandler) // closes the connection
	case f.answer != nil:
		f.answer(w)
	default:
		for k, v := range f.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte(f.Body)) // the client went away
	}
}
