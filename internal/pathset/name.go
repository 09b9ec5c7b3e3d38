package pathset

import (
	"bytes"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// compose brings a text into NFC. ASCII is in it.
func compose(s string) string {
	if ascii(s) {
		return s
	}
	return norm.NFC.String(s)
}

// appendComposed appends a text in NFC.
func appendComposed(to []byte, s string) []byte {
	if ascii(s) {
		return append(to, s...)
	}
	return norm.NFC.AppendString(to, s)
}

// foldInto is Unicode's full case folding, in NFC again. ASCII is folded in
// place.
func foldInto(s []byte) []byte {
	if !ascii(s) {
		return norm.NFC.Bytes(cases.Fold().Bytes(s))
	}
	for i, c := range s {
		if 'A' <= c && c <= 'Z' {
			s[i] = c + 'a' - 'A'
		}
	}
	return s
}

// foldsToItself reports whether folding surely changes nothing: of a name, or of
// a glob without classes, which fold in a way of their own.
func foldsToItself[T ~string | ~[]byte](s T) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || 'A' <= c && c <= 'Z' || c == '[' {
			return false
		}
	}
	return true
}

func ascii[T ~string | ~[]byte](s T) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// cut returns the first segment and what follows its slash.
func cut(path []byte) (segment, rest []byte, more bool) {
	at := bytes.IndexByte(path, '/')
	if at < 0 {
		return path, nil, false
	}
	return path[:at], path[at+1:], true
}
