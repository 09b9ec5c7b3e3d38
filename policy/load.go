package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/rules"
)

// MaxSize is the largest policy file, in bytes.
const MaxSize = 1 << 20

// Digest names the bytes of a policy file.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Load reads a policy. Either the policy or at least one problem comes back.
func Load(data []byte, src Source, kinds []rules.Kind) (*Policy, Problems) {
	r := &reader{file: src.Name, kinds: kinds}
	p := &Policy{Mode: Enforce, Digest: Digest(data), Source: src}
	p.Approvals = Approvals{Count: 1, From: []string{"role:write"}}
	p.Overrides = Overrides{By: []string{"role:maintain"}, Expire: 168 * time.Hour}
	p.Risk.ApproveAt = "never"
	if root := r.parse(data); root != nil {
		r.policy(root, p)
	}
	if len(r.problems) > 0 {
		return nil, r.problems.sorted()
	}
	r.addImplicit(p)
	p.Set = r.set.Build()
	return p, nil
}

// reader walks the nodes of one file and collects problems.
type reader struct {
	file     string
	kinds    []rules.Kind
	set      pathset.Builder
	problems Problems
}

func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	r.failAt(n.Line, n.Column, format, args...)
}

func (r *reader) failAt(line, col int, format string, args ...any) {
	r.problems = append(r.problems, Problem{r.file, max(1, line), max(1, col), fmt.Sprintf(format, args...)})
}

// parse turns the bytes into the root mapping, nil with a problem.
func (r *reader) parse(data []byte) *yaml.Node {
	switch {
	case len(data) > MaxSize:
		r.failAt(1, 1, "the policy has %d bytes, the limit is %d", len(data), MaxSize)
		return nil
	case !utf8.Valid(data):
		r.failAt(1+strings.Count(string(data[:firstInvalid(data)]), "\n"), 1, "the policy is no valid UTF-8")
		return nil
	case len(strings.TrimSpace(string(data))) == 0:
		r.failAt(1, 1, "the policy is empty; `changeguard policy init` writes one")
		return nil
	}
	var doc yaml.Node
	if err := yaml.Load(data, &doc); err != nil {
		r.syntax(err)
		return nil
	}
	root := &doc
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		root = doc.Content[0]
	}
	if !r.plainTree(root) {
		return nil
	}
	if root.Kind != yaml.MappingNode {
		r.fail(root, "the policy must be a mapping that begins with version: 1")
		return nil
	}
	return root
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		c, n := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(data)
}

// syntax reports what the parser refused.
func (r *reader) syntax(err error) {
	var load *yaml.LoadError
	if errors.As(err, &load) {
		r.failAt(load.Mark.Line, load.Mark.Column, "%s", oneLine(load.Message))
		return
	}
	r.failAt(1, 1, "%s", oneLine(strings.TrimPrefix(err.Error(), "yaml: ")))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// plainTree refuses what makes a policy read differently by different readers:
// aliases, anchors, tags and merge keys.
func (r *reader) plainTree(n *yaml.Node) bool {
	ok := true
	switch {
	case n.Kind == yaml.AliasNode:
		r.fail(n, "aliases are not allowed in a policy; write the value out")
		return false
	case n.Anchor != "":
		r.fail(n, "anchors are not allowed in a policy; write the value out where it is used")
		ok = false
	case n.Style&yaml.TaggedStyle != 0:
		r.fail(n, "tags are not allowed in a policy")
		ok = false
	}
	for _, child := range n.Content {
		ok = r.plainTree(child) && ok
	}
	return ok
}

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
	var pairs []pair
	lines := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" || key.Tag == "!!null" {
			r.fail(key, "a key of %s must be a name, this is %s", where, describe(key))
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
				if isNull(p.value) {
					r.fail(p.at, "%s has no value", join(where, k.name))
				} else {
					k.read(p.value, join(where, k.name))
				}
			}
		}
		if !found {
			r.unknownKey(p.at, p.key, where, names)
		}
	}
}

// field is a known key and what reads its value.
type field struct {
	name string
	read func(n *yaml.Node, where string)
}

// topLevel is how messages name the file itself.
const topLevel = "the policy"

func join(where, key string) string {
	if where == topLevel {
		return key
	}
	return where + "." + key
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
	return strings.ToValidUTF8(s[:most], "") + "…"
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
		r.fail(n, "%s must be a list, this is %s; write [%s]", where, describe(n), clip(n.Value))
		return nil, nil
	}
	var out []string
	var nodes []*yaml.Node
	for i, item := range n.Content {
		s, ok := r.text(item, fmt.Sprintf("%s[%d]", where, i))
		if !ok {
			continue
		}
		if s == "" {
			r.fail(item, "%s[%d] is empty", where, i)
			continue
		}
		out = append(out, s)
		nodes = append(nodes, item)
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

// globs validates path globs and adds them to the set.
func (r *reader) globs(n *yaml.Node, where string, use pathset.Use) ([]string, pathset.List, bool) {
	patterns, nodes := r.texts(n, where)
	list, ok := r.addGlobs(patterns, nodes, n, use)
	return patterns, list, ok
}

func (r *reader) addGlobs(patterns []string, nodes []*yaml.Node, whole *yaml.Node, use pathset.Use) (pathset.List, bool) {
	ok := true
	for i, p := range patterns {
		var perr *pathset.PatternError
		if err := pathset.Validate(p); errors.As(err, &perr) {
			r.failAt(nodes[i].Line, nodes[i].Column+quoted(nodes[i])+perr.Offset, "%v", err)
			ok = false
		}
	}
	if !ok {
		return 0, false
	}
	list, err := r.set.Add(use, patterns...)
	if err != nil {
		r.fail(whole, "%v", err)
		return 0, false
	}
	return list, true
}

// quoted is the width of the quote before a scalar's text.
func quoted(n *yaml.Node) int {
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		return 1
	}
	return 0
}

// name checks the name of a rule, session, surface or agent.
func (r *reader) name(p pair, what string) bool {
	switch {
	case p.key == "":
		r.fail(p.at, "the name of a %s is empty", what)
	case len(p.key) > 100:
		r.fail(p.at, "the name of a %s is longer than 100 bytes", what)
	case strings.ContainsFunc(p.key, func(c rune) bool { return !unicode.IsPrint(c) }):
		r.fail(p.at, "the name of a %s holds a character that cannot be printed", what)
	default:
		return true
	}
	return false
}
