package app

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/secret"
	"github.com/changeguard/changeguard/internal/store"
)

// shelf keeps in the database what GitHub showed of what never changes, so that a
// program that was killed, or the next one of several, does not ask for it again.
// What it keeps is sealed with a key that is made of the App's: a copy of the
// database tells neither what was read nor of which repository.
type shelf struct {
	store  *store.Store
	key    *secret.Key
	name   []byte // for digests of ids
	logger *slog.Logger
	now    func() time.Time

	queue chan laid
	quit  chan struct{}
	done  chan struct{} // closed when the goroutine has ended
	close func()
}

// laid is a content on its way into the database.
type laid struct {
	installation int64
	id           string
	data         []byte
}

// The bounds of what is kept.
const (
	shelfFor      = time.Hour
	shelfBytes    = 64 << 20 // of all programs together, as it is stored
	shelfWaiting  = 256      // contents; what comes when there are more is not kept
	shelfTogether = 64       // contents in a transaction
	maxInflated   = 1 << 20
	trimEvery     = 10 * time.Minute
	trimAfter     = shelfBytes / 8 // of its own that a program wrote
)

func newShelf(s *store.Store, key string, logger *slog.Logger, now func() time.Time) (*shelf, error) {
	k, err := secret.New("contents\n" + key)
	if err != nil {
		return nil, err
	}
	name := sha256.Sum256([]byte("changeguard contents 1\n" + key))
	f := &shelf{store: s, key: k, name: name[:], logger: logger, now: now, queue: make(chan laid, shelfWaiting), quit: make(chan struct{}), done: make(chan struct{})}
	f.close = sync.OnceFunc(func() { close(f.quit); <-f.done })
	go f.run()
	return f, nil
}

// digest is the name in the database.
func (f *shelf) digest(id string) string {
	h := sha256.New()
	h.Write(f.name)
	h.Write([]byte(id))
	return hex.EncodeToString(h.Sum(nil)[:20])
}

// Take implements github.Shelf. What cannot be read is asked for instead.
func (f *shelf) Take(ctx context.Context, _ int64, ids []string) map[string][]byte {
	digests, byDigest := make([]string, len(ids)), make(map[string]string, len(ids))
	for i, id := range ids {
		digests[i] = f.digest(id)
		byDigest[digests[i]] = id
	}
	stored, err := f.store.Contents(ctx, digests)
	if err != nil {
		f.logger.DebugContext(ctx, "what was kept could not be read", logkey.Err, err)
		return nil
	}
	found := make(map[string][]byte, len(stored))
	for digest, body := range stored {
		if packed, err := f.key.Open(digest, body); err == nil {
			if data, err := inflate(packed); err == nil {
				found[byDigest[digest]] = data
			}
		}
	}
	return found
}

// Lay implements github.Shelf.
func (f *shelf) Lay(installation int64, id string, data []byte) {
	select {
	case f.queue <- laid{installation, id, data}:
	default: // it is asked for again
	}
}

// Drop implements github.Shelf.
func (f *shelf) Drop(ctx context.Context, _ int64, id string) {
	if err := f.store.DropContent(ctx, f.digest(id)); err != nil {
		f.logger.WarnContext(ctx, "what was kept could not be dropped", logkey.Err, err)
	}
}

// run writes what was laid, together what came together, and keeps within the
// bounds.
func (f *shelf) run() {
	defer close(f.done)
	ctx := context.Background()
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	written := 0
	for {
		select {
		case first := <-f.queue:
			written += f.write(ctx, f.gather(first))
		case <-tick.C:
			written = trimAfter
		case <-f.quit:
			return
		}
		if written >= trimAfter {
			f.trim(ctx)
			written = 0
		}
	}
}

func (f *shelf) gather(first laid) []laid {
	list := []laid{first}
	for len(list) < shelfTogether {
		select {
		case next := <-f.queue:
			list = append(list, next)
		default:
			return list
		}
	}
	return list
}

// write returns how many bytes it wrote.
func (f *shelf) write(ctx context.Context, list []laid) (size int) {
	var contents []store.Content
	for _, l := range list {
		digest := f.digest(l.id)
		c := store.Content{ID: digest, Installation: l.installation, Body: f.key.Seal(digest, deflate(l.data)), Kept: f.now()}
		size += len(c.Body)
		contents = append(contents, c)
	}
	if err := f.store.SetContents(ctx, contents); err != nil {
		f.logger.DebugContext(ctx, "what was read could not be kept", logkey.Err, err)
		return 0
	}
	return size
}

func (f *shelf) trim(ctx context.Context) {
	_, err := f.store.DropContents(ctx, f.now().Add(-shelfFor))
	if err := errors.Join(err, f.store.TrimContents(ctx, shelfBytes)); err != nil {
		f.logger.WarnContext(ctx, "what was kept could not be dropped", logkey.Err, err)
	}
}

// clearing drops what no program is there to drop: of servers that were stopped.
func (f *shelf) clearing() queue.Periodic {
	return queue.Periodic{Name: "drop contents", Every: shelfFor, Do: func(ctx context.Context) error {
		_, err := f.store.DropContents(ctx, f.now().Add(-shelfFor))
		return err
	}}
}

// deflate makes data smaller, where that is worth it: the first byte says whether.
func deflate(data []byte) []byte {
	const worth = 512
	if len(data) >= worth {
		var b bytes.Buffer
		b.WriteByte(1)
		w, err := flate.NewWriter(&b, flate.BestSpeed)
		if err == nil {
			_, err = w.Write(data)
			err = errors.Join(err, w.Close())
		}
		if err == nil && b.Len() < len(data) {
			return b.Bytes()
		}
	}
	return append([]byte{0}, data...)
}

var errInflated = errors.New("what was kept cannot be read")

func inflate(packed []byte) ([]byte, error) {
	if len(packed) == 0 {
		return nil, errInflated
	}
	if packed[0] == 0 {
		return packed[1:], nil
	}
	data, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed[1:])), maxInflated+1))
	if err != nil || len(data) > maxInflated {
		return nil, errInflated
	}
	return data, nil
}
