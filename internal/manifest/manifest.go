// Package manifest reads dependency manifests and lock files and compares two
// versions of one.
//
// # The model
//
// A [File] is what a manifest asks for: packages, the settings that decide
// where packages come from, the files it includes and the commands that run at
// installation. A [Package] is one line of that list. Its Spec is the set of
// versions it accepts, its Source the place they come from; "" is the
// ecosystem's default registry. Pinned says that it accepts exactly one
// artefact: whether a lock file elsewhere fixes an unpinned one is not this
// package's business.
//
// [Compare] takes the file before and after a change and returns [Change]s,
// each with the [Kind]s of the policy's "on:". Order, comments and white space
// are no change. A change that no kind describes, such as a narrower range, is
// not returned.
//
// Files come from pull requests and are hostile. A parser reads what the
// ecosystem's own tool would read, in linear time, within the limits below, or
// returns a [*ParseError]. It never guesses and never skips a line: what it
// does not understand is an error, because an unread line may be the one that
// matters. Where tools disagree on a line, that is an error too.
//
// The package is pure: bytes in, data out.
//
// # The API
//
// [Known] says what a file name promises, [Parse] reads, [Compare] compares,
// [Satisfies] holds a lock file against its manifest, [Formats] lists the
// formats with the conditions that can occur in each.
package manifest

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The limits of what is read. Real files stay far below them.
const (
	MaxBytes    = 5 << 20
	maxEntries  = 50_000 // packages, settings and scripts of one lock file
	maxAsked    = 10_000 // the same of a file that people write
	maxNesting  = 32     // levels that a parser of ours descends
	maxPathLen  = 1024   // of a path of nested packages; bounds memory, since all below share it
	maxClauses  = 64     // parts of one version specification
	maxSpec     = 4096   // bytes of one; a longer one is opaque, as one of too many parts is
	maxQuoteLen = 80     // of hostile text in an error
)

// The ecosystems that are parsed, named as package URLs name them.
const (
	PyPI  = "pypi"
	NPM   = "npm"
	Go    = "golang"
	Conda = "conda"
)

// A Package is one requirement of a manifest or one entry of a lock file.
type Package struct {
	Ecosystem string
	Name      string // as its ecosystem compares names: PEP 503 for pypi, as written for npm and Go
	Alias     string // the name it is installed under, when that differs
	PURL      string // package URL without version
	Spec      string // the versions, as written but for white space; in a lock file the version
	Group     string // "", "dev", "peer", "optional:NAME", "build-system", "replace", "overrides", …
	Source    string // "" for the default registry; else the URL, "git+URL@ref", "path:DIR", "index:NAME", …

	Extras  []string // sorted
	Marker  string   // when it applies; normalised
	Options []string // sorted: what else changes its installation
	// Integrity are the hashes, sorted, as "sha256:…" or "sha512-…".
	Integrity []string
	// Platforms, sorted, are where a lock file says that it is installed alone.
	Platforms []string
	// Said is what a lock file says of the content of an archive, and the installer
	// believes; it counts where the archive is the same.
	Said []string

	Pinned        bool // accepts exactly one artefact
	Transitive    bool // nobody in this file asked for it directly
	InstallScript bool // a lock file says that it runs one
	Dev           bool // a lock file says that only development needs it

	Path          string // in a lock file, where it is installed, or the name of the entry
	Remark        string // the version that a comment gives a commit; it proves nothing
	Locked        string // of what is declared in a lock file: the Path of what answers it
	Line, EndLine int    // 1-based; 0 when the format has no place for it
}

// String is the package as one would write it down.
func (p *Package) String() string {
	var b strings.Builder
	b.WriteString(p.Name)
	if len(p.Extras) > 0 {
		b.WriteString("[" + strings.Join(p.Extras, ",") + "]")
	}
	if p.Spec != "" {
		b.WriteString(" " + p.Spec)
	}
	if p.Remark != "" {
		b.WriteString(" (" + p.Remark + ")")
	}
	if p.Source != "" {
		b.WriteString(" from " + p.Source)
	}
	if p.Marker != "" {
		b.WriteString("; " + p.Marker)
	}
	return b.String()
}

// Elsewhere reports whether a package comes from a repository or an address: from
// neither a registry nor the tree itself.
func (p *Package) Elsewhere() bool {
	if strings.Contains(p.Source, archivesFrom) {
		return true
	}
	for _, near := range []string{"index:", "registry:", "path:", "file:", "workspace", "catalog:"} {
		if strings.HasPrefix(p.Source, near) {
			return false
		}
	}
	return p.Source != "" && p.Group != groupReplace
}

// A Setting is anything in a manifest that is no package and still decides what
// is installed: an index, a trusted host, a workspace, an excluded version.
// Two settings of one name stand beside each other.
type Setting struct {
	Name  string
	Value string
	// Gained and Lost are the kinds of change that its coming and going are;
	// "" when the policy has no word for it.
	Gained, Lost  Kind
	Line, EndLine int
}

