package github

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"

	gh "github.com/google/go-github/v60/github"

	"github.com/changeguard/changeguard/change"
)

// errBusy says that GitHub did not answer a query, and may the next time.
var errBusy = errors.New("GitHub answers no queries just now")

// Trouble is the first error, while contents were read, that is likely to be gone
// when they are read again: a change that was judged meanwhile was judged on
// less than GitHub would show. costly says that it may as well be that GitHub
// never answers this.
func (l *Loaded) Trouble() (err error, costly bool) { //nolint:revive // the error is what is asked for
	w, ok := l.Change.Source.(*watched)
	if !ok {
		return nil, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err, errors.Is(w.err, errTooCostly)
}

// watched is a source that remembers its trouble.
type watched struct {
	*source

	mu  sync.Mutex
	err error
}

var (
	_ change.Source       = (*watched)(nil)
	_ change.CommitSource = (*watched)(nil)
	_ change.TreeSource   = (*watched)(nil)
)

// note keeps the first error that passes; a limit counts more, since it says
// until when.
func (w *watched) note(err error) error {
	var limit *LimitError
	if err == nil || !passes(err) {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil || errors.As(err, &limit) {
		w.err = err
	}
	return err
}

// passes tells what may be different the next time.
func passes(err error) bool {
	var limit *LimitError
	var response *gh.ErrorResponse
	var connection *url.Error
	switch {
	case errors.As(err, &limit), errors.Is(err, errBusy), errors.Is(err, errTooCostly):
		return true
	case errors.Is(err, ErrGone), errors.Is(err, ErrForbidden), errors.Is(err, ErrNotFound), errors.Is(err, ErrInvalid), errors.Is(err, ErrNotComparable):
		return false
	case errors.As(err, &response) && response.Response != nil:
		return response.Response.StatusCode >= http.StatusInternalServerError
	}
	return errors.As(err, &connection)
}

// Entries implements change.Source.
func (w *watched) Entries(ctx context.Context, side change.Side, paths []string) (map[string]change.Entry, error) {
	found, err := w.source.Entries(ctx, side, paths)
	return found, w.note(err)
}

// Blobs implements change.Source.
func (w *watched) Blobs(ctx context.Context, ids []string, limit change.Limits) (map[string]change.Blob, error) {
	found, err := w.source.Blobs(ctx, ids, limit)
	return found, w.note(err)
}

// Lines implements change.Source.
func (w *watched) Lines(ctx context.Context, files []change.File) ([]change.Lines, error) {
	lines, err := w.source.Lines(ctx, files)
	return lines, w.note(err)
}

// CommitPaths implements change.CommitSource.
func (w *watched) CommitPaths(ctx context.Context, ids []string) (map[string][]string, error) {
	found, err := w.source.CommitPaths(ctx, ids)
	return found, w.note(err)
}

// BaseTree implements change.TreeSource.
func (w *watched) BaseTree(ctx context.Context) ([]change.Entry, error) {
	list, err := w.source.BaseTree(ctx)
	return list, w.note(err)
}

var errRefused = errors.New("GitHub refused a query")

// unanswered tells a query that GitHub could not answer from one that it did not
// want to.
func unanswered(status int) error {
	if status >= http.StatusInternalServerError {
		return errBusy
	}
	return errRefused
}
