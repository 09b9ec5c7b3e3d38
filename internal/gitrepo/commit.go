package gitrepo

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/changeguard/changeguard/change"
)

// parseCommit reads a commit object: headers, an empty line, the message. What
// is not known (signatures, merged tags) and every line that continues another
// is passed over; of a header that is there twice the first counts, as for git.
func parseCommit(id string, data []byte) change.Commit {
	c := change.Commit{ID: id}
	head, message, _ := bytes.Cut(data, []byte("\n\n"))
	headers := make(map[string]string)
	for line := range strings.Lines(string(head)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		_, late := headers["author"]
		if key == "parent" && !late {
			c.Parents = append(c.Parents, value)
		}
		if _, again := headers[key]; !again {
			headers[key] = value
		}
	}
	text := textOf(headers["encoding"])
	c.Author, c.Committer = identity(headers["author"], text), identity(headers["committer"], text)
	c.Message = text(string(message))
	return c
}

// identity reads "Name <email> time zone".
func identity(s string, text func(string) string) change.Identity {
	name, rest, _ := strings.Cut(s, "<")
	email, _, _ := strings.Cut(rest, ">")
	return change.Identity{Name: text(strings.TrimSpace(name)), Email: text(strings.TrimSpace(email))}
}

// textOf returns what turns a commit's bytes into text. What is UTF-8 is taken
// as it is, whatever the commit says of itself, so that nobody hides a trailer by
// naming an encoding in which plain letters mean something else. Only other
// bytes are read in the encoding that is named, if it is one of ours.
func textOf(name string) func(string) string {
	known := encodings[strings.ToLower(name)]
	return func(s string) string {
		if known == nil || utf8.ValidString(s) {
			return readable(s, false)
		}
		decoded, err := known.NewDecoder().String(s)
		if err != nil {
			return readable(s, false)
		}
		return decoded
	}
}

// encodings are those of which ASCII is a part, by the names that people give
// to git in i18n.commitEncoding.
var encodings = map[string]encoding.Encoding{
	"iso-8859-1": charmap.ISO8859_1, "iso8859-1": charmap.ISO8859_1, "latin1": charmap.ISO8859_1, "latin-1": charmap.ISO8859_1,
	"iso-8859-2": charmap.ISO8859_2, "iso-8859-3": charmap.ISO8859_3, "iso-8859-4": charmap.ISO8859_4, "iso-8859-5": charmap.ISO8859_5,
	"iso-8859-7": charmap.ISO8859_7, "iso-8859-9": charmap.ISO8859_9, "iso-8859-10": charmap.ISO8859_10, "iso-8859-13": charmap.ISO8859_13,
	"iso-8859-14": charmap.ISO8859_14, "iso-8859-15": charmap.ISO8859_15, "iso8859-15": charmap.ISO8859_15, "latin9": charmap.ISO8859_15, "iso-8859-16": charmap.ISO8859_16,
	"windows-1250": charmap.Windows1250, "cp1250": charmap.Windows1250, "windows-1251": charmap.Windows1251, "cp1251": charmap.Windows1251,
	"windows-1252": charmap.Windows1252, "cp1252": charmap.Windows1252, "windows-1254": charmap.Windows1254, "cp1254": charmap.Windows1254,
	"koi8-r": charmap.KOI8R, "koi8-u": charmap.KOI8U, "cp866": charmap.CodePage866, "ibm866": charmap.CodePage866, "cp850": charmap.CodePage850, "cp437": charmap.CodePage437,
	"euc-jp": japanese.EUCJP, "eucjp": japanese.EUCJP, "shift_jis": japanese.ShiftJIS, "shift-jis": japanese.ShiftJIS, "sjis": japanese.ShiftJIS, "cp932": japanese.ShiftJIS,
	"euc-kr": korean.EUCKR, "euckr": korean.EUCKR, "cp949": korean.EUCKR, "gbk": simplifiedchinese.GBK, "cp936": simplifiedchinese.GBK, "gb2312": simplifiedchinese.GBK,
	"gb18030": simplifiedchinese.GB18030, "big5": traditionalchinese.Big5,
}
