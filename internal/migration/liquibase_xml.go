package migration

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxNested bounds the depth of a file; Liquibase's own have six levels.
const maxNested = 64

// xmlChangeSets reads the elements changeSet, wherever they stand.
func xmlChangeSets(text string) ([]ChangeSet, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("it is not UTF-8") }
	r := xmlReader{}
	for {
		line, _ := d.InputPos()
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return r.sets, nil
		case err != nil:
			return nil, err
		}
		if err := r.token(token, line); err != nil {
			return nil, err
		}
	}
}

// An xmlReader holds the change set that is being read, and how deep it is in it.
type xmlReader struct {
	sets  []ChangeSet
	set   *setBuilder
	names []string // the open elements below the change set
	depth int

	script strings.Builder // of the change "sql" that is open
	from   int             // the line where it begins
}

func (r *xmlReader) token(token xml.Token, line int) error {
	switch t := token.(type) {
	case xml.StartElement:
		if r.depth++; r.depth > maxNested {
			return fmt.Errorf("it is nested more than %d levels deep", maxNested)
		}
		r.start(t, line)
	case xml.CharData:
		if r.set != nil && len(bytes.TrimSpace(t)) > 0 {
			r.set.say(string(t))
			if len(r.names) == 1 && r.names[0] == "sql" {
				r.script.Write(t)
			}
		}
	case xml.EndElement:
		r.depth--
		r.end(t)
	}
	return nil
}

func (r *xmlReader) start(t xml.StartElement, line int) {
	name := t.Name.Local
	if r.set == nil {
		if name == "changeSet" {
			r.set = &setBuilder{ChangeSet: ChangeSet{Name: attribute(t, "id") + " " + attribute(t, "author"), Line: line}}
			r.set.attributes(t)
		}
		return
	}
	r.set.say("<" + name)
	r.set.attributes(t)
	if r.names = append(r.names, name); len(r.names) == 1 {
		r.script.Reset()
		r.from = line
		if name == "rollback" {
			r.set.rollback = true
		} else {
			r.set.change(name, line)
		}
	}
}

func (r *xmlReader) end(t xml.EndElement) {
	switch {
	case r.set == nil:
	case len(r.names) > 0:
		if r.names = r.names[:len(r.names)-1]; len(r.names) == 0 && t.Name.Local == "sql" {
			r.set.sql(r.script.String(), r.from)
		}
		r.set.say("/" + t.Name.Local)
	default:
		r.sets, r.set = append(r.sets, r.set.done()), nil
	}
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (b *setBuilder) attributes(t xml.StartElement) {
	for _, a := range t.Attr {
		b.say(a.Name.Local, a.Value)
	}
}
