package reversibility

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/rules"
)

// javaScript are modules of JavaScript and TypeScript. What a package exports is what
// its entry, the module index, exports.
var javaScript = language{
	is: func(p string) bool {
		return endsIn(".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")(p) && !strings.Contains(p, ".test.") && !strings.Contains(p, ".spec.")
	},
	group: alone, promises: exported, noun: "package",
}

var (
	exportLine   = lazyregexp.New(`(?m)^(?:export\s+(?:declare\s+)?(?:async\s+)?(?:abstract\s+)?(?:function\s*\*?|class|const|let|var|interface|type|enum|namespace)\s+([\w$]+)|export\s+(default)\b|export\s+\*\s+from\s+["']([^"'\n]+)["']|export\s+\*\s+as\s+([\w$]+)|export\s+(?:type\s+)?\{([^}]*)\}|(?:module\.)?exports\.([\w$]+)\s*=)`)
	scriptEnding = lazyregexp.New(`\.[cm]?[jt]sx?$`)
	entryName    = lazyregexp.New(`^index\.[cm]?[jt]sx?$`)
)

// exported are the names that a module exports; "* from M" stands for those of another
// module.
func exported(_, text string) ([]string, error) {
	var names []string
	for _, m := range exportLine.FindAllStringSubmatch(text, maxPromises) {
		switch {
		case m[3] != "":
			names = append(names, "* from "+scriptEnding.ReplaceAllString(m[3], ""))
		case m[5] != "":
			names = append(names, importedNames(m[5])...)
		default:
			names = append(names, m[1]+m[2]+m[4]+m[6])
		}
	}
	return names, nil
}

// entries finds what the packages of JavaScript that are published stop exporting.
func entries(ctx context.Context, c *change.Change) ([]rules.Finding, error) {
	files, err := publishedFiles(ctx, c)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	if len(files) > maxSources {
		return []rules.Finding{tooMany(c, javaScript.noun, len(files))}, nil
	}
	var before, after []string
	for _, f := range files {
		before = append(before, f.BasePath())
		if f.HeadPath() != "" && regular(f.Mode) {
			after = append(after, f.Path)
		}
	}
	c.Prefetch(ctx, change.AtBase, before)
	c.Prefetch(ctx, change.AtHead, after)
	var found []rules.Finding
	for _, f := range files {
		gone, err := noLongerExported(ctx, c, f)
		if err != nil {
			return found, err
		}
		if len(gone) > 0 {
			found = append(found, broke(c, f, javaScript.noun, gone))
		}
	}
	return found, nil
}

// publishedFiles are modules that a change touches in packages that are published.
func publishedFiles(ctx context.Context, c *change.Change) ([]change.File, error) {
	var modules []change.File
	var manifests []string
	for _, f := range c.Files {
		if f.Status != change.Added && javaScript.is(f.BasePath()) && regular(f.OldMode) {
			modules = append(modules, f)
			manifests = append(manifests, manifestOf(f.BasePath()))
		}
	}
	slices.Sort(manifests)
	c.Prefetch(ctx, change.AtBase, slices.Compact(manifests))
	known := make(map[string]bool)
	for _, m := range slices.Compact(manifests) {
		public, err := published(ctx, c, m)
		if err != nil {
			return nil, err
		}
		known[m] = public
	}
	return slices.DeleteFunc(modules, func(f change.File) bool { return !known[manifestOf(f.BasePath())] }), nil
}

// manifestOf is where the manifest lies of a package whose entry is beside a module.
func manifestOf(p string) string {
	dir := path.Dir(p)
	if base := path.Base(dir); base == "src" || base == "lib" {
		dir = path.Dir(dir)
	}
	return path.Join(dir, "package.json")
}

