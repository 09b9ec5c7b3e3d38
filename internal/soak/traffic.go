package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// conditions are how the plan's events become deliveries.
type conditions struct {
	Span                       time.Duration
	Dropped, Doubled, Shuffled float64 // shares
}

// trafficCounts count deliveries.
type trafficCounts struct {
	Events, Sent, Answered, Failed, Dropped, Doubled, Shuffled, Redelivered int
}

type traffic struct {
	mu    sync.Mutex
	count trafficCounts
}

func (t *traffic) add(change func(c *trafficCounts)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.count)
}

func (t *traffic) counts() trafficCounts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count
}

// longestDelay is how late a delivery arrives whose order is changed.
const longestDelay = 3 * time.Second

// play lets the plan happen, spread over a time, and sends what tells of it.
func (s *standIn) play(c conditions) trafficCounts {
	chance := rand.New(rand.NewPCG(s.Seed, 2)) //nolint:gosec // the same traffic every time
	var sending sync.WaitGroup
	start := time.Now()
	for n, x := range s.plan.steps {
		time.Sleep(time.Until(start.Add(time.Duration(x.at * float64(c.Span)))))
		for _, payload := range s.apply(x) {
			s.traffic.add(func(t *trafficCounts) { t.Events++ })
			if chance.Float64() < c.Dropped {
				s.traffic.add(func(t *trafficCounts) { t.Dropped++ })
				continue // as if GitHub had never sent it: it is in no list
			}
			delays := []time.Duration{0}
			if chance.Float64() < c.Shuffled {
				s.traffic.add(func(t *trafficCounts) { t.Shuffled++ })
				delays[0] = time.Duration(chance.Int64N(int64(longestDelay)))
			}
			if chance.Float64() < c.Doubled {
				s.traffic.add(func(t *trafficCounts) { t.Doubled++ })
				delays = append(delays, time.Duration(chance.Int64N(int64(longestDelay))))
			}
			to, id := address(s.Replicas, chance.IntN(len(s.Replicas))), fmt.Sprintf("%08x-0000-4000-8000-%012x", s.Seed, n)
			if x.action == "closed" {
				id = "" // two deliveries
			}
			for _, d := range delays {
				sending.Go(func() { s.deliver(to, id, d, payload) })
			}
		}
	}
	sending.Wait()
	s.github.Wait()
	return s.traffic.counts()
}

func (s *standIn) deliver(to, id string, delay time.Duration, payload map[string]any) {
	time.Sleep(delay)
	var options []ghfake.DeliveryOption
	if id != "" {
		options = append(options, ghfake.WithID(id))
	}
	d, err := s.github.Deliver(context.Background(), to, "pull_request", payload, options...)
	s.traffic.add(func(t *trafficCounts) {
		t.Sent++
		if err == nil && d.Status/100 == 2 {
			t.Answered++
		} else {
			t.Failed++
		}
	})
}

// outage has events that nobody answered: as many as asked for, over the open
// pull requests.
func (s *standIn) outage(n int) (int, error) {
	for i := range n {
		pull := i % len(s.pulls)
		payload := s.repos[s.plan.pulls[pull].repo].PullEvent(s.pulls[pull], "synchronize", nil)
		if _, err := s.github.Deliver(context.Background(), address(s.Replicas, i), "pull_request", payload, ghfake.Lost()); err != nil {
			return i, err
		}
	}
	return n, nil
}

// flood asks for as many deliveries as are answered in a time.
type flood struct {
	Senders int
	Span    time.Duration
}

type flooded struct {
	Answered, Refused int
	Slowest           time.Duration
}

// flood sends signed deliveries about the open pull requests, each under an id
// of its own. They are made before.
func (s *standIn) flood(f flood) (flooded, error) {
	var bodies [][]byte
	for i, number := range s.pulls {
		body, err := json.Marshal(s.repos[s.plan.pulls[i].repo].PullEvent(number, "synchronize", nil))
		if err != nil {
			return flooded{}, err
		}
		bodies = append(bodies, body)
	}
	signatures := make([]string, len(bodies))
	for i, body := range bodies {
		signatures[i] = ghfake.Sign(s.Secret, body)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: f.Senders}, Timeout: 10 * time.Second}
	var next, answered, refused, slowest atomic.Int64
	var sending sync.WaitGroup
	end := time.Now().Add(f.Span)
	for range f.Senders {
		sending.Go(func() {
			for time.Now().Before(end) {
				n := int(next.Add(1))
				begin := time.Now()
				if err := s.postOne(client, n, bodies[n%len(bodies)], signatures[n%len(bodies)]); err != nil {
					refused.Add(1)
					continue
				}
				answered.Add(1)
				if took := int64(time.Since(begin)); took > slowest.Load() {
					slowest.Store(took) // near enough
				}
			}
		})
	}
	sending.Wait()
	return flooded{int(answered.Load()), int(refused.Load()), time.Duration(slowest.Load())}, nil
}

var errRefused = errors.New("not accepted")

func (s *standIn) postOne(client *http.Client, n int, body []byte, signature string) error {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address(s.Replicas, n), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = http.Header{
		"Content-Type": {"application/json"}, "X-Github-Event": {"pull_request"}, "X-Github-Delivery": {fmt.Sprintf("f100d000-%04x-4000-8000-%012x", s.Seed&0xffff, n)},
		"X-Hub-Signature-256": {signature}, "X-Github-Hook-Installation-Target-Id": {fmt.Sprint(s.AppID)},
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // so that the connection is used again
	if resp.StatusCode/100 != 2 {
		return errRefused
	}
	return nil
}
