package notify_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/notify"
	"github.com/changeguard/changeguard/internal/store"
)

var background = context.Background()

// receiver is what is at the other end of a channel.
type receiver struct {
	mu     sync.Mutex
	status int
	wait   string // Retry-After
	bodies []string
	heads  []http.Header
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies, r.heads = append(r.bodies, string(body)), append(r.heads, q.Header)
	if r.status >= 300 && r.status < 400 {
		w.Header().Set("Location", "/elsewhere")
	}
	if r.wait != "" {
		w.Header().Set("Retry-After", r.wait)
	}
	w.WriteHeader(r.status)
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

type world struct {
	*testing.T
	*notify.Notifier
	at      *receiver
	store   *store.Store
	log     strings.Builder
	now     time.Time
	again   []string
	counted map[string]int
	mu      sync.Mutex
	file    string
	config  notify.Channels
}

// newWorld has channels whose addresses are at one receiver; %s is its address.
func newWorld(t *testing.T, channels string) *world {
	t.Helper()
	w := &world{T: t, at: &receiver{status: 200}, now: time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC), counted: make(map[string]int), file: filepath.Join(t.TempDir(), "n.db")}
	front := httptest.NewServer(w.at)
	t.Cleanup(front.Close)
	var err error
	if w.config, err = notify.Parse(strings.ReplaceAll(channels, "%s", front.URL)); err != nil {
		t.Fatal(err)
	}
	w.begin()
	t.Cleanup(func() { _ = w.store.Close() })
	return w
}

// begin starts the program, perhaps again.
func (w *world) begin() {
	w.Helper()
	s, err := store.Open(background, "sqlite:"+w.file)
	if err != nil {
		w.Fatal(err)
	}
	w.store = s
	w.Notifier = notify.New(notify.Config{
		Channels: w.config, Store: s, Logger: slog.New(slog.NewTextHandler(&w.log, nil)), Now: func() time.Time { return w.now },
		Again: func(_ context.Context, id string, _ store.Subject) error { w.again = append(w.again, id); return nil },
		Count: func(channel, result string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.counted[channel+" "+result]++
		},
	})
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) pull() store.Subject {
	w.Helper()
	s := store.Subject{Kind: store.Pull, Installation: 1, Owner: "acme", Repo: "app", Number: 7}
	w.check(w.store.InTx(background, func(tx *store.Tx) error {
		_, err := store.Receive(background, tx, store.Delivery{ID: "d" + w.now.String(), Event: "pull_request", Received: w.now}, &s)
		return err
	}))
	return s
}

func (w *world) red(s store.Subject, findings ...notify.Finding) {
	w.Helper()
	w.check(w.Red(background, notify.Red{
		Subject: s, Findings: findings, Wanted: map[string][]string{"block": {"ops", "gone"}},
		Message: notify.Message{Repository: "acme/app", Number: 7, Outcome: "fail", Title: "Blocked"},
	}))
}

// sent sends what is due and returns what has arrived since.
func (w *world) sent() (bodies []string) {
	w.Helper()
	w.check(w.Send(background))
	w.at.mu.Lock()
	defer w.at.mu.Unlock()
	bodies, w.at.bodies = w.at.bodies, nil
	return bodies
}

func core(id string) notify.Finding {
	return notify.Finding{ID: id, Rule: "core", Level: "block", Path: "core/a.py", Line: 3, Message: "changed"}
}

