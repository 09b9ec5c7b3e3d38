package guard

import (
	"testing"

	"github.com/changeguard/changeguard/session"
)

// What the evaluation adds itself is expected. What somebody else added since it
// read is not hidden by that.
func TestWhatSticksIsExpected(t *testing.T) {
	t.Parallel()
	declared := func(mode string) session.Record {
		return session.Record{Declarations: []session.Declaration{{Mode: mode, Signal: "label", Value: mode, Where: "labels"}}}
	}
	stored := func(scope string, r session.Record) map[string][]byte {
		body, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		return map[string][]byte{scope: body}
	}
	scopes := []string{"pull acme/app#1", "commit acme/app@1"}
	mine, others := declared("mine"), declared("others")
	both := session.Record{Declarations: append(append([]session.Declaration{}, mine.Declarations...), others.Declarations...)}
	expected, err := both.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name   string
		judged session.Record
		want   string
	}{{"judged with it", others, expected}, {"came meanwhile", session.Record{}, overtaken}} {
		var s sticks
		if err := s.expect(scopes, x.judged, stored(scopes[1], others), stored(scopes[0], mine)); err != nil || s.Record != x.want || len(s.Scopes) != 2 {
			t.Errorf("%s: %+v, %v, want %s", x.name, s, err, x.want)
		}
	}
}
