package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A Message is what is told. Its JSON is what format json sends.
type Message struct {
	Kind       string    `json:"kind"` // finding, escalation, notice or test
	Repository string    `json:"repository"`
	Number     int       `json:"number,omitempty"` // of the pull request
	URL        string    `json:"url,omitempty"`    // of the pull request
	Details    string    `json:"details,omitempty"`
	Head       string    `json:"head,omitempty"`
	Outcome    string    `json:"outcome,omitempty"`
	Title      string    `json:"title"`
	Subject    string    `json:"subject,omitempty"` // the pull request's title
	Findings   []Finding `json:"findings,omitempty"`
	More       int       `json:"more,omitempty"` // findings that are left out
	// Notice is what reached a branch, as the server notes it.
	Notice json.RawMessage `json:"notice,omitempty"`
	At     time.Time       `json:"at"`
}

// A Finding is what is told of one.
type Finding struct {
	ID      string `json:"id"`
	Rule    string `json:"rule"`
	Level   string `json:"level"`
	Path    string `json:"path"`
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// maxFindings is how many are told; maxText bounds each text, in bytes.
const (
	maxFindings = 20
	maxText     = 500
)

// slack writes a message as Slack takes it. Everything from a change is text:
// Slack's three special characters are escaped, so that no mention or link comes
// out of it, and it stands in no markup that it could leave.
func (m Message) slack() ([]byte, error) {
	var b strings.Builder
	place := text(m.Repository)
	if m.Number > 0 {
		place = fmt.Sprintf("%s#%d", place, m.Number)
		if m.URL != "" {
			place = "<" + link(m.URL) + "|" + place + ">"
		}
	}
	lead := map[string]string{"escalation": "Still red: ", "test": "Test: "}[m.Kind]
	fmt.Fprintf(&b, "%s%s: %s", lead, place, text(m.Title))
	if m.Subject != "" {
		fmt.Fprintf(&b, "\n%s", text(m.Subject))
	}
	for _, f := range m.Findings {
		at := f.Path
		if f.Line > 0 {
			at = fmt.Sprintf("%s:%d", f.Path, f.Line)
		}
		fmt.Fprintf(&b, "\n• %s, %s: %s %s", text(f.Level), text(f.Rule), text(at), text(f.Message))
	}
	if m.More > 0 {
		fmt.Fprintf(&b, "\n… and %d more", m.More)
	}
	if m.Details != "" {
		fmt.Fprintf(&b, "\n<%s|Why>", link(m.Details))
	}
	return json.Marshal(map[string]any{"text": b.String(), "unfurl_links": false, "unfurl_media": false})
}

// text is a text from outside on one line, without markup. What Slack would read
// as markup is kept apart by a zero-width space.
func text(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200b {
			return ' '
		}
		return r
	}, clip(s, maxText))
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "*\u200b", "_", "_\u200b", "~", "~\u200b", "`", "'", "@", "@\u200b", "://", ":\u200b//").Replace(s)
}

// link is an address inside of Slack's brackets.
func link(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C", " ", "%20").Replace(s)
}

func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n] + "…"
	}
	return strings.ToValidUTF8(s, "�")
}

// Sign is the signature of a body that was sent at a time, as the header
// X-Changeguard-Signature says it: whoever receives it computes the same from
// X-Changeguard-Timestamp, a dot and the bytes of the body.
func Sign(secret, timestamp string, body []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(timestamp + "."))
	h.Write(body)
	return "sha256=" + hex.EncodeToString(h.Sum(nil))
}
