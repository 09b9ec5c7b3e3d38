package jsonscan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/jsonscan"
)

// FuzzValid: encoding/json is the judge.
func FuzzValid(f *testing.F) {
	for _, s := range []string{
		"", " ", "{}", "[]", "{} x", `{"a":1}`, `{"a":1,}`, `{"a" : [1,2,{"b":null}] , "c":true}`, "[1,]", "[,1]", `{"a"}`, `{"a":}`, "[", "]", "{]", "[}", `{,}`, `{"a":1 "b":2}`,
		"0", "-0", "01", "-", "1.", "1.5", ".5", "1e", "1e+5", "1E-5", "1e5.", "+1", "truefalse", "tru", "nul", "true ", `"a`, `"\u00e9"`, `"\u00g9"`, `"\x"`, `"\`, "\"\n\"", "\"\x7f\"", `"\ud800"`,
		`[[[]],{}]`, `[{}{}]`, "[1 2]", `{"a":{}}`, "[\"\xff\"]", "\ufeff{}", `{"a":1]`, `[1}`, "[ ]", "{ }", "{ \n}", `"a" "b"`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, want := jsonscan.Valid(data), json.Valid(data); got != want {
			t.Fatalf("%q: %t, want %t", data, got, want)
		}
	})
}

// It goes as deep as encoding/json, and no deeper.
func TestDepth(t *testing.T) {
	t.Parallel()
	for _, n := range []int{9_999, 10_000, 10_001} {
		text := []byte(strings.Repeat("[", n) + strings.Repeat("]", n))
		if got, want := jsonscan.Valid(text), json.Valid(text); got != want {
			t.Errorf("%d levels: %t, want %t", n, got, want)
		}
	}
}
