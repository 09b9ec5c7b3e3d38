package ghfake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// A Delivery is a webhook that was sent.
type Delivery struct {
	ID     string // X-GitHub-Delivery
	Event  string
	Action string
	Body   []byte
	Status int // of the answer; 0 when there was none
}

// deliveryTimeout is how long GitHub waits for an answer.
const deliveryTimeout = 10 * time.Second

// Sign is the value of X-Hub-Signature-256.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// Deliver sends an event to an address, signed, and records the result.
func (s *Server) Deliver(ctx context.Context, url, event string, payload map[string]any) (Delivery, error) {
	body, err := json.Marshal(payload)
	if err != nil {
		return Delivery{}, fmt.Errorf("write the payload: %w", err)
	}
	s.mu.Lock()
	s.nextID++
	d := Delivery{ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", s.nextID), Event: event, Body: body}
	s.mu.Unlock()
	d.Action, _ = payload["action"].(string)
	return s.send(ctx, url, d)
}

// Redeliver sends a delivery again under its id, as GitHub does when asked.
func (s *Server) Redeliver(ctx context.Context, url string, d Delivery) (Delivery, error) {
	d.Status = 0
	return s.send(ctx, url, d)
}

func (s *Server) send(ctx context.Context, url string, d Delivery) (Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(d.Body))
	if err != nil {
		return d, fmt.Errorf("make a delivery: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "GitHub-Hookshot/stand-in")
	req.Header.Set("X-GitHub-Event", d.Event)
	req.Header.Set("X-GitHub-Delivery", d.ID)
	req.Header.Set("X-Hub-Signature-256", Sign(s.options.Secret, d.Body))
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		d.Status = resp.StatusCode
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	s.mu.Lock()
	s.deliveries = append(s.deliveries, d)
	s.mu.Unlock()
	return d, err
}

// Deliveries lists what was sent.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Delivery(nil), s.deliveries...)
}

// PullEvent is the payload of a pull_request event. more adds to it.
func (r *Repo) PullEvent(number int, action string, more map[string]any) map[string]any {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.pulls[number]
	body := obj{
		"action": action, "number": number, "pull_request": r.pullJSON(p), "repository": r.json(),
		"sender": accountJSON(p.Author), "installation": obj{"id": r.installation},
	}
	for k, v := range more {
		body[k] = v
	}
	return body
}

// GroupEvent is the payload of a merge_group event.
func (r *Repo) GroupEvent(base, head string) map[string]any {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return obj{
		"action": "checks_requested", "repository": r.json(), "installation": obj{"id": r.installation}, "sender": accountJSON(r.server.account("octocat")),
		"merge_group": obj{"head_sha": r.refs[head], "head_ref": "refs/heads/" + head, "base_sha": r.refs[base], "base_ref": "refs/heads/" + base},
	}
}

// PushEvent is the payload of a push event.
func (r *Repo) PushEvent(branch, before string) map[string]any {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return obj{
		"ref": "refs/heads/" + branch, "before": before, "after": r.refs[branch], "created": false, "deleted": false, "forced": false,
		"repository": r.json(), "installation": obj{"id": r.installation}, "sender": accountJSON(r.server.account("octocat")), "commits": []obj{},
	}
}
