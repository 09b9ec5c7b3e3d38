package gitrepo

import "testing"

func FuzzParseRaw(f *testing.F) {
	f.Add([]byte(":100644 100755 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391 M\x00a b\x00"))
	f.Add([]byte(":000000 120000 0 1 A\x00a\x00"))
	f.Fuzz(func(t *testing.T, out []byte) {
		files, err := parseRaw(out)
		for _, file := range files {
			if err == nil && (file.Path == "" || file.Status == "") {
				t.Errorf("%q: %+v", out, file)
			}
		}
	})
}

func FuzzParseCommit(f *testing.F) {
	f.Add([]byte("tree 1\nparent 2\nauthor A <a@b> 1 +0000\ncommitter B <b@c> 1 +0000\ngpgsig x\n y\n\nmessage\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := parseCommit("id", object{kind: "commit", size: int64(len(data)), data: data}); err != nil {
			t.Error(err)
		}
	})
}

func FuzzParseTree(f *testing.F) {
	f.Add([]byte("100644 a\x0001234567890123456789"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := parseTree(data, 20)
		for _, e := range entries {
			if err == nil && (e.name == "" || len(e.id) != 40) {
				t.Errorf("%q: %+v", data, e)
			}
		}
	})
}

func FuzzParseNumstat(f *testing.F) {
	f.Add([]byte("1\t2\ta b\x00-\t-\tbin\x00"))
	f.Fuzz(func(_ *testing.T, out []byte) {
		_, _ = parseNumstat(out) // must not panic
	})
}
