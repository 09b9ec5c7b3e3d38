package change

import (
	"cmp"
	"path"
	"slices"
)

// Status says what happened to a file.
type Status string

// What can happen to a file. Renamed means equal content under another name;
// a file that was moved and edited is one removed and one added.
const (
	Added       Status = "added"
	Modified    Status = "modified" // content or permission
	Removed     Status = "removed"
	Renamed     Status = "renamed"
	TypeChanged Status = "type-changed" // file, link and submodule are types
)

// Mode is a git file mode in its six octal digits.
type Mode string

// The modes that git writes.
const (
	NoMode     Mode = "" // the file is not there
	Regular    Mode = "100644"
	Executable Mode = "100755"
	Symlink    Mode = "120000"
	Submodule  Mode = "160000"
)

// kind groups modes into the types between which a change is a type change.
func (m Mode) kind() byte {
	switch m {
	case Symlink:
		return 'l'
	case Submodule:
		return 'm'
	case NoMode:
		return 0
	default:
		return 'f'
	}
}

// A File is one file of a change. Blob ids are git's object ids in hexadecimal;
// a submodule's is the commit it points to.
type File struct {
	Status  Status
	Path    string // at the head; for a removed file its name at the merge base
	OldPath string // at the merge base, only when it differs from Path
	OldMode Mode   // at the merge base; NoMode for an added file
	Mode    Mode   // at the head; NoMode for a removed file
	OldBlob string
	Blob    string
}

// NewFile makes the file from its two sides and derives its status.
func NewFile(path string, oldMode Mode, oldBlob string, mode Mode, blob string) File {
	f := File{Path: path, OldMode: oldMode, OldBlob: oldBlob, Mode: mode, Blob: blob}
	switch {
	case oldMode == NoMode:
		f.Status = Added
	case mode == NoMode:
		f.Status = Removed
	case oldMode.kind() != mode.kind():
		f.Status = TypeChanged
	default:
		f.Status = Modified
	}
	return f
}

// BasePath is the file's name at the merge base, "" for an added file.
func (f File) BasePath() string {
	switch {
	case f.Status == Added:
		return ""
	case f.OldPath != "":
		return f.OldPath
	default:
		return f.Path
	}
}

// HeadPath is the file's name at the head, "" for a removed file.
func (f File) HeadPath() string {
	if f.Status == Removed {
		return ""
	}
	return f.Path
}

// Lines counts the lines that a change adds to and deletes from one file.
// Binary files, submodules and renames count none.
type Lines struct {
	Added   int
	Deleted int
}

// emptyBlobs are the ids of the empty file under SHA-1 and SHA-256. Empty files
// are all alike, so their equality says nothing about where one came from.
var emptyBlobs = []string{
	"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
	"473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
}

// pairRenames joins an added and a removed file of equal content into one
// renamed file. Candidates are taken in path order, those of equal base name
// first, so the result does not depend on the order of the input; a change of
// ten thousand copies of one file stays linear.
func pairRenames(files []File) []File {
	left := removedFiles(files)
	if left.empty() {
		return files
	}
	var added []int
	for i, f := range files {
		if f.Status == Added && f.Mode.kind() == 'f' && len(left.byBlob[f.Blob]) > 0 {
			added = append(added, i)
		}
	}
	slices.SortFunc(added, func(a, b int) int { return cmp.Compare(files[a].Path, files[b].Path) })
	for _, takeFrom := range []func(File) (int, bool){left.sameName, left.anyName} {
		for _, i := range added {
			if files[i].Status != Added {
				continue
			}
			if from, ok := takeFrom(files[i]); ok {
				files[i].Status, files[i].OldPath = Renamed, files[from].Path
				files[i].OldMode, files[i].OldBlob = files[from].OldMode, files[from].OldBlob
			}
		}
	}
	kept := files[:0:0]
	for i, f := range files {
		if !left.gone[i] {
			kept = append(kept, f)
		}
	}
	return kept
}

// removed are the files that an added one may come from, as indices in path
// order.
type removed struct {
	byBlob map[string][]int
	byName map[blobName][]int
	gone   map[int]bool // those that were taken
}

// blobName is a content and the last part of a path.
type blobName struct{ blob, base string }

func removedFiles(files []File) removed {
	r := removed{make(map[string][]int), make(map[blobName][]int), make(map[int]bool)}
	var order []int
	for i, f := range files {
		if f.Status == Removed && f.OldMode.kind() == 'f' && !slices.Contains(emptyBlobs, f.OldBlob) {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(files[a].Path, files[b].Path) })
	for _, i := range order {
		f := files[i]
		name := blobName{f.OldBlob, path.Base(f.Path)}
		r.byBlob[f.OldBlob] = append(r.byBlob[f.OldBlob], i)
		r.byName[name] = append(r.byName[name], i)
	}
	return r
}

func (r removed) empty() bool { return len(r.byBlob) == 0 }

// sameName takes the first that has the added file's content and base name.
func (r removed) sameName(f File) (int, bool) {
	return take(r.byName, blobName{f.Blob, path.Base(f.Path)}, r.gone)
}

// anyName takes the first that has the added file's content.
func (r removed) anyName(f File) (int, bool) { return take(r.byBlob, f.Blob, r.gone) }

// take removes the first of a key's candidates that is not gone.
func take[K comparable](candidates map[K][]int, key K, gone map[int]bool) (int, bool) {
	for at := candidates[key]; len(at) > 0; at = at[1:] {
		if candidates[key] = at[1:]; !gone[at[0]] {
			gone[at[0]] = true
			return at[0], true
		}
	}
	return 0, false
}