func TestToldOnceUntilGreen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{"ops": {"url": "%s/hook", "allow-private": true}}`)
	s := w.pull()
	w.red(s, core("a"), notify.Finding{ID: "w", Rule: "soft", Level: "warn"})
	got := w.sent()
	if len(got) != 1 || !strings.Contains(got[0], "core/a.py:3") || strings.Contains(got[0], "soft") {
		t.Fatalf("%q", got)
	}
	w.red(s, core("a"))
	if got := w.sent(); len(got) != 0 {
		t.Errorf("told twice: %q", got)
	}
	w.red(s, core("a"), core("b"))
	if got := w.sent(); len(got) != 1 {
		t.Errorf("what is new was told %d times", len(got))
	}
	w.check(w.Green(background, s))
	w.red(s, core("a"))
	if got := w.sent(); len(got) != 1 {
		t.Errorf("after green it was told %d times", len(got))
	}
}

// What the channel does not take is sent again, also by the next program, and
// given up after a day.
func TestSentAgainAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{"ops": {"url": "%s/secret-path", "allow-private": true}}`)
	w.red(w.pull(), core("a"))
	w.at.answer(503)
	if got := w.sent(); len(got) != 1 {
		t.Fatalf("%d attempts", len(got))
	}
	if got := w.sent(); len(got) != 0 {
		t.Errorf("tried again at once")
	}
	w.check(w.store.Close())
	w.begin()
	w.at.answer(204)
	w.now = w.now.Add(16 * time.Second)
	if got := w.sent(); len(got) != 1 {
		t.Errorf("%d attempts after the restart", len(got))
	}
	w.now = w.now.Add(48 * time.Hour)
	if got := w.sent(); len(got) != 0 {
		t.Errorf("sent once more")
	}
	w.at.answer(404)
	w.red(w.pull(), core("b"))
	tries := 0
	for range 200 {
		tries += len(w.sent())
		w.now = w.now.Add(time.Hour)
	}
	if tries < 15 || tries > 60 || w.counted["ops dropped"] != 1 || w.counted["ops sent"] != 1 {
		t.Errorf("%d attempts, %v", tries, w.counted)
	}
	if strings.Contains(w.log.String(), "secret-path") || !strings.Contains(w.log.String(), "404") {
		t.Errorf("the log:\n%s", w.log.String())
	}
}

// What a send failed by makes no difference: the same message is sent again, later,
// until it is taken, and then not once more.
func TestRetryAfterFailedSend(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 400, 404, 429, 500, 503} {
		w := newWorld(t, `{"ops": {"url": "%s/hook", "allow-private": true}}`)
		w.red(w.pull(), core("a"))
		w.at.answer(status)
		failed := w.sent()
		w.at.answer(204)
		early := w.sent()
		w.now = w.now.Add(time.Hour)
		again := w.sent()
		w.now = w.now.Add(time.Hour)
		if len(failed) != 1 || len(early) != 0 || !slices.Equal(again, failed) || len(w.sent()) != 0 {
			t.Errorf("%d: %q, then %q at once, then %q", status, failed, early, again)
		}
		if w.counted["ops failed"] != 1 || w.counted["ops sent"] != 1 || w.counted["ops dropped"] != 0 {
			t.Errorf("%d: %v", status, w.counted)
		}
	}
}

func TestEscalation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{"ops": {"url": "%s/ops", "allow-private": true, "escalate": {"after": "24h", "to": "lead"}}, "lead": {"url": "%s/lead", "allow-private": true}}`)
	s := w.pull()
	w.red(s, core("a"))
	if got := w.sent(); len(got) != 1 {
		t.Fatalf("%d at first", len(got))
	}
	w.now = w.now.Add(23 * time.Hour)
	w.red(s, core("a"), core("b")) // new findings do not begin the time anew
	if got := w.sent(); len(got) != 1 || len(w.again) != 0 {
		t.Fatalf("%q %v", got, w.again)
	}
	w.now = w.now.Add(time.Hour)
	if got := w.sent(); len(got) != 0 || len(w.again) != 1 {
		t.Fatalf("nobody looked whether it is red still: %q %v", got, w.again)
	}
	w.red(s, core("a"), core("b")) // the answer
	if got := w.sent(); len(got) != 1 || !strings.Contains(got[0], "Still red: ") {
		t.Fatalf("%q", got)
	}
	w.red(s, core("a"), core("b"))
	w.now = w.now.Add(100 * time.Hour)
	if got := w.sent(); len(got) != 0 {
		t.Errorf("escalated twice: %q", got)
	}
}

// What was mended or closed when somebody looked is not escalated.
func TestNoEscalationOfWhatIsGreen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{"ops": {"url": "%s/ops", "allow-private": true, "escalate": {"after": "1h", "to": "ops"}}}`)
	s := w.pull()
	w.red(s, core("a"))
	w.sent()
	w.now = w.now.Add(2 * time.Hour)
	w.sent()
	w.check(w.Green(background, s))
	w.now = w.now.Add(2 * time.Hour)
	if got := w.sent(); len(got) != 0 || len(w.again) != 1 {
		t.Errorf("%q %v", got, w.again)
	}
}