// published reports whether a manifest is there at the merge base and of a package that
// is not private.
func published(ctx context.Context, c *change.Change, manifest string) (bool, error) {
	data, err := c.Read(ctx, change.AtBase, manifest)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, change.ErrTooLarge):
		return false, nil
	case err != nil:
		return false, err
	}
	var says struct {
		Name    string
		Private any
	}
	broken := json.Unmarshal(data, &says)
	return broken == nil && says.Name != "" && says.Private != true && says.Private != "true", nil
}

// noLongerExported are the names that a module exported and does not any more. Of one
// that is no entry they count where the entry exports all of it.
func noLongerExported(ctx context.Context, c *change.Change, f change.File) ([]string, error) {
	p := f.BasePath()
	entry := entryName.MatchString(path.Base(p))
	before, err := exportsOf(ctx, c, change.AtBase, p, entry)
	if err != nil {
		return nil, err
	}
	after, err := exportsOf(ctx, c, change.AtHead, f.HeadPath(), entry)
	if err != nil {
		return nil, err
	}
	if f.HeadPath() == "" && entry {
		if after, err = exportsFrom(ctx, c, change.AtHead, strings.TrimSuffix(p, path.Ext(p))); err != nil {
			return nil, err
		}
	}
	now := make(promised)
	now.add("", after)
	gone := slices.DeleteFunc(before, func(n string) bool { return now[""][n] })
	if len(gone) == 0 || entry {
		return gone, nil
	}
	all, err := exportsAll(ctx, c, path.Dir(p), strings.TrimSuffix(path.Base(p), path.Ext(p)))
	if err != nil || !all {
		return nil, err
	}
	return gone, nil
}

// maxStars bounds of how many modules an entry exports all, and is looked into.
const maxStars = 20

// exportsOf are the names that a module exports; an entry's with those of the modules
// beside it that it exports as a whole, one step far.
func exportsOf(ctx context.Context, c *change.Change, side change.Side, p string, entry bool) ([]string, error) {
	names, _, err := javaScript.read(ctx, c, side, p)
	if err != nil || !entry {
		return names, err
	}
	var list []string
	for stars, n := 0, 0; n < len(names); n++ {
		from, star := strings.CutPrefix(names[n], "* from ./")
		if star && stars < maxStars {
			stars++
			more, err := exportsFrom(ctx, c, side, path.Join(path.Dir(p), from))
			if err != nil {
				return nil, err
			}
			if len(more) > 0 {
				list = append(list, slices.DeleteFunc(more, func(n string) bool { return n == "default" })...)
				continue
			}
		}
		list = append(list, names[n])
	}
	return list, nil
}

// exportsFrom are the names that a module exports, found by its path without an ending.
func exportsFrom(ctx context.Context, c *change.Change, side change.Side, stem string) ([]string, error) {
	var candidates []string
	for _, ending := range []string{".ts", ".tsx", ".js", ".mjs", ".mts", ".jsx", "/index.ts", "/index.js"} {
		candidates = append(candidates, stem+ending)
	}
	c.Prefetch(ctx, side, candidates)
	for _, p := range candidates {
		names, err := exportsOf(ctx, c, side, p, false)
		if err != nil || len(names) > 0 {
			return names, err
		}
	}
	return nil, nil
}

// exportsAll reports whether the entry of a folder exports all of a module, before and
// after.
func exportsAll(ctx context.Context, c *change.Change, dir, stem string) (bool, error) {
	for _, name := range []string{"index.ts", "index.js", "index.mts", "index.mjs", "index.tsx"} {
		both := 0
		for _, side := range []change.Side{change.AtBase, change.AtHead} {
			names, _, err := javaScript.read(ctx, c, side, path.Join(dir, name))
			if err != nil {
				return false, err
			}
			if slices.ContainsFunc(names, func(n string) bool {
				from, star := strings.CutPrefix(n, "* from ./")
				return star && (from == stem || strings.TrimSuffix(from, path.Ext(from)) == stem)
			}) {
				both++
			}
		}
		if both == 2 {
			return true, nil
		}
	}
	return false, nil
}
