package ghfake

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the legacy signature
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// A Delivery is a webhook that was sent.
type Delivery struct {
	ID         string // X-GitHub-Delivery, the same when it is sent again
	Number     int64  // of this attempt, in the list of deliveries
	App        int64
	Event      string
	Action     string
	Body       []byte // the payload as JSON
	URL        string
	Status     int // of the answer; 0 when there was none
	Answer     string
	Redelivery bool
	At         time.Time
	Took       time.Duration

	installation, repository int64
	header                   http.Header // that was sent
	form, lost, unsigned     bool
	late                     bool   // no answer came in time
	signature                string // instead of the right one
}

// defaultPatience is how long github.com waits for an answer; an Enterprise
// Server waits for 30 s.
const defaultPatience = 10 * time.Second

// MaxPayload is how many bytes of payload are sent at most.
const MaxPayload = 25 << 20

// ErrTooLarge is about an event that is not sent. GitHub tells nobody: such an
// event is in no list of deliveries.
var ErrTooLarge = errors.New("a payload of more than 25 MB is never sent")

// Sign is the value of X-Hub-Signature-256.
func Sign(secret string, body []byte) string { return "sha256=" + sign(sha256.New, secret, body) }

func sign(h func() hash.Hash, secret string, body []byte) string {
	mac := hmac.New(h, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// A DeliveryOption changes how a webhook is sent.
type DeliveryOption func(*Delivery)

// AsForm sends the payload as a form's field, as webhooks can be set to.
func AsForm() DeliveryOption { return func(d *Delivery) { d.form = true } }

// Unsigned leaves the signatures out.
func Unsigned() DeliveryOption { return func(d *Delivery) { d.unsigned = true } }

// SignedAs sends another X-Hub-Signature-256 than the right one.
func SignedAs(signature string) DeliveryOption { return func(d *Delivery) { d.signature = signature } }

// WithID sends another delivery under an id of one's choice.
func WithID(id string) DeliveryOption { return func(d *Delivery) { d.ID = id } }

// Lost only writes the delivery down, as one that never reached its address.
func Lost() DeliveryOption { return func(d *Delivery) { d.lost = true } }

// ByApp sends the webhook of another App than the first.
func ByApp(id int64) DeliveryOption { return func(d *Delivery) { d.App = id } }

// Deliver sends an event to an address, signed, and records the result.
func (s *Server) Deliver(ctx context.Context, url, event string, payload map[string]any, options ...DeliveryOption) (Delivery, error) {
	body, err := json.Marshal(payload)
	if err != nil {
		return Delivery{}, fmt.Errorf("write the payload: %w", err)
	}
	if len(body) > MaxPayload {
		return Delivery{}, ErrTooLarge
	}
	d := Delivery{App: s.options.AppID, Event: event, Body: body, URL: url}
	var about struct {
		Action                   string
		Installation, Repository struct{ ID int64 }
	}
	if err := json.Unmarshal(body, &about); err != nil {
		return Delivery{}, fmt.Errorf("read the payload: %w", err)
	}
	d.Action, d.installation, d.repository = about.Action, about.Installation.ID, about.Repository.ID
	for _, o := range options {
		o(&d)
	}
	if d.ID == "" {
		s.mu.Lock()
		d.ID = fmt.Sprintf("%08x-0000-11ef-8000-%012x", s.id(), s.id())
		s.mu.Unlock()
	}
	return s.send(ctx, d)
}

// Redeliver sends a delivery again under its id, to an address.
func (s *Server) Redeliver(ctx context.Context, url string, d Delivery) (Delivery, error) {
	d.URL = url
	return s.again(ctx, d)
}

// again sends a delivery once more, rightly signed.
func (s *Server) again(ctx context.Context, d Delivery) (Delivery, error) {
	d.Redelivery, d.lost, d.unsigned, d.signature = true, false, false, ""
	return s.send(ctx, d)
}

// errLost is the result of a delivery that was not to arrive.
var errLost = errors.New("the delivery was lost")

func (s *Server) send(ctx context.Context, d Delivery) (Delivery, error) {
	s.mu.Lock()
	d.Number, d.At, d.Status, d.Answer, d.Took, d.late = s.id(), s.now(), 0, "", 0, false
	secret := ""
	if a := s.apps[d.App]; a != nil {
		secret = a.Secret
	}
	s.mu.Unlock()
	body, err := d.encode(secret)
	if err == nil && d.lost {
		err = errLost
	}
	if err == nil {
		begin := s.options.Now()
		err = d.post(ctx, s.options.Patience, body)
		d.Took = s.options.Now().Sub(begin)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := d
	s.deliveries = append(s.deliveries, &kept)
	if d.lost {
		return d, nil
	}
	return d, err
}

// encode writes the body and the headers.
func (d *Delivery) encode(secret string) ([]byte, error) {
	body, kind := d.Body, "application/json"
	if d.form {
		body, kind = []byte(url.Values{"payload": {string(d.Body)}}.Encode()), "application/x-www-form-urlencoded"
	}
	d.header = http.Header{
		"Accept": {"*/*"}, "Content-Type": {kind}, "User-Agent": {"GitHub-Hookshot/stand-in"}, "X-Github-Event": {d.Event},
		"X-Github-Delivery": {d.ID}, "X-Github-Hook-Id": {"1"}, "X-Github-Hook-Installation-Target-Type": {"integration"},
		"X-Github-Hook-Installation-Target-Id": {itoa(d.App)},
	}
	if !d.unsigned {
		signature := d.signature
		if signature == "" {
			signature = Sign(secret, body)
		}
		d.header.Set("X-Hub-Signature-256", signature)
		d.header.Set("X-Hub-Signature", "sha1="+sign(sha1.New, secret, body))
	}
	return body, nil
}

// maxAnswer is how much of an answer is kept.
const maxAnswer = 64 << 10

// courier follows no redirections: the first answer counts.
var courier = http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (d *Delivery) post(ctx context.Context, patience time.Duration, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make a delivery: %w", err)
	}
	req.Header = d.header.Clone()
	resp, err := courier.Do(req)
	if err != nil {
		d.late = errors.Is(err, context.DeadlineExceeded)
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	d.Status, d.Answer = resp.StatusCode, string(text)
	return err
}

// Deliveries lists what was sent, oldest first.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Delivery, 0, len(s.deliveries))
	for _, d := range s.deliveries {
		list = append(list, *d)
	}
	return list
}

// Wait waits for the deliveries that the API was asked to send again.
func (s *Server) Wait() { s.sending.Wait() }

// retention is how long a delivery can be seen and sent again.
const retention = 72 * time.Hour

// ofApp lists an App's deliveries, youngest first.
func (s *Server) ofApp(app int64) []*Delivery {
	var list []*Delivery
	for _, d := range slices.Backward(s.deliveries) {
		if d.App == app && s.options.Now().Sub(d.At) <= retention {
			list = append(list, d)
		}
	}
	return list
}

// shown is the status as the list of deliveries has it, which writes those of a
// gateway where no answer came.
func (d *Delivery) shown() int {
	switch {
	case d.Status != 0:
		return d.Status
	case d.late:
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

// outcome is how the list of deliveries is filtered.
func (d *Delivery) outcome() string {
	switch code := d.shown(); {
	case code >= 200 && code < 400:
		return "success"
	case code >= 400 && code < 600:
		return "failure"
	}
	return ""
}

// listDeliveries answers a page behind a cursor.
// getHookConfig shows a secret by its stars, and nothing where there is none.
func (s *Server) getHookConfig(c *call) (any, *refusal) {
	h := c.app.Hook
	if h.URL == "" {
		return nil, refuse(http.StatusNotFound, "Not Found")
	}
	config := obj{"content_type": cmp.Or(h.ContentType, "json"), "insecure_ssl": "0", "url": h.URL}
	if h.InsecureSSL {
		config["insecure_ssl"] = "1"
	}
	if c.app.Secret != "" {
		config["secret"] = "********"
	}
	return config, nil
}

func (s *Server) listDeliveries(c *call) (any, *refusal) {
	q := c.r.URL.Query()
	all := slices.DeleteFunc(s.ofApp(c.app.ID), func(d *Delivery) bool {
		return !fits(q.Get("status"), d.outcome())
	})
	if at := q.Get("cursor"); at != "" {
		i := slices.IndexFunc(all, func(d *Delivery) bool { return d.cursor() == at })
		if i < 0 {
			return nil, refuse(http.StatusUnprocessableEntity, "The cursor is not valid.")
		}
		all = all[i:]
	}
	size, _ := c.page()
	page := all[:min(len(all), size)]
	if len(all) > size {
		c.link("next", "cursor", all[size].cursor())
	}
	return mapped(page, (*Delivery).json), nil
}

func (d *Delivery) cursor() string { return "v1_" + itoa(d.Number) }

func (d *Delivery) json() obj {
	status := "OK"
	switch {
	case d.Status == 0 && d.late:
		status = "timed out"
	case d.Status == 0:
		status = "failed to connect"
	case d.outcome() != "success":
		status = fmt.Sprintf("Invalid HTTP Response: %d", d.Status)
	}
	o := obj{
		"id": d.Number, "guid": d.ID, "delivered_at": stamp(d.At), "redelivery": d.Redelivery, "duration": d.Took.Seconds(), "status": status,
		"status_code": d.shown(), "event": d.Event, "action": nullable(d.Action), "installation_id": nil, "repository_id": nil, "throttled_at": nil,
	}
	if d.installation != 0 {
		o["installation_id"] = d.installation
	}
	if d.repository != 0 {
		o["repository_id"] = d.repository
	}
	return o
}

// delivery finds the delivery of the route.
func (s *Server) delivery(c *call) (*Delivery, *refusal) {
	number := c.number("delivery_id")
	for _, d := range s.ofApp(c.app.ID) {
		if d.Number == number {
			return d, nil
		}
	}
	return nil, notFound
}

func (s *Server) getDelivery(c *call) (any, *refusal) {
	d, no := s.delivery(c)
	if no != nil {
		return nil, no
	}
	o := d.json()
	headers := obj{}
	for k := range d.header {
		headers[k] = d.header.Get(k)
	}
	o["url"] = d.URL
	o["request"] = obj{"headers": headers, "payload": json.RawMessage(d.Body)}
	o["response"] = obj{"headers": obj{}, "payload": d.Answer}
	return o, nil
}

// attempt sends a delivery again, after the answer; see [Server.Wait].
func (s *Server) attempt(c *call) (any, *refusal) {
	d, no := s.delivery(c)
	if no != nil {
		return nil, no
	}
	again := *d
	s.sending.Go(func() {
		_, _ = s.again(context.Background(), again) // the result is in the list of deliveries
	})
	c.answer.status = http.StatusAccepted
	return obj{}, nil
}
