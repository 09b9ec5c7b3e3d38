package app

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/changeguard/changeguard/guard"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/internal/notify"
	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/verdict"
)

// addNotifier makes what tells people outside of GitHub.
func (s *Server) addNotifier() {
	s.notifier = notify.New(notify.Config{
		Channels: s.config.channels, Store: s.store, Logger: s.outside.Logger, Now: s.outside.Now, Count: s.metrics.Notification,
		Again: func(ctx context.Context, id string, x store.Subject) error { return s.queue.Again(ctx, id, x) },
	})
}

// sending is the work of the house that sends notifications.
func (s *Server) sending() queue.Periodic {
	return queue.Periodic{Name: "send notifications", Every: notify.Every, Do: s.notifier.Send}
}

// tell notes what people are to hear of a verdict.
func (s *Server) tell(ctx context.Context, x guard.Seen) error {
	v := x.Verdict
	red := notify.Red{Subject: x.Subject, Wanted: wanted(x.Layers), Findings: told(v)}
	if v.Observed || x.Draft || len(red.Findings) == 0 && v.Outcome != verdict.Incomplete {
		return s.notifier.Green(ctx, x.Subject)
	}
	red.Message = notify.Message{
		Repository: x.Subject.Repository(), Number: x.Subject.Number, Head: v.Head, Outcome: string(v.Outcome), Title: v.Title, Subject: x.Title,
		URL: s.pullURL(x.Subject), Details: s.details(x.Subject),
	}
	return s.notifier.Red(ctx, red)
}

// wanted are the channels that the policies name, by level.
func wanted(layers []verdict.Layer) map[string][]string {
	all := make(map[string][]string)
	for _, l := range layers {
		if l.Policy == nil || l.Policy.Mode == policy.Observe {
			continue
		}
		for level, names := range l.Policy.Notify {
			all[string(level)] = append(all[string(level)], names...)
		}
	}
	return all
}

// told are the findings that nobody lifted and that a policy enforces.
func told(v *verdict.Verdict) (list []notify.Finding) {
	for _, f := range v.Findings {
		if f.LiftedBy == nil && f.Enforced && f.Level != policy.Off {
			list = append(list, notify.Finding{ID: f.ID, Rule: f.Rule, Level: string(f.Level), Path: f.Path, Line: f.Line, Message: f.Message})
		}
	}
	return list
}

// details is the page about a pull request, or "".
func (s *Server) details(x store.Subject) string {
	if s.config.PublicURL == "" || x.Kind != store.Pull {
		return ""
	}
	return fmt.Sprintf("%s/%s/%s/pull/%d", strings.TrimSuffix(s.config.PublicURL, "/"), x.Owner, x.Repo, x.Number)
}

// pullURL is a pull request on GitHub, or "".
func (s *Server) pullURL(x store.Subject) string {
	u, err := url.Parse(s.config.GitHubURL)
	if err != nil || x.Kind != store.Pull {
		return ""
	}
	return fmt.Sprintf("%s://%s/%s/%s/pull/%d", u.Scheme, strings.TrimPrefix(u.Host, "api."), url.PathEscape(x.Owner), url.PathEscape(x.Repo), x.Number)
}

// channelPage is read when it is asked for, since every command begins with this package.
var channelPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("channels").Parse(channelText))
})

const channelText = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Channels of changeguard</title>
<h1>Channels</h1>
{{with .Said}}<p role="status">{{.}}</p>{{end}}
{{range .Channels}}<form method="post"><p>{{.Name}} ({{.Format}}) <button name="channel" value="{{.Name}}">Send a test to {{.Name}}</button></p></form>
{{else}}<p>No channel is configured; see CHANGEGUARD_NOTIFY.</p>{{end}}`

// channels serves the page with a button that tests each channel. It is on the
// admin address, and a page elsewhere cannot press the button.
func (s *Server) channels() http.Handler {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said, status := "", http.StatusOK
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
			said, status = s.testChannel(r.Context(), r.PostFormValue("channel"))
		}
		var list []*notify.Channel
		for _, name := range slices.Sorted(maps.Keys(s.config.channels)) {
			list = append(list, s.config.channels[name])
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		w.WriteHeader(status)
		_ = channelPage().Execute(w, map[string]any{"Said": said, "Channels": list}) // the client went away
	})
	return http.NewCrossOriginProtection().Handler(page)
}

func (s *Server) testChannel(ctx context.Context, name string) (said string, status int) {
	c := s.config.channels[name]
	if c == nil {
		return "There is no such channel.", http.StatusNotFound
	}
	if err := notify.Test(ctx, c, s.outside.Now); err != nil {
		s.outside.Logger.WarnContext(ctx, "a channel's test failed", logkey.Channel, name, logkey.Err, err)
		return fmt.Sprintf("The test of %s failed: %v.", name, err), http.StatusBadGateway
	}
	return "The test was sent to " + name + ".", http.StatusOK
}

// NotifyTest sends a test to a channel and returns the exit code.
func NotifyTest(ctx context.Context, channels, name string, getenv func(string) string, stdout, stderr io.Writer) int {
	if channels == "" {
		var err error
		if channels, err = fromEnvironment(getenv, "CHANGEGUARD_NOTIFY"); err != nil {
			fmt.Fprintln(stderr, "changeguard notify test:", err)
			return ExitUsage
		}
	}
	all, err := notify.Parse(channels)
	if err != nil {
		fmt.Fprintf(stderr, "changeguard notify test: CHANGEGUARD_NOTIFY: %v\n", err)
		return ExitUsage
	}
	c := all[name]
	if c == nil {
		message := "no channel is configured; see CHANGEGUARD_NOTIFY"
		if len(all) > 0 {
			message = nearest.Unknown("channel", name, slices.Sorted(maps.Keys(all)))
		}
		fmt.Fprintln(stderr, "changeguard notify test:", message)
		return ExitUsage
	}
	if err := notify.Test(ctx, c, time.Now); err != nil {
		fmt.Fprintf(stderr, "changeguard notify test: %s: %v\n", name, err)
		return ExitStopped
	}
	fmt.Fprintln(stdout, "sent")
	return ExitPass
}
