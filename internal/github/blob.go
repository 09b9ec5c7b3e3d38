package github

import (
	"context"
	"crypto/sha1" //nolint:gosec // git's object ids
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"

	gh "github.com/google/go-github/v60/github"

	"github.com/changeguard/changeguard/change"
)

// blob reads one content as bytes, at most limit of them.
func (c *Client) blob(ctx context.Context, owner, repo, id string, limit int64) (change.Blob, error) {
	req, err := c.rest.NewRequest(http.MethodGet, repoPath(owner, repo)+"git/blobs/"+url.PathEscape(id), nil)
	if err != nil {
		return change.Blob{}, fmt.Errorf("ask for a blob: %w", err)
	}
	req.Header.Set("Accept", "application/vnd.github.raw+json")
	resp, err := c.rest.BareDo(ctx, req)
	if tooLarge(err) {
		return change.Blob{Size: limit + 1, TooLarge: true}, nil // GitHub gives out 100 MB at most
	}
	if err != nil {
		return change.Blob{}, explain("read blob "+id, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return change.Blob{}, fmt.Errorf("read blob %s: %w", id, err)
	}
	if int64(len(data)) > limit {
		return change.Blob{Size: max(resp.ContentLength, int64(len(data))), TooLarge: true}, nil
	}
	if got := blobID(data, len(id)); got != id {
		return change.Blob{}, fmt.Errorf("read blob %s: GitHub sent other bytes (%s)", id, got)
	}
	return change.Blob{Data: data, Size: int64(len(data))}, nil
}

// tooLarge tells the refusal of a content over GitHub's own limit from others.
func tooLarge(err error) bool {
	var response *gh.ErrorResponse
	if !errors.As(err, &response) {
		return false
	}
	for _, e := range response.Errors {
		if e.Code == "too_large" {
			return true
		}
	}
	return false
}

// blobID is git's id of a content; ids of 64 digits are SHA-256.
func blobID(data []byte, digits int) string {
	var h hash.Hash = sha1.New() //nolint:gosec // git's object ids
	if digits == 2*sha256.Size {
		h = sha256.New()
	}
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}