// An Include is another file that belongs to this one.
type Include struct {
	Target string // as written
	// Path is the file within the tree; "" for a URL, an absolute path, a path
	// that leaves the tree or one with an environment variable in it.
	Path          string
	Constraint    bool // it only constrains versions
	Line, EndLine int
}

// A Script is a command or a program that installing runs.
type Script struct {
	Name          string
	Command       string
	Line, EndLine int
}

// A File is one parsed manifest or lock file, in the order of its lines.
type File struct {
	Path      string
	Ecosystem string
	Format    string // the name of its [Format]
	Lock      bool
	Packages  []Package
	Settings  []Setting
	Includes  []Include
	Scripts   []Script
	Unread    []Unread
	Builds    []Build // of Compose
	// Declared is what a lock file says that its manifests asked for: the one
	// beside it and those of the Members of its workspace, whose folders, seen
	// from the lock file, are the Path ("" beside it). See [Satisfies].
	Declared []Package
	Members  []string
	// Own is what a pom says of its own project.
	Own Project

	program    *program            // of a manifest that is one
	project    string              // the name of the project itself, where drift must know it
	gems       map[string]*pathGem // of Bundler's lock: the gems of the repository itself, by name
	patterns   map[string]string   // of Yarn's lock: what somebody asks for, and the Path of its answer; of Composer's: names that entries answer to; of Gradle's: what is locked
	edges      []edge              // of Cargo's lock
	entryNames []string            // of Cargo's lock: under which names each package is asked for, three each
	undivided  bool                // this lock file does not say which packages only development needs
}

// A Project is the name and the version of what a manifest builds, "" where the file
// does not say them.
type Project struct{ Name, Version string }

// A ParseError says why and where a file could not be read.
type ParseError struct {
	Path      string
	Line, Col int // 1-based; Col counts bytes, 0 when only the line is known
	Reason    string
}

// Error is "path:line:col: reason".
func (e *ParseError) Error() string {
	if e.Col == 0 {
		return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Reason)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Col, e.Reason)
}

// Parse reads a file whose name is that of a parsed format. The error is a
// *ParseError.
func Parse(path string, data []byte) (*File, error) {
	f, tier := Known(path)
	if tier != Parsed {
		return nil, &ParseError{Path: path, Line: 1, Reason: "no parser for this file name"}
	}
	return f.Parse(path, data)
}

// checkText refuses what no parser should see.
func checkText(path string, data []byte) error {
	if len(data) > MaxBytes {
		return &ParseError{Path: path, Line: 1, Reason: fmt.Sprintf("%d bytes, the limit is %d", len(data), MaxBytes)}
	}
	if utf8.Valid(data) {
		return nil
	}
	at := 0
	for at < len(data) {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	line, col := position(data, at)
	return &ParseError{Path: path, Line: line, Col: col, Reason: "not valid UTF-8"}
}

// position is the line and column of an offset.
func position(data []byte, offset int) (line, col int) {
	before := data[:min(offset, len(data))]
	return bytes.Count(before, []byte{'\n'}) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}

// quote shows hostile text in an error: escaped, and cut.
func quote(s string) string {
	if len(s) <= maxQuoteLen {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q…", strings.ToValidUTF8(s[:maxQuoteLen], ""))
}

// count guards the number of entries. Every parser asks it while it adds. Files
// that tools write hold what a whole tree of packages comes to, those that people
// write what they ask for.
func (f *File) count() error {
	most := maxAsked
	if f.Lock {
		most = maxEntries
	}
	if n := len(f.Packages) + len(f.Settings) + len(f.Scripts) + len(f.Includes) + len(f.Declared) + len(f.Unread) + len(f.Builds) + len(f.patterns); n > most {
		return &ParseError{Path: f.Path, Line: f.lastLine(), Reason: fmt.Sprintf("more than %d entries", most)}
	}
	return nil
}

// lastLine is the last line of which something was taken in.
func (f *File) lastLine() int {
	line := 1
	if n := len(f.Packages); n > 0 {
		line = max(line, f.Packages[n-1].Line)
	}
	if n := len(f.Settings); n > 0 {
		line = max(line, f.Settings[n-1].Line)
	}
	if n := len(f.Scripts); n > 0 {
		line = max(line, f.Scripts[n-1].Line)
	}
	if n := len(f.Includes); n > 0 {
		line = max(line, f.Includes[n-1].Line)
	}
	if n := len(f.Declared); n > 0 {
		line = max(line, f.Declared[n-1].Line)
	}
	if n := len(f.Unread); n > 0 {
		line = max(line, f.Unread[n-1].Line)
	}
	return line
}
