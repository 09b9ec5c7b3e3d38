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
// first, so the result does not depend on the order of the input.
func pairRenames(files []File) []File {
	removed := make(map[string][]int)
	for i, f := range files {
		if f.Status == Removed && f.OldMode.kind() == 'f' && !slices.Contains(emptyBlobs, f.OldBlob) {
			removed[f.OldBlob] = append(removed[f.OldBlob], i)
		}
	}
	if len(removed) == 0 {
		return files
	}
	for _, at := range removed {
		slices.SortFunc(at, func(a, b int) int { return cmp.Compare(files[a].Path, files[b].Path) })
	}
	added := addedInOrder(files, removed)
	gone := make(map[int]bool)
	for _, sameName := range []bool{true, false} {
		for _, i := range added {
			if files[i].Status != Added {
				continue
			}
			if from, ok := take(files, removed, i, sameName, gone); ok {
				files[i].Status, files[i].OldPath = Renamed, files[from].Path
				files[i].OldMode, files[i].OldBlob = files[from].OldMode, files[from].OldBlob
			}
		}
	}
	kept := files[:0:0]
	for i, f := range files {
		if !gone[i] {
			kept = append(kept, f)
		}
	}
	return kept
}

// addedInOrder lists the added files whose content was removed elsewhere.
func addedInOrder(files []File, removed map[string][]int) []int {
	var added []int
	for i, f := range files {
		if f.Status == Added && f.Mode.kind() == 'f' && len(removed[f.Blob]) > 0 {
			added = append(added, i)
		}
	}
	slices.SortFunc(added, func(a, b int) int { return cmp.Compare(files[a].Path, files[b].Path) })
	return added
}

// take picks the removed file that the added file i came from and marks it gone.
// One pass asks for equal base names, the other takes the first that is left;
// a candidate list shrinks from its front, so a change of many equal files
// stays linear in the second pass.
func take(files []File, removed map[string][]int, i int, sameName bool, gone map[int]bool) (int, bool) {
	at := removed[files[i].Blob]
	for len(at) > 0 && gone[at[0]] {
		at = at[1:]
	}
	removed[files[i].Blob] = at
	for n, from := range at {
		if n >= maxSameNameTries && sameName {
			break
		}
		if gone[from] || sameName && path.Base(files[from].Path) != path.Base(files[i].Path) {
			continue
		}
		gone[from] = true
		return from, true
	}
	return 0, false
}

// maxSameNameTries bounds the search among equal contents: a change may carry
// ten thousand copies of one file.
const maxSameNameTries = 64
