package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// A Failed is a delivery that GitHub could not hand over.
type Failed struct {
	ID     int64  // of this attempt
	GUID   string // of the delivery, which further attempts share
	Event  string
	At     time.Time
	Status int // what was answered; 502 or 504 for no answer
}

// FailedDeliveries lists the attempts that failed since a time, the youngest
// first. GitHub keeps them for three days.
func (a *App) FailedDeliveries(ctx context.Context, since time.Time) ([]Failed, error) {
	rest := a.rest()
	var list []Failed
	cursor := ""
	for range maxPages {
		req, err := rest.NewRequest(http.MethodGet, fmt.Sprintf("app/hook/deliveries?status=failure&per_page=%d&cursor=%s", perPage, url.QueryEscape(cursor)), nil)
		if err != nil {
			return nil, fmt.Errorf("list failed deliveries: %w", err)
		}
		var page []*gh.HookDelivery
		resp, err := rest.Do(ctx, req, &page)
		if err != nil {
			return nil, explain("list failed deliveries", err)
		}
		for _, d := range page {
			if d.GetDeliveredAt().Before(since) {
				return list, nil
			}
			list = append(list, Failed{d.GetID(), d.GetGUID(), d.GetEvent(), d.GetDeliveredAt().Time, d.GetStatusCode()})
		}
		if cursor = resp.Cursor; cursor == "" {
			break
		}
	}
	return list, nil
}

// Redeliver asks for a delivery once more. It comes later, under its own id.
func (a *App) Redeliver(ctx context.Context, id int64) error {
	_, _, err := a.rest().Apps.RedeliverHookDelivery(ctx, id)
	var accepted *gh.AcceptedError
	if errors.As(err, &accepted) {
		return nil
	}
	return explain(fmt.Sprintf("ask for delivery %d again", id), err)
}
