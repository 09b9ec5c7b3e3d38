package manifest

import "strings"

// preCommitFormat is that of pre-commit, whose hooks are programs from repositories.
var preCommitFormat = Format{
	Name: "pre-commit", Ecosystem: PreCommit, is: named(".pre-commit-config.yaml", ".pre-commit-config.yml"), Parse: parsePreCommit,
	Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, LifecycleScript},
}

// parsePreCommit reads the repositories with their revisions, what their hooks
// install besides, and the commands of local hooks.
func parsePreCommit(path string, data []byte) (*File, error) {
	doc, err := oneYAML(path, data)
	if err != nil {
		return nil, err
	}
	m := newYAMLManifest(path, PreCommit, "pre-commit")
	m.remarks = remarks{text: string(data)}
	if doc == nil {
		return m.file, nil
	}
	if err := m.elements(doc.child("repos"), "repos", m.hooks); err != nil {
		return nil, err
	}
	return m.file, m.file.count()
}

// hooks reads one repository. It has its name from its address: no registry
// stands between.
func (m *yamlManifest) hooks(r *yamlValue) error {
	if r.kind != yamlMap {
		return m.fail(r, "a repository that is no mapping")
	}
	url := strings.TrimSpace(r.str("repo"))
	local := url == "local" || url == "meta"
	switch {
	case url == "":
		return m.fail(r, "a repository without its address")
	case !local:
		m.repository(r, url)
	}
	return m.elements(r.child("hooks"), "hooks", func(h *yamlValue) error {
		id := oneLine(h.str("id"))
		for _, key := range []string{"entry", "language", "args"} {
			if v := h.child(key); v != nil && (local || key == "entry") {
				m.file.Scripts = append(m.file.Scripts, Script{Name: "hook " + id + " " + key, Command: v.String(), Line: v.line, EndLine: max(v.line, v.end)})
			}
		}
		return m.additional(h)
	})
}

func (m *yamlManifest) repository(r *yamlValue, url string) {
	name := strings.TrimPrefix(strings.TrimSuffix(repositoryAt("git", url, "", ""), ".git"), "git+")
	_, host, _ := strings.Cut(name, "://")
	p := Package{Ecosystem: PreCommit, Name: host[strings.LastIndexByte(host, '/')+1:], PURL: "pkg:generic/" + purlPath(strings.ToLower(host)), Spec: oneLine(r.str("rev"))}
	if p.Name == "" {
		p.Name = url
	}
	p.Source, p.Line, p.EndLine = "registry:"+name, r.line, r.line
	p.Pinned = isCommit(p.Spec)
	if rev := r.child("rev"); rev != nil {
		p.Line = rev.line
		p.Remark = m.remarks.of(&p)
		p.Line, p.EndLine = r.line, max(r.line, rev.end)
	}
	m.file.Packages = append(m.file.Packages, p)
}

// additional are what a hook's environment gets as well; of which ecosystem
// depends on the hook, so each is compared as a text.
func (m *yamlManifest) additional(h *yamlValue) error {
	return m.elements(h.child("additional_dependencies"), "additional_dependencies", func(v *yamlValue) error {
		m.file.Settings = append(m.file.Settings, Setting{
			Name: "additional dependency of " + oneLine(h.str("id")), Value: v.String(), Gained: Added, Lost: Removed, Line: v.line, EndLine: max(v.line, v.end),
		})
		return m.file.count()
	})
}
