package session

import (
	"strings"

	"github.com/changeguard/changeguard/change"
)

// maxID bounds a session's id.
const maxID = 128

// found is a session's address in a text.
type found struct{ agent, address, id string }

// hasLink reports whether a text may hold a session's address.
func hasLink(text string) bool {
	for _, l := range links {
		if strings.Contains(text, l.prefix) {
			return true
		}
	}
	return false
}

// linksIn finds the addresses of sessions in a line, outside its code spans.
// They are recognised by host and path, with an id behind.
func linksIn(line string) []found {
	var list []found
	line = withoutCode(line)
	for _, l := range links {
		rest := line
		for {
			at := strings.Index(rest, l.prefix)
			if at < 0 {
				break
			}
			before := rest[:at]
			rest = rest[at+len(l.prefix):]
			// The id begins in the prefix, as "bc-" or "task_" do.
			begin := l.prefix[strings.LastIndexAny(l.prefix, "/=")+1:]
			if id := idAt(rest); id != "" && !endsInHost(before) && len(list) < maxIDs {
				list = append(list, found{l.agent, l.prefix + id, begin + id})
			}
		}
	}
	return list
}

// endsInHost reports whether a host name would go on to the left.
func endsInHost(before string) bool {
	return before != "" && (alphanumeric(before[len(before)-1]) || before[len(before)-1] == '-')
}

// maxCodeLine bounds the search for code spans. What is longer is taken as it
// is, which can only find more.
const maxCodeLine = 64 << 10

// withoutCode takes the code spans out of a line.
func withoutCode(line string) string {
	if len(line) > maxCodeLine {
		return line
	}
	var b strings.Builder
	for {
		start := strings.IndexByte(line, '`')
		if start < 0 {
			break
		}
		rest := strings.TrimLeft(line[start:], "`")
		marks := line[start : len(line)-len(rest)]
		b.WriteString(line[:start])
		end := closing(rest, len(marks))
		if end < 0 { // it closes nowhere and is no code
			b.WriteString(marks)
			line = rest
			continue
		}
		b.WriteByte(' ')
		line = rest[end:]
	}
	if b.Len() == 0 {
		return line
	}
	return b.String() + line
}

// closing is the offset behind the next run of exactly n backticks.
func closing(s string, n int) int {
	for at := 0; ; {
		i := strings.IndexByte(s[at:], '`')
		if i < 0 {
			return -1
		}
		at += i
		run := len(s[at:]) - len(strings.TrimLeft(s[at:], "`"))
		at += run
		if run == n {
			return at
		}
	}
}

// sessionIDs are the ids that a commit message names, in order.
func sessionIDs(message string) []string {
	var ids []string
	linked := hasLink(message)
	for _, line := range change.Unquoted(message) {
		if t, ok := change.ParseTrailer(line, 0); ok {
			if _, ok := idTrailers[asciiLower(t.Key)]; ok {
				if id := sessionID(t.Value); id != "" {
					ids = append(ids, id)
				}
				continue
			}
		}
		if linked {
			for _, l := range linksIn(line) {
				ids = append(ids, l.id)
			}
		}
	}
	return ids
}

// sessionID reads the value of an id's trailer: the id, or an address that ends
// in it. Text behind a space, brackets, a query or a fragment are left out: the
// commits of one session would fall apart if each form made another id.
func sessionID(value string) string {
	value, _, _ = strings.Cut(strings.TrimSpace(value), " ")
	value = strings.Trim(value, "<>()[]\"'")
	if _, path, ok := strings.Cut(value, "://"); ok {
		value = lastPart(path)
	}
	if id := idAt(value); len(id) == len(value) {
		return id
	}
	return ""
}

// lastPart is the id's place in an address: the parameter that holds it, or the
// last segment of the path.
func lastPart(address string) string {
	address, _, _ = strings.Cut(address, "#")
	path, query, _ := strings.Cut(address, "?")
	for pair := range strings.SplitSeq(query, "&") {
		if key, value, _ := strings.Cut(pair, "="); key == "bcId" || key == "id" {
			return value
		}
	}
	path = strings.TrimRight(path, "/")
	at := strings.LastIndexByte(path, '/')
	if at < 0 {
		return "" // a host alone
	}
	return path[at+1:]
}

// idAt is the id that a text begins with: letters, digits, "-", "_" and ".",
// the first and the last of them a letter or a digit.
func idAt(s string) string {
	if s == "" || !alphanumeric(s[0]) {
		return ""
	}
	n := 0
	for n < len(s) && (alphanumeric(s[n]) || strings.IndexByte("-_.", s[n]) >= 0) {
		n++
	}
	id := strings.TrimRight(s[:n], "-_.")
	if len(id) > maxID {
		return ""
	}
	return id
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}
