package change_test

import (
	"bytes"
	"fmt"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
)

// goDirective is what the language's tools take for a directive.
var goDirective = regexp.MustCompile(`^(//(line |extern |export |[a-z0-9]+:[a-z0-9])|/\*line |//\s*\+build|//\s*nolint|// Code generated )`)

// goTokens lists what the language's own scanner finds, automatic semicolons and
// directives included; false when it reports an error.
func goTokens(src []byte) ([]string, bool) {
	var s scanner.Scanner
	valid := true
	s.Init(token.NewFileSet().AddFile("x.go", -1, len(src)), src, func(token.Position, string) { valid = false }, scanner.ScanComments)
	var tokens []string
	for {
		_, tok, lit := s.Scan()
		switch {
		case tok == token.EOF:
			return tokens, valid
		case tok != token.COMMENT || goDirective.MatchString(lit):
			tokens = append(tokens, fmt.Sprintf("%s %q", tok, lit))
		}
	}
}

// againstGo holds a verdict against the language's own tools and returns it.
// Between a directive and a semicolon that a line end stands for the order is a
// matter of definition, so directives are compared apart.
func againstGo(t *testing.T, name string, before, after []byte) bool {
	t.Helper()
	if !change.Cosmetic(name, before, after) {
		return false
	}
	a, validBefore := goTokens(before)
	b, validAfter := goTokens(after)
	if !validBefore || !validAfter {
		t.Errorf("called cosmetic, but no Go:\n%q\n%q", before, after)
	}
	if x, y := only(a, true), only(b, true); !slices.Equal(x, y) {
		t.Errorf("called cosmetic:\n%q\n%q\n%s\n%s", before, after, x, y)
	}
	if diff := cmp.Diff(goMeaning(before, name), goMeaning(after, name)); diff != "" {
		t.Errorf("called cosmetic:\n%q\n%q\n%s", before, after, diff)
	}
	return true
}

func only(tokens []string, comments bool) []string {
	return slices.DeleteFunc(slices.Clone(tokens), func(t string) bool { return strings.HasPrefix(t, "COMMENT") != comments })
}

// FuzzCosmeticGo makes an edit anywhere in a source and holds the verdict
// against the language's own scanner.
func FuzzCosmeticGo(f *testing.F) {
	for _, e := range edits(f) {
		if strings.HasSuffix(e.path, ".go") {
			f.Add(e.before, uint16(len(e.before)/2), uint8(1), []byte(" "))
			f.Add(e.after, uint16(len(e.after)/3), uint8(0), []byte("/*\n*/"))
			f.Add(e.before, uint16(0), uint8(255), e.after)
		}
	}
	for i, src := range goSources {
		f.Add([]byte(src), uint16(0), uint8(0), []byte("/* x */"))
		f.Add([]byte(src), uint16(len(src)/2), uint8(i), []byte(goPieces[i]))
	}
	f.Fuzz(func(t *testing.T, src []byte, at uint16, remove uint8, insert []byte) {
		from := min(int(at), len(src))
		to := min(from+int(remove), len(src))
		after := slices.Concat(src[:from], insert, src[to:])
		for _, name := range []string{"x.go", "x_test.go"} {
			againstGo(t, name, src, after)
			againstGo(t, name, after, after)
		}
	})
}

// TestCosmeticOwnSource edits each file of this package at each of its tokens: a
// comment there is cosmetic, a lost token is not.
func TestCosmeticOwnSource(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("c*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(src, []byte(`"C"`)) {
			continue // a file that may import "C" has comments that are code
		}
		if !change.Cosmetic("x.go", src, src) {
			t.Errorf("%s does not scan", name)
		}
		places := goPlaces(src)
		step := max(1, len(places)/60)
		for i := 0; i < len(places); i += step {
			from, to := places[i][0], places[i][1]
			commented := slices.Concat(src[:from], []byte(" /* words */ "), src[from:])
			if !change.Cosmetic("x.go", src, commented) {
				t.Errorf("%s:#%d: a comment matters", name, from)
			}
			if change.Cosmetic("x.go", src, slices.Concat(src[:from], src[to:])) {
				t.Errorf("%s:#%d: %q can go", name, from, src[from:to])
			}
		}
	}
}

// goPlaces are the tokens of a source, from and to, without automatic semicolons.
func goPlaces(src []byte) [][2]int {
	var s scanner.Scanner
	files := token.NewFileSet()
	file := files.AddFile("x.go", -1, len(src))
	s.Init(file, src, nil, 0)
	var places [][2]int
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return places
		}
		if tok == token.SEMICOLON && lit == "\n" {
			continue
		}
		if lit == "" {
			lit = tok.String()
		}
		from := file.Offset(pos)
		places = append(places, [2]int{from, from + len(lit)})
	}
}