// A change that passes with a warning is not red: what was told before is over and
// is told anew when it comes up again, and nobody is told that it is red still.
func TestWarningsAreNotEscalated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{"ops": {"url": "%s/ops", "allow-private": true, "escalate": {"after": "1h", "to": "ops"}}}`)
	s, soft := w.pull(), notify.Finding{ID: "w", Rule: "soft", Level: "warn", Message: "mind this"}
	passes := func() {
		t.Helper()
		w.check(w.Red(background, notify.Red{
			Subject: s, Findings: []notify.Finding{soft}, Wanted: map[string][]string{"block": {"ops"}, "warn": {"ops"}},
			Message: notify.Message{Repository: "acme/app", Number: 7, Outcome: "pass", Title: "Passed with a warning"},
		}))
	}
	w.red(s, core("a"))
	if got := w.sent(); len(got) != 1 {
		t.Fatalf("%q", got)
	}
	passes()
	if got := w.sent(); len(got) != 1 || !strings.Contains(got[0], "mind this") {
		t.Errorf("the warning: %q", got)
	}
	w.now = w.now.Add(2 * time.Hour)
	w.check(w.Send(background))
	passes() // the same once more
	if got := w.sent(); len(got) != 0 || len(w.again) != 0 {
		t.Errorf("told of what passes: %q %v", got, w.again)
	}
	w.red(s, core("a"))
	if got := w.sent(); len(got) != 1 || !strings.Contains(got[0], "core/a.py:3") {
		t.Errorf("red again: %q", got)
	}
}

// Each level is told to the channels that the policy names for it, and to no other.
func TestEachLevelHasItsChannels(t *testing.T) {
	t.Parallel()
	const to = `{"url": "%s", "allow-private": true, "format": "json", "secret": "sixteen bytes or more"}`
	w := newWorld(t, `{"ops": `+to+`, "lead": `+to+`, "all": `+to+`}`)
	findings := []notify.Finding{{ID: "b", Rule: "r", Level: "block"}, {ID: "a", Rule: "r", Level: "approve"}, {ID: "w", Rule: "r", Level: "warn"}}
	w.check(w.Red(background, notify.Red{
		Subject: w.pull(), Findings: findings, Message: notify.Message{Repository: "acme/app", Outcome: "fail"},
		Wanted: map[string][]string{"block": {"ops", "all"}, "approve": {"lead", "all"}, "warn": {"all"}},
	}))
	var heard []string
	for _, body := range w.sent() {
		var m notify.Message
		w.check(json.Unmarshal([]byte(body), &m))
		var levels []string
		for _, f := range m.Findings {
			levels = append(levels, f.Level)
		}
		heard = append(heard, strings.Join(levels, " "))
	}
	slices.Sort(heard)
	if want := []string{"approve", "block", "block approve warn"}; !slices.Equal(heard, want) {
		t.Errorf("%q, want %q", heard, want)
	}
}

// A channel that asks to be left alone for a while is, though for an hour at most.
func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int]time.Duration{1: 15 * time.Second, 600: 10 * time.Minute, 86400: time.Hour} {
		w := newWorld(t, `{"ops": {"url": "%s/hook", "allow-private": true}}`)
		w.at.answer(429)
		w.at.wait = fmt.Sprint(seconds)
		w.red(w.pull(), core("a"))
		w.sent()
		w.now = w.now.Add(want - time.Second)
		early := w.sent()
		w.now = w.now.Add(time.Second)
		if again := w.sent(); len(early) != 0 || len(again) != 1 {
			t.Errorf("Retry-After %d: %d before %s, %d then", seconds, len(early), want, len(again))
		}
	}
}

// genuine is what the manual has a receiver do, written without the sender's code:
// HMAC by its definition in RFC 2104.
func genuine(secret, timestamp, signature, body string, now time.Time) bool {
	key := make([]byte, sha256.BlockSize) // of at most as many bytes; longer keys are hashed first
	copy(key, secret)
	inner, outer := sha256.New(), sha256.New()
	for _, b := range key {
		inner.Write([]byte{b ^ 0x36})
		outer.Write([]byte{b ^ 0x5c})
	}
	inner.Write([]byte(timestamp + "." + body))
	outer.Write(inner.Sum(nil))
	at, err := strconv.ParseInt(timestamp, 10, 64)
	return err == nil && signature == fmt.Sprintf("sha256=%x", outer.Sum(nil)) && now.Sub(time.Unix(at, 0)).Abs() < 5*time.Minute
}

// A receiver that does what the manual says takes what was sent, and nothing that
// was changed, signed by somebody else, or sent again later. Slack gets no signature.
func TestReceiversTellWhatIsGenuine(t *testing.T) {
	t.Parallel()
	const secret = "sixteen bytes or more"
	w := newWorld(t, `{"ops": {"url": "%s", "allow-private": true, "format": "json", "secret": "`+secret+`"}}`)
	w.red(w.pull(), core("a"))
	got := w.sent()
	if len(got) != 1 {
		t.Fatalf("%q", got)
	}
	at, signature := w.at.heads[0].Get("X-Changeguard-Timestamp"), w.at.heads[0].Get("X-Changeguard-Signature")
	if !genuine(secret, at, signature, got[0], w.now) {
		t.Errorf("%s %s of %s is not taken", at, signature, got[0])
	}
	if genuine(secret, at, signature, got[0]+" ", w.now) || genuine("another secret!!", at, signature, got[0], w.now) || genuine(secret, at+"0", signature, got[0], w.now) || genuine(secret, at, signature, got[0], w.now.Add(time.Hour)) {
		t.Error("what is not genuine is taken")
	}
	slack := newWorld(t, `{"ops": {"url": "%s", "allow-private": true}}`)
	slack.red(slack.pull(), core("a"))
	if got := slack.sent(); len(got) != 1 || slack.at.heads[0].Get("X-Changeguard-Signature") != "" {
		t.Errorf("%q %v", got, slack.at.heads)
	}
}

func TestWhoHears(t *testing.T) {
	t.Parallel()
	for channel, want := range map[string]int{
		`{"url": "%s", "allow-private": true}`:                       1,
		`{"url": "%s", "allow-private": true, "owners": ["ACME"]}`:   1,
		`{"url": "%s", "allow-private": true, "owners": ["other"]}`:  0,
		`{"url": "%s", "allow-private": true, "rules": ["core"]}`:    1,
		`{"url": "%s", "allow-private": true, "rules": ["another"]}`: 0,
	} {
		w := newWorld(t, `{"ops": `+channel+`}`)
		w.red(w.pull(), core("a"))
		if got := w.sent(); len(got) != want {
			t.Errorf("%s: %d", channel, len(got))
		}
	}
}

func TestNotice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{"ops": {"url": "%s", "allow-private": true}, "lead": {"url": "%s", "allow-private": true, "notices": true, "format": "json", "secret": "sixteen bytes or more"}}`)
	notice := map[string]any{"kind": "landing", "repository": "acme/app", "branch": "main", "after": "abc", "commits": []any{map[string]any{"id": "abc"}}, "more": 2}
	for range 2 { // the same may be told twice
		w.check(w.Notice(background, notice))
	}
	got := w.sent()
	if len(got) != 1 || !strings.Contains(got[0], "3 commits reached main without a green verdict") || !strings.Contains(got[0], `"branch":"main"`) {
		t.Fatalf("%q", got)
	}
	h := w.at.heads[0]
	if want := notify.Sign("sixteen bytes or more", h.Get("X-Changeguard-Timestamp"), []byte(got[0])); h.Get("X-Changeguard-Signature") != want || h.Get("X-Changeguard-Timestamp") != fmt.Sprint(w.now.Unix()) {
		t.Errorf("%v", h)
	}
	// Computed with another program: printf '5.{}' | openssl dgst -sha256 -hmac key
	if got := notify.Sign("key", "5", []byte("{}")); got != "sha256=9be615aec64f0d044b5ad6854ab1d893ec88617fb728d2149dcd3a3428e8c45d" {
		t.Error(got)
	}
}

