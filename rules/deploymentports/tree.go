package deploymentports

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// The bounds of what is read of one tree. A repository with more manifests than
// that cannot be judged, and the verdict says so.
const (
	maxRead     = 32 << 20 // bytes
	maxReadFile = 1 << 20  // bytes of one file; a larger one is no manifest and no program
)

// tree is one of the two trees of the change: its names, and contents as far as
// they are asked for.
type tree struct {
	ctx    context.Context
	c      *change.Change
	side   change.Side
	paths  []string // of regular files that count, sorted
	texts  map[string]string
	lines  map[string][]string
	read   int
	err    error // the first that makes a judgement impossible
	broken map[string]string
}

// newTree lists a tree without what is not the product: tests, documents and
// code of others.
func newTree(ctx context.Context, c *change.Change, side change.Side) (*tree, error) {
	entries, err := c.Tree(ctx, side)
	if err != nil {
		return nil, err
	}
	t := &tree{ctx: ctx, c: c, side: side, texts: make(map[string]string), lines: make(map[string][]string), broken: make(map[string]string)}
	for _, e := range entries {
		if (e.Mode == change.Regular || e.Mode == change.Executable) && interesting(e.Path) {
			t.paths = append(t.paths, e.Path)
		}
	}
	return t, nil
}

// interesting leaves out what can say nothing of ports, before classes are looked
// up for the rest: most files of a repository are programs.
func interesting(name string) bool {
	if !isManifest(name) && !isDockerfile(name) && !isConfig(name) && codeLanguage(name) == "" {
		return false
	}
	switch change.Classify(name, change.Regular) {
	case change.ClassTests, change.ClassDocs, change.ClassVendored, change.ClassGenerated:
		return false
	default:
		return !strings.Contains(strings.ToLower(name), "backup") && !inFolder(name, asideFolders)
	}
}

func (t *tree) has(name string) bool {
	_, found := slices.BinarySearch(t.paths, name)
	return found
}

// below are the files under a folder; "." is the top.
func (t *tree) below(dir string) []string {
	if dir == "." {
		return t.paths
	}
	from, _ := slices.BinarySearch(t.paths, dir+"/")
	to, _ := slices.BinarySearch(t.paths, dir+"0") // the character after the slash
	return t.paths[from:to]
}

// text reads a file; false when it is not there or cannot be a manifest. An error
// of the source is kept and ends the judgement.
func (t *tree) text(name string) (string, bool) {
	if s, ok := t.texts[name]; ok {
		return s, true
	}
	if t.err != nil || !t.has(name) {
		return "", false
	}
	data, err := t.c.Read(t.ctx, t.side, name)
	switch {
	case errors.Is(err, fs.ErrNotExist), tooLarge(err), err == nil && len(data) > maxReadFile:
		t.broken[name] = fmt.Sprintf("it is larger than %d bytes", maxReadFile)
		return "", false
	case err != nil:
		t.err = err
		return "", false
	}
	if t.read += len(data); t.read > maxRead {
		t.err = fmt.Errorf("%w: the manifests of the repository have more than %d bytes", change.ErrTooLarge, maxRead)
		return "", false
	}
	t.texts[name] = string(data)
	return t.texts[name], true
}

// tooLarge tells one large file from a change that is too large as a whole.
func tooLarge(err error) bool {
	var large *change.TooLargeError
	return errors.As(err, &large)
}

// prefetch reads files together.
func (t *tree) prefetch(names []string) {
	for part := range slices.Chunk(names, 500) {
		t.c.Prefetch(t.ctx, t.side, part)
	}
}

// line is one line of a file, without blanks around it.
func (t *tree) line(name string, number int) string {
	lines, ok := t.lines[name]
	if !ok {
		lines = strings.Split(t.texts[name], "\n")
		t.lines[name] = lines
	}
	if number < 1 || number > len(lines) {
		return ""
	}
	return strings.TrimSpace(lines[number-1])
}

func lower(name string) string { return strings.ToLower(path.Base(name)) }

// isDockerfile tells "Dockerfile", "Dockerfile.web" and "web.Dockerfile".
func isDockerfile(name string) bool {
	base := lower(name)
	return base == "dockerfile" || base == "containerfile" || strings.HasPrefix(base, "dockerfile.") && base != "dockerfile.md" || strings.HasSuffix(base, ".dockerfile")
}

// asideFolders hold programs that nobody deploys. "test" is not among them: it is
// also the name of a stage.
var asideFolders = words(`tests e2e testdata example examples _examples sample samples`)

// manifestFolders hold YAML that deploys.
var manifestFolders = words(`k8s kubernetes kube manifests deploy deployment deployments infra infrastructure helm charts chart kustomize base overlays cloudrun
	cloud-run knative gitops argocd .github ops`)

// manifestNames begin the names of YAML files that deploy.
var manifestNames = strings.Fields(`docker-compose compose cloudbuild app. service deployment statefulset daemonset pod knative cloudrun k8s kubernetes deploy ingress
	.gitlab-ci render values skaffold`)

// isManifest tells the files that may say where a program is expected.
func isManifest(name string) bool {
	base := lower(name)
	switch path.Ext(base) {
	case ".yml", ".yaml":
		return strings.Contains(name, ".circleci/") || hasPrefix(base, manifestNames) || inFolder(name, manifestFolders)
	case ".tf", ".tofu":
		return true
	case ".toml":
		return strings.HasPrefix(base, "fly.") || base == "fly.toml"
	case ".sh", ".bash":
		return true
	case "":
		return base == "procfile" || base == "makefile" || base == "justfile"
	default:
		return false
	}
}

// isConfig tells the configuration of servers, and what says how a program is
// started.
func isConfig(name string) bool {
	base := lower(name)
	switch {
	case isDotenv(name):
		return true
	case path.Ext(base) == ".toml":
		return strings.Contains(base, "hypercorn") || strings.Contains(base, "gunicorn")
	case base == "package.json", strings.HasSuffix(base, ".conf"), strings.HasSuffix(base, ".conf.template"):
		return true
	case strings.HasPrefix(base, "application"):
		return slices.Contains([]string{".properties", ".yml", ".yaml"}, path.Ext(base))
	default:
		return false
	}
}

func hasPrefix(base string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(base, p) })
}

func inFolder(name string, folders map[string]bool) bool {
	dir := path.Dir(strings.ToLower(name))
	for part := range strings.SplitSeq(dir, "/") {
		if folders[part] {
			return true
		}
	}
	return false
}

func words(s string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(s) {
		m[w] = true
	}
	return m
}

// A place is where a file says something.
type place struct {
	path string
	line int
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line))
}
