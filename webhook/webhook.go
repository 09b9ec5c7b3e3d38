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
// bytes as they came. Nothing of a payload is logged.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/changeguard/changeguard/internal/store"
)

// MaxBody is the largest payload that GitHub sends, in bytes.
const MaxBody = 25 << 20

// Config of a Handler.
type Config struct {
	Secret []byte // at least one byte
	Accept func(ctx context.Context, d store.Delivery, s store.Subject) error
	Logger *slog.Logger
	Now    func() time.Time
}

// Handler serves POST /webhook.
func Handler(c Config) http.Handler {
	h := &handler{c}
	r := chi.NewRouter()
	r.Post("/", h.serve)
	return r
}

type handler struct{ Config }

func (h *handler) serve(w http.ResponseWriter, r *http.Request) {
	raw, status, why := h.body(w, r)
	if why != "" {
		http.Error(w, why, status)
		return
	}
	event, id := r.Header.Get("X-GitHub-Event"), r.Header.Get("X-GitHub-Delivery")
	if event == "" || id == "" || len(id) > 100 || len(event) > 100 {
		http.Error(w, "X-GitHub-Event or X-GitHub-Delivery is missing", http.StatusBadRequest)
		return
	}
	found, err := subject(event, raw)
	if err != nil {
		h.Logger.WarnContext(r.Context(), "a delivery cannot be read", "delivery", id, "event", event, "err", err)
		http.Error(w, "the payload cannot be read: "+err.Error(), http.StatusBadRequest)
		return
	}
	for i, s := range found.subjects {
		d := store.Delivery{ID: id, Event: event, Action: found.action, Received: h.Now()}
		if i > 0 {
			d.ID += "/" + s.Name()
		}
		if err := h.Accept(r.Context(), d, s); err != nil {
			h.refuse(w, r, id, err)
			return
		}
	}
	if len(found.subjects) == 0 {
		h.answer(w, http.StatusOK, "nothing to do\n")
		return
	}
	h.answer(w, http.StatusAccepted, "accepted\n")
}

func (h *handler) answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // GitHub looks at the status only
}

// refuse says that the delivery is not on disk, so that GitHub shows it as
// failed and it can be sent again.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, id string, err error) {
	h.Logger.ErrorContext(r.Context(), "a delivery could not be stored", "delivery", id, "err", err)
	why := "the delivery could not be stored; send it again"
	if errors.Is(err, store.ErrFull) {
		why = "the disk is full; send it again later"
	}
	http.Error(w, why, http.StatusServiceUnavailable)
}

// body reads and authenticates the payload. It comes as JSON, or as a form with
// the JSON in the field "payload"; the signature is over the bytes as sent.
func (h *handler) body(w http.ResponseWriter, r *http.Request) (payload []byte, status int, why string) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, http.StatusRequestEntityTooLarge, "the payload is over 25 MB"
	case err != nil:
		return nil, http.StatusBadRequest, "the payload could not be read"
	case !h.signed(raw, r.Header.Get("X-Hub-Signature-256")):
		return nil, http.StatusUnauthorized, "X-Hub-Signature-256 is missing or wrong"
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "application/json":
		return raw, 0, ""
	case err == nil && kind == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(raw))
		if err != nil || form.Get("payload") == "" {
			return nil, http.StatusBadRequest, "the form has no payload"
		}
		return []byte(form.Get("payload")), 0, ""
	default:
		return nil, http.StatusUnsupportedMediaType, "the payload must be application/json or application/x-www-form-urlencoded"
	}
}

func (h *handler) signed(raw []byte, header string) bool {
	const prefix = "sha256="
	if len(h.Secret) == 0 || len(header) != len(prefix)+2*sha256.Size || header[:len(prefix)] != prefix {
		return false
	}
	given, err := hex.DecodeString(header[len(prefix):])
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, h.Secret)
	mac.Write(raw)
	return hmac.Equal(given, mac.Sum(nil))
}
