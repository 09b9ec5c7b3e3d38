package walls

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/changeguard/changeguard"

// room is a package of the program.
type room struct {
	ImportPath, Dir, Export            string
	GoFiles                            []string
	Imports, TestImports, XTestImports []string
	Module                             *struct {
		Path string
		Main bool
	}
}

// name is the room's folder.
func (r *room) name() string { return folder(r.ImportPath) }

// folder is a package's folder in this module, or its path in another.
func folder(path string) string { return strings.TrimPrefix(path, module+"/") }

// house is what the program is made of: its rooms, and all packages below them.
type house struct {
	rooms    []*room
	all      map[string]*room
	checked  []*checked // the rooms, without helpers of tests
	fset     *token.FileSet
	importer types.Importer // reads what the compiler has left
}

// ours is read once; it does not change while tests run.
var ours = sync.OnceValues(func() (*house, error) {
	// Looking into the folders tells go test that its result depends on them.
	if _, err := sources(); err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Imports,TestImports,XTestImports,Module", module+"/...")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, errs.String())
	}
	h := &house{all: make(map[string]*room), fset: token.NewFileSet()}
	h.importer = importer.ForCompiler(h.fset, "gc", h.exported)
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		r := new(room)
		if err := d.Decode(r); errors.Is(err, io.EOF) {
			return h, h.check()
		} else if err != nil {
			return nil, fmt.Errorf("read what go list says: %w", err)
		}
		h.all[r.ImportPath] = r
		if r.Module != nil && r.Module.Main {
			h.rooms = append(h.rooms, r)
		}
	}
})

func (h *house) exported(path string) (io.ReadCloser, error) {
	if h.all[path] == nil {
		return nil, fmt.Errorf("%s is no part of the program", path)
	}
	return os.Open(h.all[path].Export)
}

// root is the way from this package to the module's folder.
const root = "../.."

// sources lists the program's files of Go, tests too, from the module's folder.
var sources = sync.OnceValues(func() (files []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root:
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go"):
			files = append(files, path)
		}
		return nil
	})
	return files, err
})

func theHouse(t *testing.T) *house {
	t.Helper()
	h, err := ours()
	if err != nil {
		t.Fatal(err)
	}
	if len(h.rooms) < 30 {
		t.Fatalf("only %d packages", len(h.rooms))
	}
	return h
}

// reach lists the packages below one, itself left out.
func (h *house) reach(r *room) map[string]bool {
	seen := make(map[string]bool)
	todo := r.Imports
	for len(todo) > 0 {
		last := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if next := h.all[last]; !seen[last] && next != nil {
			todo = append(todo[:len(todo):len(todo)], next.Imports...)
		}
		seen[last] = true
	}
	return seen
}

// checked is a room with what the compiler knows of each of its names.
type checked struct {
	*room
	fset *token.FileSet
	info *types.Info
}

// check reads the files of all rooms, without their tests.
func (h *house) check() error {
	for _, r := range h.rooms {
		if helper(r.name()) {
			continue
		}
		sources := make(map[string][]byte)
		for _, name := range r.GoFiles {
			data, err := os.ReadFile(filepath.Join(r.Dir, name))
			if err != nil {
				return err
			}
			sources[name] = data
		}
		c, err := h.checkSources(r, sources)
		if err != nil {
			return err
		}
		h.checked = append(h.checked, c)
	}
	return nil
}

func (h *house) checkSources(r *room, sources map[string][]byte) (*checked, error) {
	c := &checked{r, h.fset, &types.Info{Uses: make(map[*ast.Ident]types.Object), Types: make(map[ast.Expr]types.TypeAndValue)}}
	var files []*ast.File
	for name, data := range sources {
		f, err := parser.ParseFile(c.fset, name, data, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	_, err := (&types.Config{Importer: h.importer}).Check(r.ImportPath, c.fset, files, c.info)
	return c, err
}

// where is a place in the program.
func (c *checked) where(p token.Pos) string {
	at := c.fset.Position(p)
	return fmt.Sprintf("%s/%s:%d", c.name(), at.Filename, at.Line)
}
