package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"sync/atomic"
)

// MaxBody is the largest payload that GitHub sends, in bytes.
const MaxBody = 25 << 20

// refusal is the answer to a request that is not taken.
type refusal struct {
	status int
	why    string
}

// The refusals that do not depend on what was sent.
var (
	unsigned  = &refusal{http.StatusUnauthorized, "X-Hub-Signature-256 is missing or wrong"}
	tooLarge  = &refusal{http.StatusRequestEntityTooLarge, "the payload is over 25 MB"}
	crowded   = &refusal{http.StatusServiceUnavailable, "too many payloads at once; send it again later"}
	cutShort  = &refusal{http.StatusBadRequest, "the payload could not be read to its end"}
	otherKind = &refusal{http.StatusUnsupportedMediaType, "the payload must be application/json or application/x-www-form-urlencoded, as it is"}
	noPayload = &refusal{http.StatusBadRequest, "the form must have one field payload"}
)

// body reads and authenticates the payload. It comes as JSON, or as a form with
// the JSON in the field "payload"; the signature is over the bytes as sent.
// done gives back the memory that it takes, and is to be called in any case.
func (h *handler) body(w http.ResponseWriter, r *http.Request) (payload []byte, done func(), no *refusal) {
	done = func() {}
	signature, ok := parseSignature(r.Header.Values("X-Hub-Signature-256"))
	switch {
	case !ok || len(h.Secret) == 0:
		return nil, done, unsigned // before anything is read
	case r.ContentLength > MaxBody:
		return nil, done, tooLarge
	}
	raw, done, no := h.read(w, r)
	if no != nil {
		return nil, done, no
	}
	mac := hmac.New(sha256.New, h.Secret)
	mac.Write(raw)
	if !hmac.Equal(signature, mac.Sum(nil)) {
		return nil, done, unsigned
	}
	payload, no = decode(r.Header, raw)
	return payload, done, no
}

// parseSignature reads the header. Two signatures are one too many.
func parseSignature(headers []string) (mac []byte, ok bool) {
	const prefix = "sha256="
	if len(headers) != 1 || len(headers[0]) != len(prefix)+2*sha256.Size || headers[0][:len(prefix)] != prefix {
		return nil, false
	}
	mac, err := hex.DecodeString(headers[0][len(prefix):])
	return mac, err == nil
}

// decode takes the JSON out of an authenticated body.
func decode(header http.Header, raw []byte) ([]byte, *refusal) {
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if encoding := header.Get("Content-Encoding"); err != nil || encoding != "" && encoding != "identity" {
		return nil, otherKind
	}
	switch kind {
	case "application/json":
		return raw, nil
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(raw))
		if err != nil || len(form["payload"]) != 1 {
			return nil, noPayload
		}
		return []byte(form["payload"][0]), nil
	default:
		return nil, otherKind
	}
}

// Anybody can send bytes before the signature over them can be looked at. So
// what is held at once is bounded: small bodies, as nearly all are, and large
// ones apart, so that whoever sends large ones keeps no small one out.
const (
	smallBody  = 256 << 10
	smallRoom  = 32 << 20 // a thousand usual payloads
	largeRoom  = 4 * MaxBody
	firstPiece = 32 << 10
)

// room is memory that bodies share.
type room struct{ free atomic.Int64 }

func newRoom(size int64) *room {
	r := &room{}
	r.free.Store(size)
	return r
}

func (r *room) take(n int) bool {
	if r.free.Add(-int64(n)) >= 0 {
		return true
	}
	r.give(n)
	return false
}

func (r *room) give(n int) { r.free.Add(int64(n)) }

// read reads a body in pieces: memory is taken as bytes arrive, not as they are
// announced.
func (h *handler) read(w http.ResponseWriter, r *http.Request) (raw []byte, done func(), no *refusal) {
	shared := h.large
	if r.ContentLength >= 0 && r.ContentLength <= smallBody {
		shared = h.small
	}
	taken := 0
	done = func() { shared.give(taken) }
	body := http.MaxBytesReader(w, r.Body, MaxBody)
	for {
		if len(raw) == cap(raw) {
			size := pieces(cap(raw), r.ContentLength)
			if !shared.take(size) {
				return nil, done, crowded
			}
			grown := append(make([]byte, 0, size), raw...)
			shared.give(taken)
			raw, taken = grown, size
		}
		n, err := body.Read(raw[len(raw):cap(raw)])
		raw = raw[:len(raw)+n]
		var large *http.MaxBytesError
		switch {
		case errors.Is(err, io.EOF):
			return raw, done, nil
		case errors.As(err, &large):
			return nil, done, tooLarge
		case err != nil:
			return nil, done, cutShort
		}
	}
}

// pieces is how large a buffer becomes that is full, for a body of a length
// that was announced, or -1. One more byte than announced finds the end.
func pieces(now int, announced int64) int {
	grown := max(firstPiece, 2*now)
	if announced >= 0 && int64(grown) > announced && int64(now) <= announced {
		return int(announced) + 1
	}
	return min(grown, MaxBody+1)
}
