package hook

import (
	"slices"
	"strings"
)

const patchBegins = "*** Begin Patch"

func isPatch(text string) bool { return strings.Contains(text, patchBegins) }

// patch reads the form in which Codex writes files.
func patch(text string) []Write {
	_, text, _ = strings.Cut(text, patchBegins)
	var writes []Write
	var body *[]string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		verb, name, ok := strings.Cut(line, " File: ")
		switch {
		case ok && strings.TrimSpace(name) != "" && (verb == "*** Add" || verb == "*** Update" || verb == "*** Delete"):
			lines := new([]string)
			body = lines
			w := Write{Path: strings.TrimSpace(name), Removed: verb == "*** Delete"}
			if verb == "*** Add" {
				w.Edit = func(string) (string, bool) { return added(*lines), true }
			} else {
				w.Edit = func(old string) (string, bool) { return patched(old, *lines) }
			}
			writes = append(writes, w)
		case strings.HasPrefix(line, "*** Move to: ") && strings.TrimSpace(line) != "*** Move to:":
			// The new place gets a content that is not followed; the old one goes.
			if len(writes) > 0 {
				writes[len(writes)-1].Removed = true
			}
			writes = append(writes, Write{Path: strings.TrimSpace(strings.TrimPrefix(line, "*** Move to: "))})
		case strings.HasPrefix(line, "*** End Patch"):
			return writes
		case body != nil:
			*body = append(*body, line)
		}
	}
	return writes
}

func added(lines []string) string {
	var b strings.Builder
	for _, l := range lines {
		if rest, ok := strings.CutPrefix(l, "+"); ok {
			b.WriteString(rest + "\n")
		}
	}
	return b.String()
}

// patched applies hunks, each of which stands for the next place where its old
// lines are.
func patched(old string, lines []string) (string, bool) {
	text := strings.Split(old, "\n")
	if len(lines)*len(text) > maxWork {
		return "", false
	}
	at := 0
	var before, after []string
	apply := func() bool {
		if len(before)+len(after) == 0 {
			return true
		}
		i := find(text[at:], before)
		if i < 0 || len(before) == 0 {
			return false
		}
		text = slices.Concat(text[:at+i], after, text[at+i+len(before):])
		at += i + len(after)
		before, after = nil, nil
		return true
	}
	for _, l := range lines {
		mark, rest := byte(' '), ""
		if l != "" {
			mark, rest = l[0], l[1:]
		}
		switch {
		case strings.HasPrefix(l, "@@"):
			if !apply() {
				return "", false
			}
		case mark == '+':
			after = append(after, rest)
		case mark == '-':
			before = append(before, rest)
		case mark == ' ':
			before, after = append(before, rest), append(after, rest)
		case strings.HasPrefix(l, "***"):
		default:
			return "", false
		}
	}
	if n := len(before); n > 0 && before[n-1] == "" && len(after) > 0 && after[len(after)-1] == "" && find(text[at:], before) < 0 {
		before, after = before[:n-1], after[:len(after)-1] // the blank line behind the last hunk
	}
	ok := apply()
	return strings.Join(text, "\n"), ok
}

// find is the first place of some lines within others.
func find(text, lines []string) int {
	for i := 0; i+len(lines) <= len(text); i++ {
		if slices.Equal(text[i:i+len(lines)], lines) {
			return i
		}
	}
	return -1
}
