package manifest

import (
	"fmt"
	"slices"
	"strings"
)

// npmrcHarmless are the settings of npm and pnpm that decide nothing about what
// is installed.
var npmrcHarmless = wordSet(`access all also audit audit-level auth-type auto-install-peers browser cache cache-max cache-min color commit-hooks cpu depth description dev diff diff-name-only
	diff-no-prefix diff-text diff-unified dry-run editor engine-strict expect-result-count expect-results fetch-retries fetch-retry-factor fetch-retry-maxtimeout fetch-retry-mintimeout
	fetch-timeout force foreground-scripts format-package-lock fund git-tag-version global global-style heading hoist hoist-pattern if-present include include-staged
	include-workspace-root init-author-email init-author-name init-author-url init-license init-type init-version init-private install-strategy json legacy-bundling legacy-peer-deps
	libc link local-address location lockfile-version loglevel logs-dir logs-max long maxsockets message node-linker offline omit only optional os otp pack-destination parseable
	peer prefer-dedupe prefer-offline prefer-online preid prefer-workspace-packages production progress provenance public-hoist-pattern read-only recursive-install
	resolution-mode save save-bundle save-dev save-exact save-optional save-peer save-prefix save-prod save-workspace-protocol scope searchexclude searchlimit searchopts searchstaleness
	shamefully-hoist shared-workspace-lockfile short sign-git-commit sign-git-tag store-dir strict-peer-deps strict-peer-dependencies tag-version-prefix timing umask unicode
	update-notifier usage version versions viewer which workspace workspaces workspaces-update yes link-workspace-packages side-effects-cache use-lockfile-v6
	dedupe-peer-dependents virtual-store-dir modules-dir network-concurrency child-concurrency package-import-method package-manager-strict inject-workspace-packages`)

// parseNpmrc reads npm's settings as its ini reader does: sections, lists written
// as "key[] = value", keys and values in quotation marks.
func parseNpmrc(path string, data []byte) (*File, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	f := &File{Path: path, Ecosystem: NPM, Format: "npmrc"}
	section, where := "", make(map[string]int)
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(data), "\ufeff"))
	n, last := 0, strings.Count(string(data), "\n")+1
	for line := range strings.SplitSeq(text, "\n") {
		n++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
			continue
		case line[0] == '[' && line[len(line)-1] == ']':
			section = line[1:len(line)-1] + "."
			continue
		}
		key, value, given := strings.Cut(line, "=")
		if !given {
			value = "true"
		}
		name, list := strings.CutSuffix(iniUnquote(key), "[]")
		key = section + name
		if at, twice := where[key]; twice && !list {
			f.Settings[at] = Setting{} // the last one holds
		}
		from := len(f.Settings)
		if f.npmSetting(key, iniUnquote(value), min(n, last)); len(f.Settings) > from {
			where[key] = from
		}
		if err := f.count(); err != nil {
			return nil, err
		}
	}
	f.Settings = slices.DeleteFunc(f.Settings, func(s Setting) bool { return s.Name == "" })
	return f, nil
}

// iniUnquote takes off quotation marks, or the comment behind a value.
func iniUnquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	for i := range len(s) {
		if (s[i] == ';' || s[i] == '#') && (i == 0 || s[i-1] != '\\') {
			return strings.TrimSpace(s[:i])
		}
	}
	return s
}

// credential are the endings of keys whose values are secrets. A secret is no
// change of what is installed, and never shown.
var credentials = []string{":_authToken", ":_auth", ":_password", ":username", ":email", ":tokenHelper", "_authToken", "_auth", "_password", "username", "email"}

// npmSetting records one setting by what its coming and going mean.
func (f *File) npmSetting(key, value string, line int) {
	s := Setting{Name: key, Value: redact(value), Line: line, EndLine: line, Gained: SourceChanged, Lost: SourceChanged}
	off := value == "false" || value == "0" || value == "null"
	for _, end := range credentials {
		if strings.HasSuffix(key, end) {
			if end == ":tokenHelper" { // a program that npm's kin runs
				s.Gained, s.Lost = LifecycleScript, ""
				break
			}
			return
		}
	}
	switch {
	case npmrcHarmless[key]:
		return
	case key == "ignore-scripts":
		s.Gained, s.Lost = turned(!off, LifecycleScript)
	case key == "package-lock" || key == "shrinkwrap" || key == "lockfile" || key == "frozen-lockfile":
		s.Gained, s.Lost = turned(!off, IntegrityRemoved)
	case key == "script-shell" || key == "node-options" || key == "onload-script" || key == "init-module" || key == "git" || key == "shell" || key == "unsafe-perm" ||
		key == "enable-pre-post-scripts" || key == "rebuild-bundle" || key == "pnpmfile" || key == "global-pnpmfile" || key == "ignore-pnpmfile" || key == "use-node-version" ||
		strings.HasPrefix(key, "only-built-dependencies") || strings.HasPrefix(key, "never-built-dependencies") || key == "node-gyp":
		s.Gained, s.Lost = LifecycleScript, LifecycleScript
	case key == "before" || key == "tag" || key == "minimum-release-age" || key == "min-release-age":
		s.Gained, s.Lost = Loosened, Loosened
	}
	f.Settings = append(f.Settings, s)
}

