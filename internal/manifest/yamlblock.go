package manifest

import "strings"

// node reads a value that begins at the next token, which must be indented more
// than its parent; where none is, the value is null.
func (y *yamlText) node(parent, depth int) (*yamlValue, error) {
	if err := y.blank(); err != nil {
		return nil, err
	}
	if y.at >= len(y.s) || y.col() <= parent || y.atMarker() {
		return y.counted(&yamlValue{line: y.line, end: y.line})
	}
	return y.block(parent, depth)
}

// block reads what begins here: a sequence, a mapping, or a value on its own.
func (y *yamlText) block(parent, depth int) (*yamlValue, error) {
	if depth > maxNesting {
		return nil, y.fail("nested more than %d levels deep", maxNesting)
	}
	switch c := y.peek(0); {
	case c == '-' && y.ends(1):
		return y.sequence(y.col(), depth)
	case c == '?' && y.ends(1):
		return y.mapping(y.col(), depth)
	case c == '&':
		return y.anchored(parent, depth)
	case y.keyAhead():
		return y.mapping(y.col(), depth)
	}
	return y.inline(parent, depth)
}

// keyAhead reports whether this line begins with a key. It looks no further than
// the key itself, and each key is looked at twice at most.
func (y *yamlText) keyAhead() bool {
	back := *y
	defer func() { y.at, y.line, y.start = back.at, back.line, back.start }()
	_, err := y.key()
	return err == nil
}

// key reads "text:" on one line.
func (y *yamlText) key() (yamlKey, error) {
	k := yamlKey{line: y.line}
	switch c := y.peek(0); {
	case c == '"' || c == '\'':
		v, err := y.quoted(-1, false)
		if err != nil {
			return k, err
		}
		k.text = v
	default:
		if !y.plainStart(false) {
			return k, y.fail("unexpected %s", quote(y.restOfLine()))
		}
		k.text = y.plainLine(false)
	}
	for y.peek(0) == ' ' || y.peek(0) == '\t' {
		y.at++
	}
	if y.line != k.line || y.peek(0) != ':' || !y.ends(1) {
		return k, y.fail("no key: %s", quote(k.text))
	}
	y.at++
	return k, nil
}

// sequence reads "- value" lines at one column.
func (y *yamlText) sequence(col, depth int) (*yamlValue, error) {
	v := &yamlValue{kind: yamlSeq, line: y.line}
	for y.at < len(y.s) && y.col() == col && y.peek(0) == '-' && y.ends(1) && !y.atMarker() {
		y.at++
		e, err := y.afterIndicator(col, depth)
		if err != nil {
			return nil, err
		}
		v.list, v.size, v.end = append(v.list, e), v.size+e.size, e.end
		if err := y.nextLine(col); err != nil {
			return nil, err
		}
	}
	return y.counted(v)
}

// afterIndicator reads the value behind "-" or "?", or behind the ":" of a key that
// is marked. It may be a collection that begins on the same line.
func (y *yamlText) afterIndicator(col, depth int) (*yamlValue, error) {
	line := y.line
	tabbed := y.peek(0) == '\t'
	y.spaces()
	if c := y.peek(0); y.at >= len(y.s) || c == '\n' || c == '\r' {
		v, err := y.node(col, depth+1)
		if v != nil && v.kind == yamlNull {
			v.line, v.end = line, line
		}
		return v, err
	}
	if tabbed {
		return nil, y.fail("a tab behind an indicator")
	}
	return y.block(col, depth+1)
}

// nextLine goes to the next token; one that stands between the columns belongs
// to nobody.
func (y *yamlText) nextLine(col int) error {
	if err := y.blank(); err != nil {
		return err
	}
	if y.at < len(y.s) && y.col() > col {
		return y.fail("unexpected %s", quote(y.restOfLine()))
	}
	return nil
}

// mapping reads "key: value" lines at one column. A key that comes twice is an
// error: readers differ in which one they take.
func (y *yamlText) mapping(col, depth int) (*yamlValue, error) {
	v := &yamlValue{kind: yamlMap, line: y.line}
	var seen keySet
	for y.at < len(y.s) && y.col() == col && !y.atMarker() {
		k, e, err := y.member(col, depth)
		if err != nil {
			return nil, err
		}
		if err := y.put(v, &seen, k, e); err != nil {
			return nil, err
		}
		if err := y.nextLine(col); err != nil {
			return nil, err
		}
	}
	return y.counted(v)
}

// put adds a member.
func (y *yamlText) put(v *yamlValue, seen *keySet, k yamlKey, e *yamlValue) error {
	switch {
	case !seen.add(k.text):
		return &ParseError{Path: y.path, Line: k.line, Reason: "the key " + quote(k.text) + " is there twice"}
	case k.text == "<<" && !y.merges:
		return &ParseError{Path: y.path, Line: k.line, Reason: "merge keys are not read"}
	}
	v.keys, v.list = append(v.keys, k), append(v.list, e)
	v.size, v.end = v.size+e.size, max(k.line, e.end)
	return nil
}

