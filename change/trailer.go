package change

import "strings"

// A Trailer is a "Key: value" line of a commit message or of a pull request's
// body. Unlike git's own trailers it may stand on any line, since squash merges
// and agents put theirs in the middle of a message. Lines in code blocks and
// quotes are not trailers: there somebody shows one, and does not declare it.
type Trailer struct {
	Key   string
	Value string
	Line  int // 1-based
}

const (
	maxTrailerKey = 64
	maxTrailers   = 20000 // of one text, far more than anybody writes
)

// Trailers reads all trailers of a text in order.
func Trailers(text string) []Trailer {
	var found []Trailer
	var fence string
	for n := 1; text != "" && len(found) < maxTrailers; n++ {
		var line string
		line, text = cutLine(text)
		if fence, line = outsideFence(fence, line); line == "" {
			continue
		}
		if key, value, ok := parseTrailer(line); ok {
			found = append(found, Trailer{Key: key, Value: value, Line: n})
		}
	}
	return found
}

// UnquotedLines are the lines of a text outside code blocks and quotes, at most
// maxTrailers of them that are not empty.
func UnquotedLines(text string) []string {
	var lines []string
	var fence string
	for text != "" && len(lines) < maxTrailers {
		var line string
		line, text = cutLine(text)
		if fence, line = outsideFence(fence, line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// cutLine splits off the first line, without its end.
func cutLine(text string) (line, rest string) {
	line, rest, _ = strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

// outsideFence tracks fenced code blocks. It returns the fence that is open
// after the line, and the line itself when it is neither code nor a quote.
func outsideFence(fence, line string) (open, text string) {
	body := strings.TrimLeft(line, " ")
	indented := len(line)-len(body) >= 4 || strings.HasPrefix(line, "\t")
	mark := fenceMark(body)
	switch {
	case fence != "":
		if !indented && strings.HasPrefix(mark, fence) && strings.TrimSpace(body[len(mark):]) == "" {
			return "", ""
		}
		return fence, ""
	case indented || strings.HasPrefix(body, ">"):
		return "", ""
	case mark != "":
		return mark, ""
	}
	return "", body
}

// fenceMark is the run of three or more ` or ~ that a line starts with.
func fenceMark(line string) string {
	for _, c := range []string{"`", "~"} {
		n := len(line) - len(strings.TrimLeft(line, c))
		if n >= 3 && (c == "~" || !strings.Contains(line[n:], "`")) {
			return line[:n]
		}
	}
	return ""
}

// parseTrailer reads "Key: value". A key is letters, digits and hyphens.
func parseTrailer(line string) (key, value string, ok bool) {
	key, value, ok = strings.Cut(line, ":")
	if !ok || key == "" || len(key) > maxTrailerKey {
		return "", "", false
	}
	for i := range len(key) {
		c := key[i]
		if c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return "", "", false
		}
	}
	value = strings.TrimSpace(value)
	return key, value, value != ""
}
