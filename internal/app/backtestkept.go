package app

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// The bounds of what a backtest keeps of GitHub's answers, so that one that was
// ended by a limit or a person goes on where it was.
const (
	keptFor    = 24 * time.Hour
	keptBytes  = 512 << 20
	keptAnswer = 16 << 20
)

// keptAnswers is a transport that asks once for what is asked for again within a
// day: pull requests that are closed change seldom. Answers are kept by the request
// with its token, so nobody reads what another token was shown.
type keptAnswers struct {
	next  http.RoundTripper
	dir   string
	now   time.Time
	space atomic.Int64 // bytes that are left
}

// keepAnswers makes room in a folder and keeps answers there. "" means that none are
// kept; a folder that cannot be written is an error.
func keepAnswers(next http.RoundTripper, dir string, now time.Time) (http.RoundTripper, error) {
	if dir == "" {
		return next, nil
	}
	if next == nil {
		next = http.DefaultTransport
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	space, err := makeRoom(dir, now)
	k := &keptAnswers{next: next, dir: dir, now: now}
	k.space.Store(space)
	return k, err
}

// makeRoom drops what is too old, and the oldest of what is too much: a quarter of
// the bound is left free at the least.
func makeRoom(dir string, now time.Time) (space int64, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	var infos []fs.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return 0, err
		case info.Mode().IsRegular() && strings.HasSuffix(e.Name(), ".kept"):
			infos = append(infos, info)
		}
	}
	slices.SortFunc(infos, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	space = keptBytes
	for _, info := range infos {
		if now.Sub(info.ModTime()) < keptFor && space-info.Size() > keptBytes/4 {
			space -= info.Size()
		} else if err := os.Remove(filepath.Join(dir, info.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
	}
	return space, nil
}

// keptOne is an answer as it is kept.
type keptOne struct {
	Header http.Header
	Body   []byte
}

// RoundTrip implements http.RoundTripper.
func (k *keptAnswers) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, errors.Join(err, r.Body.Close())
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	name := filepath.Join(k.dir, answerName(r, body))
	if a, ok := k.read(name); ok {
		return &http.Response{
			Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body)), ContentLength: int64(len(a.Body)), Request: r,
		}, nil
	}
	response, err := k.next.RoundTrip(r)
	if err != nil || response.StatusCode != http.StatusOK {
		return response, err
	}
	return response, k.keep(name, response)
}

func answerName(r *http.Request, body []byte) string {
	h := sha256.New()
	for _, text := range []string{r.Method, r.URL.String(), r.Header.Get("Authorization"), r.Header.Get("Accept"), string(body)} {
		sum := sha256.Sum256([]byte(text))
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil)) + ".kept"
}

// read is what is kept under a name and is young enough. What cannot be read is
// asked for anew.
func (k *keptAnswers) read(name string) (a keptOne, ok bool) {
	info, err := os.Stat(name)
	if err != nil || k.now.Sub(info.ModTime()) >= keptFor {
		return a, false
	}
	data, err := os.ReadFile(name)
	return a, err == nil && json.Unmarshal(data, &a) == nil && a.Header != nil
}

// keep writes an answer and puts what was read of it back. An answer that holds an
// error, or more than there is room for, is passed on alone.
func (k *keptAnswers) keep(name string, r *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, keptAnswer+1))
	if err != nil {
		return errors.Join(err, r.Body.Close())
	}
	if len(body) > keptAnswer {
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
		return nil
	}
	if err := r.Body.Close(); err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var answer struct {
		Errors json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(body, &answer) == nil && answer.Errors != nil {
		return nil
	}
	header := make(http.Header)
	for _, key := range []string{"Content-Type", "Link"} { // no limits of then
		if v := r.Header.Get(key); v != "" {
			header.Set(key, v)
		}
	}
	data, err := json.Marshal(keptOne{header, body})
	if err != nil {
		return err
	}
	if k.space.Add(-int64(len(data))) < 0 {
		return nil
	}
	return writeKept(k.dir, name, data)
}

// writeKept puts an answer in its place at once, so that a run that is ended leaves
// no half of one.
func writeKept(dir, name string, data []byte) (err error) {
	f, err := os.CreateTemp(dir, "new-*.kept")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = cmp.Or(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), name)
}
