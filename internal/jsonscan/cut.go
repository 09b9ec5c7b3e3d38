package jsonscan

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
)

// Members are those of an object that are wanted, each with its own; nil for a
// value that is taken whole.
type Members map[string]Members

// MembersOf are the members that a type has, by the names in its tags. What reads
// its own text, as a time does, is taken whole, and so is a list.
func MembersOf(t reflect.Type) Members {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil
	}
	m := make(Members)
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		m[name] = MembersOf(f.Type)
	}
	return m
}

// Cut returns a document, which must be valid, without the members that are not
// wanted. Where something else stands in the place of an object it is left as it
// is. Names count as they are written, capitals and small letters apart.
func Cut(data []byte, wanted Members) []byte {
	c := cutter{checker: checker{data: data}}
	c.blank()
	c.cut(wanted)
	return c.out
}

// cutter goes through a valid document and keeps what is wanted. Its depth is that
// of what is wanted.
type cutter struct {
	checker
	out []byte
}

func (c *cutter) cut(wanted Members) {
	if wanted == nil || c.data[c.at] != '{' {
		from := c.at
		c.skip()
		c.out = append(c.out, c.data[from:c.at]...)
		return
	}
	c.at++
	c.out = append(c.out, '{')
	first := true
	for c.blank(); c.data[c.at] != '}'; c.blank() {
		if c.data[c.at] == ',' {
			c.at++
			continue
		}
		from := c.at
		c.text()
		name := c.data[from:c.at]
		c.blank()
		c.at++ // the colon
		c.blank()
		inner, found := lookUp(wanted, name)
		if !found {
			c.skip()
			continue
		}
		if !first {
			c.out = append(c.out, ',')
		}
		first = false
		c.out = append(append(c.out, name...), ':')
		c.cut(inner)
	}
	c.at++
	c.out = append(c.out, '}')
}

// lookUp finds a name as it stands in the document.
func lookUp(wanted Members, name []byte) (inner Members, found bool) {
	if bytes.IndexByte(name, '\\') < 0 {
		inner, found = wanted[string(name[1:len(name)-1])]
		return inner, found
	}
	var plain string
	if json.Unmarshal(name, &plain) != nil {
		return nil, false
	}
	inner, found = wanted[plain]
	return inner, found
}

// skip passes over a value of a valid document: to the end of its line of brackets,
// or to what ends a number or a word.
func (c *cutter) skip() {
	for depth := 0; c.at < len(c.data); {
		switch c.data[c.at] {
		case '"':
			c.text()
			if depth == 0 {
				return
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return // of a number or a word
			}
			if depth--; depth == 0 {
				c.at++
				return
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return
			}
		}
		c.at++
	}
}