// turned: a safeguard that is turned on only matters when it goes; one that is
// turned off is a change of its kind when it comes.
func turned(on bool, kind Kind) (gained, lost Kind) {
	if on {
		return "", kind
	}
	return kind, ""
}

// parseYarnrc reads the settings of Yarn 2 and later. A setting that is not known
// to be harmless may move where things come from.
func parseYarnrc(path string, data []byte) (*File, error) {
	doc, err := oneYAML(path, data)
	if err != nil {
		return nil, err
	}
	w := &pnpmWorkspace{pnpmLock{file: &File{Path: path, Ecosystem: NPM, Format: "yarnrc"}}}
	if doc == nil {
		return w.file, nil
	}
	if err := w.each(doc, "the document", w.yarnMember); err != nil {
		return nil, err
	}
	return w.file, w.file.count()
}

var yarnHarmless = wordSet(`cacheFolder cacheMigrationMode changesetBaseRefs changesetIgnorePatterns cloneConcurrency compressionLevel constraintsPath defaultLanguageName
	defaultSemverRangePrefix deferredVersionFolder enableColors enableConstraintsChecks enableGlobalCache enableHyperlinks enableImmutableCache enableInlineBuilds enableInlineHunks
	enableMessageNames enableMirror enableOfflineMode enableProgressBars enableTelemetry enableTimers enableTips enableTransparentWorkspaces globalFolder httpRetry httpTimeout initFields initScope
	installStatePath logFilters networkConcurrency nmHoistingLimits nmMode nmSelfReferences nodeLinker npmPublishAccess npmPublishProvenance npmPublishRegistry patchFolder pnpDataPath
	pnpEnableEsmLoader pnpEnableInlining pnpFallbackMode pnpIgnorePatterns pnpMode pnpShebang pnpUnpluggedFolder pnpmStoreFolder preferAggregateCacheInfo preferDeferredVersions
	preferInteractive preferReuse preferTruncatedLines progressBarStyle rcFilename supportedArchitectures taskPoolConcurrency taskPoolMode telemetryInterval telemetryUserId tsEnableAutoTypes
	tsUseWorkspaceVersion virtualFolder winLinkType workerPoolMode bstatePath npmAuthIdent npmAuthToken npmAlwaysAuth`)

func (w *pnpmWorkspace) yarnMember(k yamlKey, v *yamlValue) error {
	off := v.isScalar() && strings.EqualFold(v.text, "false")
	switch k.text {
	case "catalog":
		return w.catalog("catalog", v)
	case "catalogs":
		return w.each(v, k.text, func(k yamlKey, v *yamlValue) error { return w.catalog(catalogGroup(k.text), v) })
	case "yarnPath", "plugins":
		w.setting(k, v, LifecycleScript) // programs that run
	case "enableScripts":
		w.setting(k, v, LifecycleScript)
		s := &w.file.Settings[len(w.file.Settings)-1]
		s.Gained, s.Lost = turned(off, LifecycleScript)
	case "checksumBehavior":
		w.setting(k, v, IntegrityRemoved)
		s := &w.file.Settings[len(w.file.Settings)-1]
		s.Gained, s.Lost = turned(v.text == "throw", IntegrityRemoved)
	case "enableHardenedMode", "enableImmutableInstalls":
		w.setting(k, v, IntegrityRemoved)
		s := &w.file.Settings[len(w.file.Settings)-1]
		s.Gained, s.Lost = turned(!off, IntegrityRemoved)
	case "npmMinimalAgeGate", "npmPreapprovedPackages", "approvedGitRepositories":
		w.setting(k, v, Loosened)
	case "npmRegistries", "npmScopes":
		return w.each(v, k.text, func(name yamlKey, v *yamlValue) error { return w.registry(k.text+"."+name.text, v) })
	default:
		if !yarnHarmless[k.text] {
			w.setting(k, v, SourceChanged)
		}
	}
	return nil
}

// registry reads what belongs to one scope or registry, without its secrets.
func (w *pnpmWorkspace) registry(name string, v *yamlValue) error {
	return w.each(v, fmt.Sprintf("the entry %s", quote(name)), func(k yamlKey, v *yamlValue) error {
		if !yarnHarmless[k.text] {
			w.setting(yamlKey{name + "." + k.text, k.line}, v, SourceChanged)
		}
		return nil
	})
}
