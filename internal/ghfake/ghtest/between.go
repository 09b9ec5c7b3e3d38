package ghtest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// Between stands between a client and the stand-in. What it does is set by
// tests; the zero value does nothing. It is safe for many requests at once.
type Between struct {
	mu     sync.Mutex
	before func(r *http.Request)
	edit   func(answer map[string]any)
	edited string
	watch  func(r *http.Request, resp *http.Response)
	deaf   bool
}

// Before does something before each request; nil ends it.
func (b *Between) Before(do func(r *http.Request)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.before = do
}

// Once does something before the first request whose path has a part.
func (b *Between) Once(part string, do func()) {
	var done atomic.Bool
	b.Before(func(r *http.Request) {
		if strings.Contains(r.URL.Path, part) && done.CompareAndSwap(false, true) {
			do()
		}
	})
}

// Edit changes the JSON objects that requests whose path has a part are
// answered with; nil ends it.
func (b *Between) Edit(part string, edit func(answer map[string]any)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.edited, b.edit = part, edit
}

// Answered does something with each answer before the client sees it; nil ends
// it.
func (b *Between) Answered(do func(r *http.Request, resp *http.Response)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watch = do
}

// Deafen has requests go on although their context has ended.
func (b *Between) Deafen() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deaf = true
}

// RoundTrip implements http.RoundTripper.
func (b *Between) RoundTrip(r *http.Request) (*http.Response, error) {
	b.mu.Lock()
	before, edit, edited, watch, deaf := b.before, b.edit, b.edited, b.watch, b.deaf
	b.mu.Unlock()
	if before != nil {
		before(r)
	}
	if deaf {
		r = r.WithContext(context.WithoutCancel(r.Context()))
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && watch != nil {
		watch(r, resp)
	}
	if err != nil || edit == nil || !strings.Contains(r.URL.Path, edited) {
		return resp, err
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, err
	}
	edit(answer)
	data, err := json.Marshal(answer)
	resp.Body = io.NopCloser(bytes.NewReader(data))
	return resp, err
}
