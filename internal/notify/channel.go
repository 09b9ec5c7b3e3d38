// Package notify tells people outside of GitHub what was found: chat rooms that
// take Slack's format, and any program that takes a signed request.
//
// # The model
//
// A channel is configured at the server, with its address and its secret. A
// policy only names channels (notify: {block: [ops]}), so nothing that a
// repository says decides where a request goes. What is to be told is written to
// the database in the evaluation that found it and sent afterwards, again and
// again for a day, so that a restart or an outage loses nothing. The same is told
// once, until the change is green.
//
// An address is a secret: it is never logged, shown or part of an error.
package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A Channel is where something is told.
type Channel struct {
	Name string `json:"-"`
	// URL takes a POST. It is a secret.
	URL string `json:"url"`
	// Format is slack (the default), which Mattermost, Rocket.Chat and Discord's
	// /slack addresses take too, or json, which is signed.
	Format string `json:"format"`
	// Secret signs format json with HMAC-SHA-256; at least 16 bytes.
	Secret string `json:"secret"`
	// Owners are the accounts whose repositories may use the channel; none means
	// all that the App is installed on.
	Owners []string `json:"owners"`
	// Rules are the only ones that are told; none means all.
	Rules []string `json:"rules"`
	// Notices has the channel told of what reached a watched branch without a
	// green verdict.
	Notices bool `json:"notices"`
	// Escalate tells another channel of what stays red.
	Escalate *Escalation `json:"escalate"`
	// Private allows an address on this machine or in a private network.
	Private bool `json:"allow-private"`
}

// An Escalation tells another channel of what is red for so long.
type Escalation struct {
	After string `json:"after"` // 1h to 720h
	To    string `json:"to"`

	after time.Duration
}

// Channels are all channels by their names.
type Channels map[string]*Channel

var name = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9_.#/-]{0,99}$`) // as policies write them

const (
	minSecret     = 16
	minEscalation = time.Hour
	maxEscalation = 720 * time.Hour
)

// Parse reads the configuration, a JSON object of channels by name, and returns
// every problem at once. No problem repeats an address or a secret.
func Parse(text string) (Channels, error) {
	if strings.TrimSpace(text) == "" {
		return Channels{}, nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	var channels Channels
	if err := d.Decode(&channels); err != nil {
		return nil, fmt.Errorf("it is no JSON object of channels, such as {\"ops\": {\"url\": \"https://…\"}}: %w", plain(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	var problems []error
	for _, n := range slices.Sorted(maps.Keys(channels)) {
		c := channels[n]
		if c == nil {
			problems = append(problems, fmt.Errorf("channel %.100q is empty", n))
			continue
		}
		c.Name = n
		for _, p := range c.problems(channels) {
			problems = append(problems, fmt.Errorf("channel %.100q: %w", n, p))
		}
	}
	return channels, errors.Join(problems...)
}

// plain is what may be said of a mistake in JSON: no value, which may be secret.
func plain(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("a mistake at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("%s must not be a %s", kind.Field, strings.Fields(kind.Value)[0])
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return errors.New("it ends too early")
}

func (c *Channel) problems(all Channels) (list []error) {
	add := func(format string, args ...any) { list = append(list, fmt.Errorf(format, args...)) }
	if !name.MatchString(c.Name) {
		add("a policy cannot write this name")
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		add("url must be an address like https://HOST/PATH")
	case u.Scheme == "http" && !c.Private:
		add("url must begin with https://, unless allow-private is true")
	case !c.Private && (net.ParseIP(u.Hostname()) != nil && !public(net.ParseIP(u.Hostname())) || strings.EqualFold(u.Hostname(), "localhost")):
		add("url is in a private network; set allow-private if that is meant")
	}
	switch c.Format {
	case "":
		c.Format = "slack"
	case "slack", "json":
	default:
		add("format must be slack or json")
	}
	if c.Format == "json" && len(c.Secret) < minSecret {
		add("format json needs a secret of at least %d bytes", minSecret)
	}
	if c.Format == "slack" && c.Secret != "" {
		add("format slack is not signed and takes no secret")
	}
	if e := c.Escalate; e != nil {
		if e.after, err = time.ParseDuration(e.After); err != nil || e.after < minEscalation || e.after > maxEscalation {
			add("escalate.after must be a time from 1h to 720h")
		}
		if all[e.To] == nil {
			add("escalate.to names no channel")
		}
	}
	return list
}

// takes reports whether the channel is for an account's repositories.
func (c *Channel) takes(owner string) bool {
	return len(c.Owners) == 0 || slices.ContainsFunc(c.Owners, func(o string) bool { return strings.EqualFold(o, owner) })
}

// hears reports whether the channel is told of a rule.
func (c *Channel) hears(rule string) bool { return len(c.Rules) == 0 || slices.Contains(c.Rules, rule) }
