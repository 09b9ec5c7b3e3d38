package storetest

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/internal/store"
)

// model plays arbitrary deliveries and evaluations against the simplest thing
// that could keep the promise: a set of deliveries that an evaluation has seen.
func model(t *testing.T, f *fixture) {
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		m := &played{fixture: f, round: round, seen: map[string]bool{}}
		r.Repeat(map[string]func(*rapid.T){
			"receive": m.receive,
			"begin":   m.begin,
			"end":     m.end,
			"":        m.agree,
		})
	})
}

// played is one subject's history.
type played struct {
	*fixture
	round    int
	id       int64
	received []string        // not seen yet, in this program's view
	seen     map[string]bool // deliveries that a finished evaluation began after
	running  []string        // deliveries before the evaluation under way
	want     int64           // what it read, 0 for none under way
}

func (m *played) receive(r *rapid.T) {
	id := fmt.Sprintf("%d/%d", m.round, rapid.IntRange(1, 6).Draw(r, "delivery"))
	s, due := m.fixture.receive(id, pull(1000+m.round), start)
	if due == m.seen[id] {
		r.Fatalf("delivery %s: due %v, seen %v", id, due, m.seen[id])
	}
	if due {
		m.id = s.ID
		m.received = append(m.received, id)
	}
}

func (m *played) begin(r *rapid.T) {
	if m.id == 0 || m.want != 0 {
		r.Skip()
	}
	s, err := m.Subject(background, m.id)
	m.check(err)
	m.want, m.running, m.received = s.Want, append(m.running, m.received...), nil
}

func (m *played) end(r *rapid.T) {
	if m.want == 0 {
		r.Skip()
	}
	if moved := m.finish(m.id, m.want); moved != (len(m.received) > 0) {
		r.Fatalf("moved %v with %v received since", moved, m.received)
	}
	for _, id := range m.running {
		m.seen[id] = true
	}
	for _, id := range m.received {
		delete(m.seen, id) // came again since, and counts from then
	}
	m.want, m.running = 0, nil
}

// agree says that a subject waits exactly while a delivery was not seen.
func (m *played) agree(r *rapid.T) {
	if m.id == 0 {
		return
	}
	s, err := m.Subject(background, m.id)
	m.check(err)
	if waits := len(m.received)+len(m.running) > 0; (s.Done < s.Want) != waits {
		r.Fatalf("done %d of %d, but waiting %v", s.Done, s.Want, waits)
	}
	if s.Kind != store.Pull {
		r.Fatalf("kind %q", s.Kind)
	}
}
