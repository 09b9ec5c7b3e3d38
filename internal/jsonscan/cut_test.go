package jsonscan_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/jsonscan"
)

// looked is what a reader of documents looks at.
type looked struct {
	A int `json:"a"`
	B *struct {
		C string    `json:"c"`
		T time.Time `json:"t"`
	} `json:"b"`
	L []looked `json:"l,omitempty"`
}

func wanted() jsonscan.Members {
	return jsonscan.Members{"a": nil, "b": {"c": nil, "t": nil}, "l": nil}
}

func TestMembersOf(t *testing.T) {
	t.Parallel()
	if got := jsonscan.MembersOf(reflect.TypeFor[looked]()); !reflect.DeepEqual(got, wanted()) {
		t.Errorf("got %v", got)
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{`{}`, `{}`},
		{` {"x":{"a":1},"a":2} `, `{"a":2}`},
		{`{"a":1,"x":[[{"a":"]}\""}]],"b":{"c":"d","x":{}}}`, `{"a":1,"b":{"c":"d"}}`},
		{`{ "x" : -1.5e3 , "a" : true }`, `{"a":true}`},
		{`{"b":null,"b":[1,{"c":2}],"b":"x"}`, `{"b":null,"b":[1,{"c":2}],"b":"x"}`},
		{`{"\u0061":1,"A":2,"":3}`, `{"\u0061":1}`},
		{`{"l":[{"x":1}],"x":1}`, `{"l":[{"x":1}]}`},
		{`[1,{"x":2}]`, `[1,{"x":2}]`},
		{"{\n\"a\":\n1\n}", `{"a":1}`},
		{`7`, `7`},
		{`"x"`, `"x"`},
	} {
		if got := string(jsonscan.Cut([]byte(c[0]), wanted())); got != c[1] {
			t.Errorf("%s: %s, want %s", c[0], got, c[1])
		}
	}
}

// FuzzCut: what is cut is valid JSON, and decodes as the whole does. The names in
// the document are those of the type or others altogether, since encoding/json
// takes a name in capitals for the same.
func FuzzCut(f *testing.F) {
	for _, s := range []string{
		`{"a":1,"b":{"c":"d","t":"2026-01-02T03:04:05Z","x":[1,2]},"l":[{"a":2,"y":{}}]}`, `{"x":{"a":[{}]},"a":7}`, `{"\u0061":1}`, `{"b":{"b":{"c":"x"}}}`, `{"a":"x"}`, `[]`, `{"a":1,"a":2}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var exact map[string]any
		if !jsonscan.Valid(data) || json.Unmarshal(data, &exact) == nil && folded(exact) {
			return
		}
		cut := jsonscan.Cut(data, wanted())
		if !json.Valid(cut) {
			t.Fatalf("%q became %q", data, cut)
		}
		var whole, part looked
		one, other := json.Unmarshal(data, &whole), json.Unmarshal(cut, &part)
		if (one == nil) != (other == nil) || one == nil && !reflect.DeepEqual(whole, part) {
			t.Fatalf("%q: %v, %v; cut to %q: %v, %v", data, whole, one, cut, part, other)
		}
	})
}

// folded reports whether a name is one of those that are wanted only when letters
// are folded.
func folded(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			switch name {
			case "A", "B", "C", "T", "L":
				return true
			}
			if folded(inner) {
				return true
			}
		}
	case []any:
		for _, inner := range v {
			if folded(inner) {
				return true
			}
		}
	}
	return false
}
