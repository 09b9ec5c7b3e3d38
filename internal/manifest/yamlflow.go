package manifest

import "strings"

// flow reads "[…]" or "{…}", which may go over lines.
func (y *yamlText) flow(depth int) (*yamlValue, error) {
	if depth > maxNesting {
		return nil, y.fail("nested more than %d levels deep", maxNesting)
	}
	v := &yamlValue{kind: yamlSeq, line: y.line}
	closing := byte(']')
	if y.peek(0) == '{' {
		v.kind, closing = yamlMap, '}'
	}
	y.at++
	var seen keySet
	for {
		if err := y.flowBlank(); err != nil {
			return nil, err
		}
		if y.peek(0) == closing {
			y.at++
			v.end = y.line
			return y.counted(v)
		}
		if err := y.flowMember(v, &seen, depth); err != nil {
			return nil, err
		}
		if err := y.flowBlank(); err != nil {
			return nil, err
		}
		if c := y.peek(0); c == ',' {
			y.at++
		} else if c != closing {
			return nil, y.fail("unexpected %s", quote(y.restOfLine()))
		}
	}
}

func (y *yamlText) flowBlank() error {
	if err := y.blank(); err != nil {
		return err
	}
	if y.at >= len(y.s) || y.atMarker() {
		return y.fail("a collection without its end")
	}
	return nil
}

// flowMember reads an element, or a key with its value.
func (y *yamlText) flowMember(v *yamlValue, seen *keySet, depth int) error {
	e, err := y.flowValue(depth + 1)
	if err != nil {
		return err
	}
	if v.kind == yamlSeq {
		v.list, v.size = append(v.list, e), v.size+e.size
		return nil
	}
	k := yamlKey{text: e.text, line: e.line}
	if !e.isScalar() || e.line != e.end {
		return y.fail("a key that is no text of one line")
	}
	if err := y.flowBlank(); err != nil {
		return err
	}
	value := &yamlValue{line: k.line, end: k.line, size: 1}
	if y.peek(0) == ':' && (e.kind == yamlQuoted || y.ends(1)) {
		y.at++
		if err := y.flowBlank(); err != nil {
			return err
		}
		if c := y.peek(0); c != ',' && c != '}' {
			if value, err = y.flowValue(depth + 1); err != nil {
				return err
			}
		}
	}
	return y.put(v, seen, k, value)
}

// flowValue reads one value within a flow collection.
func (y *yamlText) flowValue(depth int) (*yamlValue, error) {
	line := y.line
	switch c := y.peek(0); {
	case c == '[' || c == '{':
		return y.flow(depth)
	case c == '*':
		return y.alias()
	case c == '"' || c == '\'':
		text, err := y.quoted(-1, true)
		if err != nil {
			return nil, err
		}
		return y.counted(&yamlValue{kind: yamlQuoted, text: text, line: line, end: y.line})
	case !y.plainStart(true):
		return nil, y.fail("unexpected %s", quote(y.restOfLine()))
	}
	return y.flowPlain()
}

// flowPlain reads a scalar without quotation marks that may go over lines.
func (y *yamlText) flowPlain() (*yamlValue, error) {
	v := &yamlValue{kind: yamlPlain, line: y.line}
	var text strings.Builder
	text.WriteString(y.plainLine(true))
	for {
		v.end = y.line
		back := *y
		breaks, err := y.fold()
		if err != nil {
			return nil, err
		}
		if breaks == 0 || y.at >= len(y.s) || y.atMarker() || y.peek(0) == '#' || y.peek(0) == ':' || strings.IndexByte(",[]{}", y.peek(0)) >= 0 {
			y.at, y.line, y.start = back.at, back.line, back.start
			v.text = text.String()
			return y.counted(v)
		}
		folded(&text, breaks)
		text.WriteString(y.plainLine(true))
	}
}
