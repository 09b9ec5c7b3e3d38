package testset

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// A tomlValue is a string, or a list of them; other scalars are as written.
type tomlValue struct {
	text string
	list []string
	line int
}

// tomlTables reads the values of a document by table ("tool.pytest.ini_options")
// and key; those of inline tables and nested lists are left out. Only the stream
// of expressions is used, which is linear on any input.
func tomlTables(text string) (map[string]map[string]tomlValue, error) {
	tables := make(map[string]map[string]tomlValue)
	data := []byte(text)
	data = data[:len(data):len(data)]
	var p unstable.Parser
	p.Reset(data)
	table, arrays := "", 0
	lines := tomlLines{data: data, line: 1}
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			if table = dotted(e); e.Kind == unstable.ArrayTable {
				arrays++
				table = fmt.Sprintf("%s#%d", table, arrays)
			}
			if tables[table] == nil {
				tables[table] = make(map[string]tomlValue)
			}
		case unstable.KeyValue:
			name := dotted(e)
			v := tomlValue{line: lines.at(int(e.Raw.Offset))}
			v.read(e.Value())
			into := table
			if at := strings.LastIndexByte(name, '.'); at >= 0 {
				into, name = strings.Trim(table+"."+name[:at], "."), name[at+1:]
			}
			if tables[into] == nil {
				tables[into] = make(map[string]tomlValue)
			}
			tables[into][name] = v
		}
	}
	if err := p.Error(); err != nil {
		return nil, fmt.Errorf("no TOML: %w", err)
	}
	return tables, nil
}

// maxDotted bounds the length of a dotted key.
const maxDotted = 32

func dotted(n *unstable.Node) string {
	var parts []string
	for it := n.Key(); it.Next() && len(parts) < maxDotted; {
		parts = append(parts, string(it.Node().Data))
	}
	return strings.Join(parts, ".")
}

func (v *tomlValue) read(n *unstable.Node) {
	if n.Kind != unstable.Array {
		v.text = string(n.Data)
		return
	}
	for it := n.Children(); it.Next(); {
		if e := it.Node(); e.Kind == unstable.String {
			v.list = append(v.list, string(e.Data))
		}
	}
}

// tomlLines turns offsets, which do not go back, into lines.
type tomlLines struct {
	data      []byte
	at0, line int
}

func (l *tomlLines) at(offset int) int {
	if offset = min(offset, len(l.data)); offset > l.at0 {
		l.line += bytes.Count(l.data[l.at0:offset], []byte{'\n'})
		l.at0 = offset
	}
	return l.line
}
