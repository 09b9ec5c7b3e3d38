package manifest

import "strings"

// A pnpmWorkspace collects one pnpm-workspace.yaml: the members, the catalogues,
// and the settings that pnpm also takes from package.json.
type pnpmWorkspace struct {
	pnpmLock
}

func parsePnpmWorkspace(path string, data []byte) (*File, error) {
	doc, err := oneYAML(path, data)
	if err != nil {
		return nil, err
	}
	w := &pnpmWorkspace{pnpmLock{file: &File{Path: path, Ecosystem: NPM, Format: "pnpm-workspace"}}}
	if doc == nil {
		return w.file, nil
	}
	if err := w.each(doc, "the document", w.member); err != nil {
		return nil, err
	}
	return w.file, w.file.count()
}

// pnpmHarmless are the settings that decide nothing about what is installed.
var pnpmHarmless = wordSet(`savePrefix saveExact saveCatalogName cleanupUnusedCatalogs catalogMode color loglevel reporter useBeta recursiveInstall engineStrict npmPath
	updateNotifier preferOffline sideEffectsCache verifyDepsBeforeRun shellEmulator nodeLinker hoist hoistPattern publicHoistPattern shamefullyHoist modulesDir virtualStoreDir
	storeDir cacheDir stateDir globalDir globalBinDir packageImportMethod modulesCacheMaxAge dlxCacheMaxAge lockfileIncludeTarballUrl preferFrozenLockfile
	networkConcurrency fetchRetries fetchRetryFactor fetchRetryMintimeout fetchRetryMaxtimeout fetchTimeout childConcurrency requiredScripts autoInstallPeers dedupePeerDependents
	strictPeerDependencies resolvePeersFromWorkspaceRoot peerDependencyRules ignoredOptionalDependencies allowedDeprecatedVersions updateConfig auditConfig linkWorkspacePackages
	sharedWorkspaceLockfile includeWorkspaceRoot injectWorkspacePackages disallowWorkspaceCycles ignoreWorkspaceCycles workspaceConcurrency supportedArchitectures symlink
	virtualStoreDirMaxLength virtualStoreOnly enableModulesDir dedupeDirectDeps dedupeInjectedDeps gitChecks publishBranch tag packageManagerStrict packageManagerStrictVersion
	managePackageManagerVersions failIfNoMatch extendNodePath deployAllFiles ci gitBranchLockfile mergeGitBranchLockfilesBranchPattern peersSuffixMaxLength ignoreCompatibilityDb resolutionMode
	strictDepBuilds optimisticRepeatInstall initPackageManager initType embedReadme preferWorkspacePackages saveWorkspaceProtocol syncInjectedDepsAfterScripts`)

func (w *pnpmWorkspace) member(k yamlKey, v *yamlValue) error {
	switch k.text {
	case "packages":
		return w.names(k.text, v, SourceChanged)
	case "catalog":
		return w.catalog("catalog", v)
	case "catalogs":
		return w.each(v, k.text, func(k yamlKey, v *yamlValue) error { return w.catalog(catalogGroup(k.text), v) })
	case "overrides":
		return w.each(v, k.text, func(k yamlKey, v *yamlValue) error {
			p := overrideOf(k.text, v.String())
			p.Line, p.EndLine = k.line, max(k.line, v.end)
			w.file.Packages = append(w.file.Packages, p)
			return nil
		})
	case "onlyBuiltDependencies":
		return w.names(k.text, v, LifecycleScript)
	case "allowBuilds", "neverBuiltDependencies", "ignoredBuiltDependencies", "dangerouslyAllowAllBuilds", "onlyBuiltDependenciesFile", "ignoreScripts", "ignoreDepScripts",
		"enablePrePostScripts", "scriptShell", "nodeOptions", "pnpmfile", "globalPnpmfile", "ignorePnpmfile", "unsafePerm", "useNodeVersion", "executionEnv":
		w.setting(k, v, LifecycleScript)
	case "minimumReleaseAge", "minimumReleaseAgeExclude", "trustPolicy", "trustPolicyExclude", "blockExoticSubdeps":
		w.setting(k, v, Loosened)
	default: // what is not known to be harmless may move where things come from
		if !pnpmHarmless[k.text] {
			w.setting(k, v, SourceChanged)
		}
	}
	return nil
}

// names reads a list of names as settings, or any other value as one.
func (w *pnpmWorkspace) names(name string, v *yamlValue, kind Kind) error {
	if v.kind != yamlSeq {
		w.setting(yamlKey{name, v.line}, v, kind)
		return nil
	}
	for _, e := range v.list {
		lost := Kind("")
		if strings.HasPrefix(e.text, "!") { // without an exclusion there is more
			lost = kind
		}
		w.file.Settings = append(w.file.Settings, Setting{Name: name, Value: e.String(), Gained: kind, Lost: lost, Line: e.line, EndLine: e.end})
		if err := w.file.count(); err != nil {
			return err
		}
	}
	return nil
}

// catalog reads a catalogue: requirements that members refer to.
func (w *pnpmWorkspace) catalog(group string, v *yamlValue) error {
	return w.each(v, "a catalog", func(k yamlKey, spec *yamlValue) error {
		if !spec.isScalar() {
			return w.fail(spec, "the version of %s is no text", quote(k.text))
		}
		p := npmPackage(k.text, spec.text)
		p.Group, p.Line, p.EndLine = group, k.line, max(k.line, spec.end)
		w.file.Packages = append(w.file.Packages, p)
		return nil
	})
}
