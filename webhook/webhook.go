// Package webhook takes GitHub's deliveries over HTTP.
//
// # The model
//
// A delivery is checked (method, size, signature, form), decoded as far as
// needed to know whether it matters and what it is about, handed over, and
// answered. It is answered with success only after it was written to disk, and
// before anybody asks GitHub anything. What does not matter is acknowledged and
// costs nothing.
//
// Only the SHA-256 signature counts; it is compared in constant time over the
// bytes as they came. The event's name and the delivery's id are not part of
// what is signed: at worst they have something evaluated that need not be, and
// an evaluation believes GitHub only. Nothing of a payload is logged.
package webhook

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
)

// Config of a Handler.
type Config struct {
	Secret []byte // at least one byte
	// Accept returns nil when the delivery is on disk.
	Accept func(ctx context.Context, d store.Delivery, s store.Subject) error
	// Sharing lists what is known of a repository with a commit as its head.
	Sharing func(ctx context.Context, owner, repo, head string) ([]store.Subject, error)
	// Awaiting lists whose verdict rests on a check of a name on a commit, and for
	// no name those that wait for any. nil means nobody's.
	Awaiting func(ctx context.Context, owner, repo, head, check string) ([]store.Subject, error)
	App      int64 // whose own checks are no evidence
	// Note is told, before the answer, of what the audit log has besides what is
	// evaluated; by the delivery's id. nil is not told.
	Note   func(ctx context.Context, delivery string, n Note) error
	Logger *slog.Logger
	Now    func() time.Time
}

// Handler serves POST /webhook.
func Handler(c Config) http.Handler {
	h := &handler{Config: c, small: newRoom(smallRoom), large: newRoom(largeRoom)}
	r := chi.NewRouter()
	r.Post("/", h.serve)
	return r
}

type handler struct {
	Config
	small, large        *room
	strangers, crowding rarely
}

// maxName bounds what names a delivery or an event, in bytes.
const maxName = 100

func (h *handler) serve(w http.ResponseWriter, r *http.Request) {
	d, found, no := h.open(w, r)
	if no != nil {
		http.Error(w, no.why, no.status)
		return
	}
	n, err := h.accept(r.Context(), d, found)
	switch {
	case err != nil:
		h.refuse(w, r, d.ID, err)
	case n == 0:
		answer(w, http.StatusOK, "nothing to do\n")
	default:
		answer(w, http.StatusAccepted, "accepted\n")
	}
}

// open reads a delivery. The payload is let go of before anybody waits for the
// disk: a slow one must not fill the memory that payloads may take.
func (h *handler) open(w http.ResponseWriter, r *http.Request) (d store.Delivery, f found, no *refusal) {
	raw, done, no := h.body(w, r)
	defer done()
	if no != nil {
		h.mention(r.Context(), no)
		return d, f, no
	}
	event, id := r.Header.Get("X-GitHub-Event"), r.Header.Get("X-GitHub-Delivery")
	if event == "" || id == "" || len(id) > maxName || len(event) > maxName {
		return d, f, &refusal{http.StatusBadRequest, "X-GitHub-Event or X-GitHub-Delivery is missing or too long"}
	}
	f, err := subject(event, raw)
	if err != nil {
		h.Logger.WarnContext(r.Context(), "a delivery cannot be read", logkey.Delivery, id, logkey.Event, event, logkey.Err, err)
		return d, f, &refusal{http.StatusBadRequest, "the payload cannot be read: " + err.Error()}
	}
	d = store.Delivery{ID: id, Event: event, Action: f.action, Received: h.Now(), Anew: f.again, Command: f.command}
	if c := d.Command; c != nil && c.Cause == "" {
		c.Cause, c.MadeAt = "event "+id, d.Received
	}
	return d, f, nil
}

// accept hands over a delivery for each of its subjects, and returns how many
// there were.
func (h *handler) accept(ctx context.Context, d store.Delivery, f found) (n int, err error) {
	if f.note != nil && h.Note != nil {
		if err := h.Note(ctx, d.ID, *f.note); err != nil {
			return 0, err
		}
	}
	awaiting, err := h.awaiting(ctx, f.outside)
	if err != nil {
		return 0, err
	}
	subjects := append(awaiting, f.subjects...)
	if f.sharing.Head != "" {
		known, err := h.Sharing(ctx, f.sharing.Owner, f.sharing.Repo, f.sharing.Head)
		if err != nil {
			return 0, err
		}
		subjects = f.with(known)
	}
	if f.again && len(subjects) == 0 {
		h.Logger.WarnContext(ctx, "a new result is asked for on a commit that nothing is known of", logkey.Delivery, d.ID, logkey.Repo, f.sharing.Repository(), logkey.Head, f.sharing.Head)
	}
	for _, s := range subjects {
		if err := h.Accept(ctx, d, s); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // GitHub looks at the status only
}

// refuse says that the delivery is not on disk, so that GitHub shows it as
// failed and it can be sent again.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, id string, err error) {
	h.Logger.ErrorContext(r.Context(), "a delivery could not be stored", logkey.Delivery, id, logkey.Err, err)
	why := "the delivery could not be stored; send it again"
	if errors.Is(err, store.ErrFull) {
		why = "the disk is full; send it again later"
	}
	http.Error(w, why, http.StatusServiceUnavailable)
}

// mention says what an operator has to know of refusals: that deliveries carry
// another secret than was given here, or that there were too many.
func (h *handler) mention(ctx context.Context, no *refusal) {
	var which *rarely
	var what string
	switch no {
	case unsigned:
		which, what = &h.strangers, "a delivery has no signature or a wrong one; is the webhook secret the App's?"
	case crowded:
		which, what = &h.crowding, "a delivery was refused, too many bodies are being sent"
	default:
		return
	}
	if times, ok := which.now(h.Now()); ok {
		h.Logger.WarnContext(ctx, what, logkey.Times, times)
	}
}

// rarely keeps strangers from filling the log.
type rarely struct {
	mu     sync.Mutex
	logged time.Time
	since  int // not logged
}

// rarelyEvery is how often one thing is mentioned.
const rarelyEvery = time.Minute

// now reports whether it is time to mention something, and how often it
// happened since the last time.
func (s *rarely) now(now time.Time) (times int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since++
	if gone := now.Sub(s.logged); gone >= 0 && gone < rarelyEvery {
		return 0, false
	}
	times, s.since, s.logged = s.since, 0, now
	return times, true
}
