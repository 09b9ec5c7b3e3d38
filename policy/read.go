package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/nearest"
)

// pair is one entry of a mapping.
type pair struct {
	key   string
	at    *yaml.Node
	value *yaml.Node
}

// mapping reads the entries of a mapping; where names it in messages.
func (r *reader) mapping(n *yaml.Node, where string) []pair {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s must be a mapping, this is %s", where, describe(n))
		return nil
	}
	if entries := len(n.Content) / 2; entries > maxEntries {
		r.fail(n, "%s has %d entries, %d are allowed", where, entries, maxEntries)
		return nil
	}
	var pairs []pair
	lines := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !r.key(key, where) {
			continue
		}
		if first, twice := lines[key.Value]; twice {
			r.fail(key, "duplicate key %q in %s, first given in line %d", clip(key.Value), where, first)
			continue
		}
		lines[key.Value] = key.Line
		pairs = append(pairs, pair{key.Value, key, value})
	}
	return pairs
}

// key refuses keys that are no texts.
func (r *reader) key(key *yaml.Node, where string) bool {
	switch {
	case key.Kind == yaml.ScalarNode && key.Tag == "!!merge":
		r.fail(key, "merge keys (<<) are not allowed in a policy; write the keys out")
	case key.Kind != yaml.ScalarNode || isNull(key):
		r.fail(key, "a key of %s must be a name, this is %s", where, describe(key))
	case key.Tag != "!!str":
		r.fail(key, "a key of %s must be a text; write \"%s\" in quotes", where, clip(key.Value))
	default:
		return true
	}
	return false
}

// field is a known key: what it is for, what its value looks like and what reads
// it. The decoder and the schema both go by it, so neither can know a key that
// the other does not.
type field struct {
	name  string
	desc  string
	shape func() *Schema
	read  func(n *yaml.Node, where string)
}

// topLevel is how messages name the file itself.
const topLevel = "the policy"

// join names what is under a key in messages, on one line whatever the key.
func join(where, key string) string {
	key = strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return '\ufffd'
	}, clip(key))
	if where == topLevel || where == testLevel {
		return key
	}
	return where + "." + key
}

// fields reads a mapping with a fixed set of keys and calls the function of
// each that is there.
func (r *reader) fields(n *yaml.Node, where string, known []field) {
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = k.name
	}
	for _, p := range r.mapping(n, where) {
		found := false
		for _, k := range known {
			if k.name == p.key {
				found = true
				r.field(p, k, join(where, k.name))
			}
		}
		if !found {
			r.unknownKey(p.at, p.key, where, names)
		}
	}
}

func (r *reader) field(p pair, k field, where string) {
	r.written.places[where] = place{p.at.Line, p.at.Column}
	if isNull(p.value) {
		r.fail(p.at, "%s has no value; give one or remove the line", where)
		return
	}
	r.leaf(where, p)
	k.read(p.value, where)
}

func (r *reader) unknownKey(at *yaml.Node, key, where string, known []string) {
	message := fmt.Sprintf("unknown key %q in %s", clip(key), where)
	if meant := nearest.Of(key, known); meant != "" {
		message += fmt.Sprintf("; did you mean %q?", meant)
	} else {
		message += "; known are " + strings.Join(known, ", ")
	}
	r.fail(at, "%s", message)
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func isQuoted(n *yaml.Node) bool {
	return n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0
}

// describe names what somebody wrote instead.
func describe(n *yaml.Node) string {
	switch {
	case isNull(n):
		return "nothing"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	default:
		return fmt.Sprintf("%q", clip(n.Value))
	}
}

func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	for at := most; ; at-- {
		if utf8.RuneStart(s[at]) {
			return s[:at] + "…"
		}
	}
}

// text reads a string. Numbers and booleans are texts as they are written.
func (r *reader) text(n *yaml.Node, where string) (string, bool) {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		r.fail(n, "%s must be a text, this is %s", where, describe(n))
		return "", false
	}
	return n.Value, true
}

