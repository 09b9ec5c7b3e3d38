package ghfake

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"
)

// readTree reads a raw tree object.
func readTree(raw []byte) ([]entry, error) {
	var entries []entry
	for len(raw) > 0 {
		head, rest, ok := bytes.Cut(raw, []byte{0})
		mode, name, ok2 := strings.Cut(string(head), " ")
		if !ok || !ok2 || len(rest) < 20 {
			return nil, errors.New("a tree object cannot be read")
		}
		kind := "blob"
		switch mode {
		case "40000":
			kind = "tree"
		case "160000":
			kind = "commit"
		}
		entries = append(entries, entry{mode, kind, name, hex.EncodeToString(rest[:20])})
		raw = rest[20:]
	}
	return entries, nil
}

// readCommit reads a raw commit object.
func readCommit(id, raw string) *commit {
	c := &commit{id: id, raw: raw}
	head, message, _ := strings.Cut(raw, "\n\n")
	c.message = message
	for line := range strings.Lines(head) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch key {
		case "tree":
			c.tree = value
		case "parent":
			c.parents = append(c.parents, value)
		case "author":
			c.author = readSignature(value)
		case "committer":
			c.committer = readSignature(value)
		}
	}
	return c
}

func readSignature(s string) Signature {
	name, rest, _ := strings.Cut(s, " <")
	email, when, _ := strings.Cut(rest, "> ")
	seconds, _, _ := strings.Cut(when, " ")
	n, _ := strconv.ParseInt(seconds, 10, 64)
	return Signature{name, email, time.Unix(n, 0)}
}
