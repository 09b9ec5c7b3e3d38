package manifest

import (
	"path"
	"strings"
)

// fromElsewhere reports whether an imported project lies outside of the tree: on
// another machine, at a fixed place of this one, in a folder of packages or of the
// user. MSBuild and its SDKs bring theirs under names of their own.
func (m *msbuild) fromElsewhere(project string) bool {
	for item := range strings.SplitSeq(m.expand(project), ";") {
		if m.outside(unescaped.Replace(strings.ToLower(strings.TrimSpace(item)))) {
			return true
		}
	}
	return false
}

// unescaped writes paths with one kind of slash and without the escapes of MSBuild
// that hide what a path is.
var unescaped = strings.NewReplacer(`\`, "/", "%5c", "/", "%2f", "/", "%2e", ".", "%3a", ":", "%24", "$", "%28", "(", "%29", ")")

func (m *msbuild) outside(project string) bool {
	if strings.HasPrefix(project, "/") || len(project) > 1 && project[1] == ':' || strings.Contains(project, "://") || strings.Contains(project, "[system.environment]") {
		return true
	}
	if inner, is := strings.CutPrefix(project, "$("); is {
		name, _, _ := strings.Cut(inner, ")")
		if foreignFolders[name] || strings.HasPrefix(name, "pkg") { // a package that was asked for its folder
			return true
		}
	}
	for _, folder := range []string{"packages", ".nuget"} {
		if strings.HasPrefix(project, folder+"/") || strings.Contains(project, "/"+folder+"/") {
			return true
		}
	}
	above := path.Join(path.Dir(m.file.Path), strings.TrimPrefix(project, "$(msbuildthisfiledirectory)"))
	return above == ".." || strings.HasPrefix(above, "../")
}

// foreignFolders are properties, of NuGet and of the environment, that are folders
// outside of the tree.
var foreignFolders = wordSet("nugetpackageroot nuget_packages restorepackagespath nugetpackagefolders temp tmp tmpdir home userprofile appdata localappdata programdata public systemdrive systemroot windir")