// texts reads a list of strings, each with its node.
func (r *reader) texts(n *yaml.Node, where string) ([]string, []*yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		message := "%s must be a list, this is %s"
		if n.Kind == yaml.ScalarNode {
			message += "; put it in [ ]"
		}
		r.fail(n, message, where, describe(n))
		return nil, nil
	}
	if len(n.Content) > maxItems {
		r.fail(n, "%s has %d items, %d are allowed", where, len(n.Content), maxItems)
		return nil, nil
	}
	out := make([]string, 0, len(n.Content))
	var nodes []*yaml.Node
	for i, item := range n.Content {
		switch s, ok := r.text(item, fmt.Sprintf("%s[%d]", where, i)); {
		case ok && s == "":
			r.fail(item, "%s[%d] is empty", where, i)
		case ok:
			out = append(out, s)
			nodes = append(nodes, item)
		}
	}
	return out, nodes
}

// choice reads one of a few words.
func (r *reader) choice(n *yaml.Node, where string, known []string) string {
	s, ok := r.text(n, where)
	if !ok {
		return ""
	}
	if message := nearest.Unknown("value", s, known); message != "" {
		r.fail(n, "%s: %s", where, message)
		return ""
	}
	return s
}

func (r *reader) boolean(n *yaml.Node, where string) bool {
	if n.Kind != yaml.ScalarNode || isQuoted(n) || n.Value != "true" && n.Value != "false" {
		r.fail(n, "%s must be true or false, without quotes; this is %s", where, describe(n))
		return false
	}
	return n.Value == "true"
}

var wholeNumber = lazyregexp.New(`^-?(0|[1-9][0-9]*)$`)

// number reads a whole number between two bounds, both included.
func (r *reader) number(n *yaml.Node, where string, least, most int64) int64 {
	if n.Kind != yaml.ScalarNode || isQuoted(n) || !wholeNumber.MatchString(n.Value) {
		r.fail(n, "%s must be a whole number in digits, without quotes and unit; this is %s", where, describe(n))
		return least
	}
	v, err := strconv.ParseInt(n.Value, 10, 64)
	switch {
	case err != nil || v > most:
		r.fail(n, "%s must be at most %d, this is %s", where, most, clip(n.Value))
	case v < least:
		r.fail(n, "%s must be at least %d, this is %d", where, least, v)
	default:
		return v
	}
	return least
}

// maxCount is the largest number of anything that is counted.
const maxCount = 1_000_000_000

var days = lazyregexp.New(`^([0-9]{1,4}) ?(d|days?|w|weeks?)$`)

// duration reads a time in Go's notation.
func (r *reader) duration(n *yaml.Node, where string) time.Duration {
	d, err := time.ParseDuration(n.Value)
	if n.Kind == yaml.ScalarNode && err == nil && d > 0 {
		return d
	}
	message := fmt.Sprintf("%s must be a positive time in hours, minutes and seconds, such as 168h or 1h30m; this is %s", where, describe(n))
	if m := days.FindStringSubmatch(n.Value); m != nil {
		count, _ := strconv.Atoi(m[1]) // at most four digits
		hours := 24 * count
		if m[2][0] == 'w' {
			hours *= 7
		}
		message = fmt.Sprintf("%s: days and weeks are not understood; write %dh for %s", where, hours, n.Value)
	}
	r.fail(n, "%s", message)
	return 0
}

// The longest name and message, in characters.
const (
	maxName    = 100
	maxMessage = 1000
)

// printable checks a name that people only read.
func (r *reader) printable(p pair, where string) bool {
	switch {
	case strings.ContainsFunc(p.key, func(c rune) bool { return !unicode.IsPrint(c) }):
		r.fail(p.at, "%s: the name %q holds a character that cannot be printed", where, clip(p.key))
	case strings.TrimSpace(p.key) == "" || strings.TrimSpace(p.key) != p.key:
		r.fail(p.at, "%s: a name must not be empty, or begin or end with a blank; this is %q", where, clip(p.key))
	case utf8.RuneCountInString(p.key) > maxName:
		r.fail(p.at, "%s: the name %q is longer than %d characters", where, clip(p.key), maxName)
	default:
		return true
	}
	return false
}

// word checks a name that people also write, in commands, labels and trailers.
func (r *reader) word(p pair, where string) bool {
	if !r.printable(p, where) {
		return false
	}
	for i, c := range p.key {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && (i == 0 || !unicode.IsMark(c) && !strings.ContainsRune("-_.", c)) {
			r.fail(p.at, "%s: a name is made of letters, digits and - _ . and begins with a letter or digit; this is %q", where, clip(p.key))
			return false
		}
	}
	return true
}
