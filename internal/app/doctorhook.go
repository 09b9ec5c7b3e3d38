package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/web"
)

// hook looks where webhooks are sent, and whether somebody on the way could read or
// forge them.
func (x *examination) hook(ctx context.Context) {
	const about = "the webhook's settings"
	page := x.web + "/settings/apps"
	h, err := x.app.Hook(ctx)
	switch {
	case errors.Is(err, github.ErrNotFound) || err == nil && h.URL == "":
		x.say(about, ill, "the App has no webhook: nothing is sent to the server", "Make it active in the App's settings, with this server's address and "+web.WebhookPath+" behind it.", page)
		return
	case err != nil:
		x.unanswered(about, err)
		return
	}
	var wrong []string
	if h.Secret == "" {
		wrong = append(wrong, "it has no secret, so the server refuses all that it sends")
	}
	if h.Insecure() {
		wrong = append(wrong, "the server's certificate is not verified")
	}
	to, err := url.Parse(h.URL)
	if err != nil || to.Scheme != "https" && !isLoopback(to.Hostname()) {
		wrong = append(wrong, "what it sends can be read on the way, since its address is not https")
	}
	if want := strings.TrimSuffix(x.Config.PublicURL, "/") + web.WebhookPath; x.Config.PublicURL != "" && !strings.EqualFold(strings.TrimSuffix(h.URL, "/"), want) {
		wrong = append(wrong, fmt.Sprintf("it sends to %s, and this server is at %s", h.URL, want))
	}
	if len(wrong) > 0 {
		x.say(about, ill, strings.Join(wrong, "; "), "Correct it in the App's settings.", page)
		return
	}
	x.say(about, healthy, "signed, and sent to "+h.URL, "", "")
}

// deliveries looks how the last webhooks were answered.
func (x *examination) deliveries(ctx context.Context) {
	const about = "webhooks"
	page := x.web + "/settings/apps"
	list, err := x.app.Delivered(ctx)
	if err == nil && x.Ping {
		list, err = x.ping(ctx, list)
	}
	if err != nil {
		x.unanswered(about, err)
		return
	}
	if len(list) == 0 {
		x.say(about, ill, "GitHub has sent none in the last three days", "Check that the App's webhook is active and has this server's address.", page)
		return
	}
	counts := make(map[string]int)
	for _, d := range slices.Backward(list) { // the last word on each delivery counts
		counts[outcomeOf(d.Status)]++
	}
	last := list[0]
	switch refused, failed := counts["refused"], counts["failed"]; {
	case outcomeOf(last.Status) == "refused":
		x.say(about, ill, fmt.Sprintf("the last one was refused with %d: the secret is another one than the server's", last.Status), "Set the same secret in the App's settings and in CHANGEGUARD_WEBHOOK_SECRET.", page)
	case outcomeOf(last.Status) == "failed":
		x.say(about, ill, fmt.Sprintf("the last one failed with %d, and %d of the last %d", last.Status, failed, len(list)), "Check that the server runs and can be reached from GitHub; it asks for failed ones again by itself.", page)
	case refused+failed > 0:
		x.say(about, healthy, fmt.Sprintf("the last one was accepted; of the last %d, %d failed and %d were refused", len(list), failed, refused), "", "")
	default:
		x.say(about, healthy, fmt.Sprintf("the last %d were accepted, so the secret fits", len(list)), "", "")
	}
}

// outcomeOf sorts the answers to webhooks.
func outcomeOf(status int) string {
	switch {
	case status >= 200 && status < 300:
		return "accepted"
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return "refused"
	}
	return "failed"
}

// pingLooks is how often the ping's answer is looked for.
const pingLooks = 20

// ping sends the last ping again and waits until GitHub lists how it went.
func (x *examination) ping(ctx context.Context, list []github.Delivered) ([]github.Delivered, error) {
	i := slices.IndexFunc(list, func(d github.Delivered) bool { return d.Event == "ping" })
	if i < 0 {
		x.say("ping", yoursToDo, "there is no ping among the last deliveries that could be sent again", "Redeliver one of them by hand, under Advanced in the App's settings.", x.web+"/settings/apps")
		return list, nil
	}
	if err := x.app.Redeliver(ctx, list[i].ID); err != nil {
		return nil, err
	}
	pause := x.Pause
	if pause == 0 {
		pause = time.Second / 2
	}
	for range pingLooks {
		now, err := x.app.Delivered(ctx)
		if err != nil {
			return nil, err
		}
		if n := slices.IndexFunc(now, func(d github.Delivered) bool { return d.GUID == list[i].GUID }); n >= 0 && now[n].ID != list[i].ID {
			x.say("ping", map[bool]string{true: healthy, false: ill}[outcomeOf(now[n].Status) == "accepted"], fmt.Sprintf("sent again, answered with %d", now[n].Status), "", "")
			return now, nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, errors.New("GitHub does not list the ping that it was asked to send again")
}
