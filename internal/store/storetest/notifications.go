package storetest

import (
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

func notified(t *testing.T, f *fixture) {
	later := start.Add(time.Hour)
	n := store.Notification{Key: "k1", Channel: "sl\x00ack", Subject: 5, Kind: store.NotificationFinding, Body: []byte(`{"a":1}`), State: store.NotificationWaiting, Next: start, Created: start}
	held := store.Notification{Key: "k2", Channel: "ops", Subject: 5, Kind: store.NotificationEscalation, Body: []byte(`{}`), State: store.NotificationHeld, Next: later, Created: start}
	notice := store.Notification{Key: "k3", Channel: "ops", Subject: 5, Kind: store.NotificationNotice, Body: []byte(`{}`), State: store.NotificationWaiting, Next: later, Created: start}
	due := func(state string, at time.Time) (keys []string) {
		list, err := f.DueNotifications(background, state, at, 10)
		f.check(err)
		for _, n := range list {
			keys = append(keys, n.Key)
		}
		return keys
	}
	f.check(f.AddNotifications(background, nil))
	f.check(f.AddNotifications(background, []store.Notification{n, held, notice}))
	f.check(f.AddNotifications(background, []store.Notification{n})) // told once
	f.same("due at first", due(store.NotificationWaiting, start), []string{"k1"})
	f.same("before", len(due(store.NotificationWaiting, start.Add(-time.Microsecond))), 0)
	list, err := f.DueNotifications(background, store.NotificationWaiting, start, 10)
	f.check(err)
	want := n
	want.ID, want.Channel = 1, "sl\uFFFDack"
	f.same("as it was noted", list[0], want)
	waits := func() int {
		n, err := f.CountNotifications(background)
		f.check(err)
		return n
	}
	f.same("waiting", waits(), 2)
	f.check(f.MoveNotification(background, 1, store.NotificationWaiting, 1, later))
	f.same("moved", len(due(store.NotificationWaiting, start)), 0)
	f.check(f.MoveNotification(background, 1, store.NotificationSent, 2, start))
	f.same("sent", waits(), 1)

	// An escalation is sent only once somebody looked for it.
	f.check(f.ConfirmEscalations(background, 5, later))
	f.same("not asked yet", due(store.NotificationHeld, later), []string{"k2"})
	f.check(f.MoveNotification(background, 2, store.NotificationHeld, 1, later))
	f.check(f.ConfirmEscalations(background, 6, later))
	f.same("another subject", due(store.NotificationHeld, later), []string{"k2"})
	f.check(f.ConfirmEscalations(background, 5, later))
	f.same("confirmed", due(store.NotificationWaiting, later), []string{"k2", "k3"})

	f.check(f.EndNotifications(background, 5, "k1", "k2", "another"))
	f.same("but those", due(store.NotificationWaiting, later), []string{"k2", "k3"})
	f.check(f.AddNotifications(background, []store.Notification{n}))
	f.same("told before", len(due(store.NotificationWaiting, start)), 0)
	f.check(f.EndNotifications(background, 5))
	f.same("what is left", due(store.NotificationWaiting, later), []string{"k3"})
	f.check(f.AddNotifications(background, []store.Notification{n}))
	f.same("told anew", due(store.NotificationWaiting, start), []string{"k1"})
	f.check(f.DropNotifications(background, start.Add(time.Second)))
	f.same("dropped", waits(), 0)
}