// member reads one key with its value. The value of a key may be a sequence at
// the key's own column.
func (y *yamlText) member(col, depth int) (yamlKey, *yamlValue, error) {
	marked := y.peek(0) == '?' && y.ends(1)
	k, err := y.anyKey(col, depth)
	if err != nil {
		return k, nil, err
	}
	if marked { // its value stands behind an indicator, too
		v, err := y.afterIndicator(col, depth)
		return k, v, err
	}
	y.spaces()
	if c := y.peek(0); y.at < len(y.s) && c != '\n' && c != '\r' {
		v, err := y.inline(col, depth+1)
		return k, v, err
	}
	if err := y.blank(); err != nil {
		return k, nil, err
	}
	if y.at < len(y.s) && y.col() == col && y.peek(0) == '-' && y.ends(1) && !y.atMarker() {
		v, err := y.block(col-1, depth+1)
		return k, v, err
	}
	v, err := y.node(col, depth+1)
	if v != nil && v.kind == yamlNull {
		v.line, v.end = k.line, k.line
	}
	return k, v, err
}

// anyKey reads a key up to its colon, or one that is marked with "?", as tools
// write those that are too long.
func (y *yamlText) anyKey(col, depth int) (yamlKey, error) {
	if y.peek(0) != '?' || !y.ends(1) {
		return y.key()
	}
	y.at++
	v, err := y.afterIndicator(col, depth)
	if err != nil {
		return yamlKey{}, err
	}
	k := yamlKey{text: v.text, line: v.line}
	if err := y.blank(); err != nil {
		return k, err
	}
	if !v.isScalar() || y.col() != col || y.peek(0) != ':' || !y.ends(1) {
		return k, y.fail("a key that is no text, or has no value")
	}
	y.at++
	return k, nil
}

// anchored reads "&name value".
func (y *yamlText) anchored(parent, depth int) (*yamlValue, error) {
	name, err := y.name()
	if err != nil {
		return nil, err
	}
	y.spaces()
	c := y.peek(0)
	inline := y.at < len(y.s) && c != '\n' && c != '\r'
	if err := y.blank(); err != nil {
		return nil, err
	}
	if c := y.peek(0); c == '&' || c == '*' { // one name is enough
		return nil, y.fail("unexpected %s", quote(y.restOfLine()))
	}
	var v *yamlValue
	if inline {
		v, err = y.inline(parent, depth)
	} else {
		v, err = y.node(parent, depth+1)
	}
	if err != nil {
		return nil, err
	}
	if y.anchors == nil {
		y.anchors = make(map[string]*yamlValue)
	}
	y.anchors[name] = v
	return v, nil
}

// name reads the name behind "&" or "*".
func (y *yamlText) name() (string, error) {
	y.at++
	from := y.at
	for c := y.peek(0); isAlnum(c) || c == '-' || c == '_'; c = y.peek(0) {
		y.at++
	}
	if y.at == from || !y.ends(0) && strings.IndexByte(",]}", y.peek(0)) < 0 {
		return "", y.fail("a name that is not read: %s", quote(y.restOfLine()))
	}
	return y.s[from:y.at], nil
}

// alias is the value of an anchor. All that is in it counts again, which is what
// keeps aliases of aliases from exploding.
func (y *yamlText) alias() (*yamlValue, error) {
	line := y.line
	name, err := y.name()
	if err != nil {
		return nil, err
	}
	v := y.anchors[name]
	if v == nil {
		return nil, y.fail("no anchor is named %s", quote(name))
	}
	if y.values += v.size; y.values > maxYAMLValues {
		return nil, y.fail("more than %d values", maxYAMLValues)
	}
	there := *v
	there.line, there.end = line, line
	return &there, nil
}

// inline reads a value that begins on this line and is no block collection.
func (y *yamlText) inline(parent, depth int) (*yamlValue, error) {
	if y.peek(0) == '&' {
		return y.anchored(parent, depth)
	}
	v, err := y.inlineValue(parent, depth)
	if err != nil {
		return nil, err
	}
	if y.at != y.start { // a block scalar ends where the next line begins
		y.spaces()
		if c := y.peek(0); y.at < len(y.s) && c != '\n' && c != '\r' {
			return nil, y.fail("unexpected %s", quote(y.restOfLine()))
		}
	}
	return v, nil
}

func (y *yamlText) inlineValue(parent, depth int) (*yamlValue, error) {
	line := y.line
	switch c := y.peek(0); {
	case c == '[' || c == '{':
		return y.flow(depth)
	case c == '*':
		return y.alias()
	case c == '|' || c == '>':
		return y.blockScalar(parent)
	case c == '"' || c == '\'':
		text, err := y.quoted(parent, true)
		if err != nil {
			return nil, err
		}
		return y.counted(&yamlValue{kind: yamlQuoted, text: text, line: line, end: y.line})
	case !y.plainStart(false):
		return nil, y.fail("unexpected %s", quote(y.restOfLine()))
	}
	return y.plain(parent)
}
