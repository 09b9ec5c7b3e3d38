package requiredevidence

import (
	"fmt"
	"strings"
	"time"
)

// maxName is how much of a name a message shows, in bytes.
const maxName = 120

// named quotes a name, which may come from outside.
func named(s string) string {
	if len(s) > maxName {
		s = strings.ToValidUTF8(s[:maxName], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}

// words is a duration as policies write it: "1h", "1h30m", "45s".
func words(d time.Duration) string {
	s := d.String()
	s = strings.TrimSuffix(s, "m0s")
	if len(s) < len(d.String()) {
		s += "m"
	}
	if short, ok := strings.CutSuffix(s, "h0m"); ok {
		s = short + "h"
	}
	return s
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// wanted names what a rule asks for, for whoever cannot know it.
func (o *Options) wanted() string {
	var parts []string
	for _, name := range o.Checks {
		parts = append(parts, "check "+named(name))
	}
	if o.counts() {
		parts = append(parts, "attached test reports")
	}
	const most = 5
	if more := len(parts) - most; more > 0 {
		parts = append(parts[:most], fmt.Sprintf("%d more", more))
	}
	return strings.Join(parts, ", ")
}
