package github

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// A LimitError says that GitHub wants no more requests for now.
type LimitError struct{ Until time.Time }

func (e *LimitError) Error() string {
	return fmt.Sprintf("GitHub's rate limit is reached until %s", e.Until.UTC().Format(time.RFC3339))
}

// Errors that callers tell apart.
var (
	// ErrGone says that a pull request, its repository or the installation is
	// not there, or not to be seen. Right after an event it may be there soon.
	ErrGone      = errors.New("it is gone from GitHub, or not visible to this installation")
	ErrNotFound  = errors.New("not found on GitHub")
	ErrForbidden = errors.New("GitHub refuses it to this installation")
	// ErrUnauthorized is the ErrForbidden of a token that is not good, or not any more.
	ErrUnauthorized = fmt.Errorf("%w: it does not take the token", ErrForbidden)
	// ErrNoMergeBase says that base and head have no commit in common.
	ErrNoMergeBase = errors.New("base and head have no commit in common")
	// ErrNotComparable says that GitHub gave up on comparing base and head.
	ErrNotComparable = errors.New("the change is too large for GitHub to compare")
	// ErrOrganisation says that there is an organisation's policy, or may be one,
	// and that it cannot be read.
	ErrOrganisation = errors.New("the organisation's policy cannot be read")
	// ErrInvalid says that GitHub does not take what was sent, for instance a
	// result for a commit that is not there.
	ErrInvalid = errors.New("GitHub does not take it")
	// errTooCostly says that a query was more than GitHub answers at once.
	errTooCostly = errors.New("the query asks for more than GitHub answers")
)

// explain turns the library's errors into ours.
func explain(what string, err error) error {
	if err == nil {
		return nil
	}
	var limit *LimitError
	var response *gh.ErrorResponse
	var primary *gh.RateLimitError
	switch {
	case errors.As(err, &limit):
		return fmt.Errorf("%s: %w", what, limit)
	case errors.As(err, &primary): // the library keeps count as well
		return fmt.Errorf("%s: %w", what, &LimitError{primary.Rate.Reset.Time})
	case errors.As(err, &response) && response.Response != nil:
		return fmt.Errorf("%s: %w", what, explainStatus(response))
	}
	return fmt.Errorf("%s: %w", what, err)
}

func explainStatus(response *gh.ErrorResponse) error {
	for _, e := range response.Errors {
		if e.Code == "not_available" {
			return fmt.Errorf("%w: %s", ErrNotComparable, response.Message)
		}
	}
	switch response.Response.StatusCode {
	case http.StatusNotFound, http.StatusGone:
		return fmt.Errorf("%w: %s", ErrNotFound, response.Message)
	case http.StatusUnauthorized:
		return fmt.Errorf("%w: %s", ErrUnauthorized, response.Message)
	case http.StatusForbidden:
		return fmt.Errorf("%w: %s", ErrForbidden, response.Message)
	case http.StatusUnprocessableEntity:
		return fmt.Errorf("%w: %s", ErrInvalid, response.Message)
	}
	return response
}

// doubtful reports whether a request may have been carried out although it
// failed: the answer did not arrive, or was no answer to it.
func doubtful(err error) bool {
	var limit *LimitError
	if err == nil || errors.As(err, &limit) {
		return false
	}
	var response *gh.ErrorResponse
	if errors.As(err, &response) && response.Response != nil {
		return response.Response.StatusCode >= http.StatusInternalServerError
	}
	return !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrForbidden) && !errors.Is(err, ErrInvalid)
}
