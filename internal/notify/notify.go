package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

// Config of a Notifier.
type Config struct {
	Channels Channels
	Store    *store.Store
	Logger   *slog.Logger
	Now      func() time.Time
	// Again asks for another evaluation of a subject.
	Again func(ctx context.Context, id string, s store.Subject) error
	// Count is told how an attempt ended: sent, failed or dropped.
	Count func(channel, result string)
}

// A Notifier notes what is to be told, and sends it. It is safe for concurrent
// use.
type Notifier struct {
	Config
	sender
}

// New makes one.
func New(c Config) *Notifier { return &Notifier{Config: c, sender: newSender(c.Now)} }

// Red is a verdict that lets nothing through, or passes with warnings.
type Red struct {
	Subject store.Subject
	Message Message // without findings
	// Findings are those that nobody lifted, and Wanted the channels that the
	// policies name for each level.
	Findings []Finding
	Wanted   map[string][]string
}

// Red notes what is to be told of a verdict, and that it is red still.
func (n *Notifier) Red(ctx context.Context, r Red) error {
	now := n.Now()
	var list []store.Notification
	for _, c := range n.wanted(r) {
		m := r.Message
		m.Kind, m.At = store.NotificationFinding, now.UTC().Truncate(time.Second)
		for _, f := range r.Findings {
			if c.hears(f.Rule) && slices.Contains(r.Wanted[f.Level], c.Name) {
				m.Findings = append(m.Findings, f)
			}
		}
		if len(m.Findings) == 0 && m.Outcome != "incomplete" {
			continue
		}
		more, err := c.notifications(r.Subject, m, now)
		if err != nil {
			return err
		}
		list = append(list, more...)
	}
	if r.Message.Outcome == pass { // what was red is over, and told anew when it comes up again
		if err := n.Store.EndNotifications(ctx, r.Subject.ID, keys(list)...); err != nil {
			return err
		}
		return n.Store.AddNotifications(ctx, list)
	}
	if err := n.Store.AddNotifications(ctx, list); err != nil {
		return err
	}
	return n.Store.ConfirmEscalations(ctx, r.Subject.ID, now)
}

// pass is the outcome of a verdict that has warnings at most.
const pass = "pass"

func keys(list []store.Notification) (all []string) {
	for _, x := range list {
		all = append(all, x.Key)
	}
	return all
}

// wanted are the channels that the policies name and that there are.
func (n *Notifier) wanted(r Red) (list []*Channel) {
	var names []string
	for _, some := range r.Wanted {
		names = append(names, some...)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if c := n.Channels[name]; c != nil && c.takes(r.Subject.Owner) {
			list = append(list, c)
		}
	}
	return list
}

// notifications are a message to a channel, and the escalation of it.
func (c *Channel) notifications(s store.Subject, m Message, now time.Time) ([]store.Notification, error) {
	key := []string{"finding", c.Name, s.Name(), m.Outcome}
	for _, f := range m.Findings {
		key = append(key, f.ID)
	}
	slices.Sort(key[4:])
	first, err := c.row(s, m, digest(key...), now)
	if err != nil || c.Escalate == nil || m.Outcome == pass {
		return []store.Notification{first}, err
	}
	m.Kind = store.NotificationEscalation
	second, err := c.row(s, m, digest("escalation", c.Name, s.Name()), now)
	second.Channel, second.State, second.Next = c.Escalate.To, store.NotificationHeld, now.Add(c.Escalate.after)
	return []store.Notification{first, second}, err
}

func (c *Channel) row(s store.Subject, m Message, key string, now time.Time) (store.Notification, error) {
	if m.More = len(m.Findings) - maxFindings; m.More > 0 {
		m.Findings = m.Findings[:maxFindings]
	}
	m.More = max(0, m.More)
	m.Findings = slices.Clone(m.Findings)
	for i := range m.Findings {
		f := &m.Findings[i]
		f.Path, f.Message = clip(f.Path, maxText), clip(f.Message, maxText)
	}
	body, err := json.Marshal(m)
	if err != nil {
		return store.Notification{}, fmt.Errorf("write a notification: %w", err)
	}
	return store.Notification{Key: key, Channel: c.Name, Subject: s.ID, Kind: m.Kind, Body: body, State: store.NotificationWaiting, Next: now, Created: now}, nil
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// Green forgets what was to be told of a subject: it is green, or not open any
// more.
func (n *Notifier) Green(ctx context.Context, s store.Subject) error {
	return n.Store.EndNotifications(ctx, s.ID)
}

// Notice notes what reached a watched branch without a green verdict. It takes
// any value whose JSON has the fields repository, branch and after.
func (n *Notifier) Notice(ctx context.Context, notice any) error {
	raw, err := json.Marshal(notice)
	if err != nil {
		return fmt.Errorf("write a notice: %w", err)
	}
	var x struct {
		Kind, Repository, Branch, After string
		Forced, Deleted                 bool
		Commits                         []json.RawMessage
		More                            int
	}
	if err := json.Unmarshal(raw, &x); err != nil {
		return fmt.Errorf("read a notice: %w", err)
	}
	title := fmt.Sprintf("%d commits reached %s without a green verdict", len(x.Commits)+x.More, clip(x.Branch, maxText))
	switch {
	case x.Kind == "foreign-check":
		title = "a check of somebody else carries the name of the guard's"
	case x.Deleted:
		title = clip(x.Branch, maxText) + " was deleted"
	case x.Forced:
		title += ", by a push that rewrote it"
	}
	now := n.Now()
	m := Message{Kind: store.NotificationNotice, Repository: x.Repository, Head: x.After, Title: title, Notice: raw, At: now.UTC().Truncate(time.Second)}
	owner, _, _ := strings.Cut(x.Repository, "/")
	var list []store.Notification
	for _, c := range n.Channels {
		if !c.Notices || !c.takes(owner) {
			continue
		}
		row, err := c.row(store.Subject{}, m, digest("notice", c.Name, string(raw)), now)
		if err != nil {
			return err
		}
		list = append(list, row)
	}
	return n.Store.AddNotifications(ctx, list)
}
