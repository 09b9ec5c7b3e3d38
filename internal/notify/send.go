package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
)

// How often and for how long something is sent again.
const (
	// Every is how often Send is to be called.
	Every      = 10 * time.Second
	giveUp     = 24 * time.Hour
	firstWait  = 15 * time.Second
	longest    = time.Hour
	atOnce     = 40 // notifications of one call
	together   = 8  // requests at once
	lookAgain  = 15 * time.Minute
	keep       = 90 * 24 * time.Hour
	sendWithin = 30 * time.Second
)

type sender struct {
	public, private *http.Client
	now             func() time.Time
}

func newSender(now func() time.Time) sender { return sender{newClient(false), newClient(true), now} }

// Send sends what is due, and asks whether what should be escalated is red still.
func (n *Notifier) Send(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	now := n.Now()
	if err := n.Store.DropNotifications(ctx, now.Add(-keep)); err != nil {
		return err
	}
	due, err := n.Store.DueNotifications(ctx, store.NotificationWaiting, now, atOnce)
	if err != nil {
		return err
	}
	errs := make([]error, len(due))
	room := make(chan struct{}, together)
	var wg sync.WaitGroup
	for i, x := range due {
		room <- struct{}{}
		wg.Go(func() { defer func() { <-room }(); errs[i] = n.attempt(ctx, x) })
	}
	wg.Wait()
	return errors.Join(append(errs, n.confirm(ctx, now))...)
}

// confirm has what should be escalated judged again: when it is red still, or
// not open any more, the evaluation says so.
func (n *Notifier) confirm(ctx context.Context, now time.Time) error {
	held, err := n.Store.DueNotifications(ctx, store.NotificationHeld, now, atOnce)
	if err != nil {
		return err
	}
	for _, x := range held {
		s, err := n.Store.Subject(ctx, x.Subject)
		if err != nil {
			return err
		}
		// First noted, then asked: the answer may be quick.
		if err := n.Store.MoveNotification(ctx, x.ID, store.NotificationHeld, x.Attempts+1, now.Add(lookAgain)); err != nil {
			return err
		}
		if err := n.Again(ctx, fmt.Sprintf("escalation %d %d", x.ID, x.Attempts), s); err != nil {
			return err
		}
	}
	return nil
}

// attempt sends one and notes how that went.
func (n *Notifier) attempt(ctx context.Context, x store.Notification) error {
	c, now, tries := n.Channels[x.Channel], n.Now(), x.Attempts+1
	var m Message
	err := json.Unmarshal(x.Body, &m)
	if c == nil || err != nil {
		n.Logger.WarnContext(ctx, "a notification was given up: its channel is not configured any more", logkey.Channel, x.Channel)
		n.count(x.Channel, "dropped")
		return n.Store.MoveNotification(ctx, x.ID, store.NotificationDropped, tries, now)
	}
	wait, err := n.post(ctx, c, m)
	switch {
	case err == nil:
		n.count(x.Channel, "sent")
		return n.Store.MoveNotification(ctx, x.ID, store.NotificationSent, tries, now)
	case now.Sub(x.Created) > giveUp && tries > 10:
		n.Logger.WarnContext(ctx, "a notification was given up", logkey.Channel, x.Channel, logkey.Err, err)
		n.count(x.Channel, "dropped")
		return n.Store.MoveNotification(ctx, x.ID, store.NotificationDropped, tries, now)
	}
	n.Logger.WarnContext(ctx, "a notification could not be sent", logkey.Channel, x.Channel, logkey.Attempt, tries, logkey.Err, err)
	n.count(x.Channel, "failed")
	wait = max(wait, min(firstWait<<min(tries-1, 10), longest))
	return n.Store.MoveNotification(ctx, x.ID, store.NotificationWaiting, tries, now.Add(wait))
}

func (n *Notifier) count(channel, result string) {
	if n.Count != nil {
		n.Count(channel, result)
	}
}

// Test sends a message to a channel now, and returns what went wrong.
func Test(ctx context.Context, c *Channel, now func() time.Time) error {
	s := newSender(now)
	_, err := s.post(ctx, c, Message{Kind: "test", Repository: "changeguard", Title: "this channel works", At: now().UTC().Truncate(time.Second)})
	return err
}

// post sends a message; wait is how long the receiver asks to be left alone.
func (s sender) post(ctx context.Context, c *Channel, m Message) (wait time.Duration, err error) {
	r, err := c.request(ctx, m, s.now())
	if err != nil {
		return 0, err
	}
	client := s.public
	if c.Private {
		client = s.private
	}
	resp, err := client.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the address is a secret
		}
		return 0, fmt.Errorf("post to the channel: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	if resp.StatusCode/100 == 2 {
		return 0, nil
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		wait = min(time.Duration(min(seconds, 3600))*time.Second, longest)
	}
	return wait, fmt.Errorf("the channel answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
}

func (c *Channel) request(ctx context.Context, m Message, now time.Time) (*http.Request, error) {
	body, err := m.slack()
	if c.Format == "json" {
		body, err = json.Marshal(m)
	}
	if err != nil {
		return nil, fmt.Errorf("write a notification: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the channel's address cannot be used")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "changeguard")
	if c.Format == "json" {
		at := strconv.FormatInt(now.Unix(), 10)
		r.Header.Set("X-Changeguard-Timestamp", at)
		r.Header.Set("X-Changeguard-Signature", Sign(c.Secret, at, body))
	}
	return r, nil
}