// Nothing from a change mentions anybody or looks like a link.
func TestSlackTakesTextAsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{"ops": {"url": "%s", "allow-private": true}}`)
	f := core("a")
	f.Path, f.Message = "<!channel>|<https://evil.example|click>", "@here https://evil.example *b* `c`\n"+strings.Repeat("x", 5000)+"\u202e"
	w.red(w.pull(), f)
	got := w.sent()
	var body struct{ Text string }
	if len(got) != 1 || json.Unmarshal([]byte(got[0]), &body) != nil {
		t.Fatalf("%q", got)
	}
	for _, bad := range []string{"<!", "<https://evil", "@here", "https://evil", "*b*", "`", "\u202e"} {
		if strings.Contains(body.Text, bad) {
			t.Errorf("%q is in %q", bad, body.Text)
		}
	}
	if len(body.Text) > 2000 || strings.Count(body.Text, "\n") != 1 {
		t.Errorf("%d bytes, %q", len(body.Text), body.Text)
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{}`)
	front := httptest.NewServer(w.at)
	t.Cleanup(front.Close)
	now := func() time.Time { return w.now }
	// As if the name had been resolved to this machine only now.
	err := notify.Test(background, &notify.Channel{Name: "x", URL: front.URL + "/secret-path", Format: "slack"}, now)
	if err == nil || !strings.Contains(err.Error(), "private network") || strings.Contains(err.Error(), "secret-path") || len(w.at.bodies) > 0 {
		t.Errorf("%v", err)
	}
	w.at.answer(302) // is not followed
	if err := notify.Test(background, &notify.Channel{Name: "x", URL: front.URL, Format: "slack", Private: true}, now); err == nil || len(w.at.bodies) != 1 {
		t.Errorf("%v, %d requests", err, len(w.at.bodies))
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                                   "",
		`{}`:                                 "",
		`{"a": {"url": "https://h/secret"}}`: "",
		`{"a": {"url": "http://h/secret"}}`:  "must begin with https",
		`{"a": {"url": "http://h/secret", "allow-private": true}}`:                 "",
		`{"a": {"url": "https://10.0.0.7/secret"}}`:                                "private network",
		`{"a": {"url": "https://[::ffff:169.254.169.254]/secret"}}`:                "private network",
		`{"a": {"url": "https://[fe80::1]/secret"}}`:                               "private network",
		`{"a": {"url": "https://localhost/secret"}}`:                               "private network",
		`{"a": {"url": "ftp://h/secret"}}`:                                         "url must be an address",
		`{"a": {"url": "secret"}}`:                                                 "url must be an address",
		`{"a": {"url": "https://h/", "format": "json"}}`:                           "needs a secret",
		`{"a": {"url": "https://h/", "format": "json", "secret": "short secret"}}`: "at least 16 bytes",
		`{"a": {"url": "https://h/", "format": "xml"}}`:                            "slack or json",
		`{"a": {"url": "https://h/", "secret": "a secret of some length"}}`:        "takes no secret",
		`{"#a": {"url": "https://h/"}}`:                                            "cannot write this name",
		`{"a": null}`:                                                              "is empty",
		`{"a": {"url": "https://h/", "escalate": {"after": "5m", "to": "a"}}}`:     "1h to 720h",
		`{"a": {"url": "https://h/", "escalate": {"after": "5h", "to": "b"}}}`:     "names no channel",
		`{"a": {"uri": "https://h/secret"}}`:                                       "unknown field",
		`{"a": "https://h/secret"}`:                                                "must not be a string",
		`{"a": {"url": "https://h/secret"`:                                         "JSON",
		`{} {"secret": 1}`:                                                         "something follows",
		`["secret"]`:                                                               "must not be a",
	} {
		_, err := notify.Parse(text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if err != nil && strings.Contains(strings.ReplaceAll(strings.ReplaceAll(err.Error(), "takes no secret", ""), "needs a secret", ""), "secret") {
			t.Errorf("%s: it repeats a secret: %v", text, err)
		}
	}
}
