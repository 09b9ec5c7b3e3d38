package shape

import "strings"

// NamesIssue reports whether a text names an issue of a tracker: "#12",
// "owner/repo#12", "GH-12", a key such as "PLAT-34", or the address of an issue.
// The text is the author's. Since naming an issue adds points, a false mark
// makes a change look riskier, never safer; leaving one out takes 15 points.
//
// It looks at each byte a bounded number of times.
func NamesIssue(text string) bool {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '#':
			if number(text[i+1:]) && (i == 0 || !hashBefore(text[i-1])) {
				return true
			}
		case c == '-' && number(text[i+1:]):
			if key(text[max(0, i-maxKey-1):i]) {
				return true
			}
		case c == '/' && strings.HasPrefix(text[i:], "/issues/") && number(text[i+len("/issues/"):]):
			return true
		}
	}
	return false
}

// Bounds of what is a number of an issue, and of what is a tracker's key.
const (
	maxDigits = 9
	minKey    = 2
	maxKey    = 10
)

// number reports whether a text begins with the number of an issue and nothing
// that makes it something else, such as a colour or a version.
func number(text string) bool {
	n := 0
	for n < len(text) && n <= maxDigits && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	if n == 0 || n > maxDigits || text[0] == '0' {
		return false
	}
	if n == len(text) || !wordy(text[n]) && text[n] != '.' && text[n] != '-' {
		return true
	}
	return text[n] == '.' && (n+1 == len(text) || !wordy(text[n+1]))
}

// notKeys are names that look like a tracker's key and are standards.
var notKeys = map[string]bool{
	"UTF": true, "SHA": true, "ISO": true, "RFC": true, "CVE": true, "CWE": true, "MD": true, "AES": true, "RSA": true, "HTTP": true, "TLS": true,
	"PEP": true, "ES": true, "UTC": true, "GMT": true, "COVID": true, "X": true, "PR": true, "ISSN": true, "ISBN": true, "IPV": true, "BASE": true,
}

// key reports whether a text ends in a tracker's key: capitals and digits after
// a capital, at the beginning of a word.
func key(before string) bool {
	at := len(before)
	for at > 0 && (before[at-1] >= 'A' && before[at-1] <= 'Z' || before[at-1] >= '0' && before[at-1] <= '9') {
		at--
	}
	word := before[at:]
	if len(word) < minKey || len(word) > maxKey || word[0] < 'A' || notKeys[word] {
		return false
	}
	return at == 0 || !wordy(before[at-1]) && before[at-1] != '-'
}

func wordy(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// hashBefore tells what stands before a # that is no issue: an entity (&#39;)
// or a second mark.
func hashBefore(c byte) bool { return c == '&' || c == '#' }
