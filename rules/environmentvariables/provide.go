package environmentvariables

import (
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// isProvider tells the files that give variables to programs, or document which
// ones they need.
func isProvider(name string) bool {
	base := strings.ToLower(path.Base(name))
	ext := path.Ext(base)
	switch {
	case base == "dockerfile" || base == "containerfile" || strings.HasPrefix(base, "dockerfile.") || ext == ".dockerfile",
		base == ".env" || strings.HasPrefix(base, ".env.") || ext == ".env" || strings.HasPrefix(base, "env.") && (strings.Contains(base, "example") || strings.Contains(base, "sample") || strings.Contains(base, "template")),
		base == ".envrc", base == "procfile", base == "build.rs", base == "jenkinsfile", base == "makefile", base == "tox.ini", base == "pytest.ini", base == "setup.cfg",
		ext == ".tf", ext == ".tfvars", ext == ".tofu", ext == ".hcl", ext == ".bicep", ext == ".nomad", ext == ".service",
		base == "app.json", base == "vercel.json", base == "wrangler.toml", base == "netlify.toml", base == "railway.toml", base == "samconfig.toml", base == "launchsettings.json",
		base == "fly.toml" || strings.HasPrefix(base, "fly.") && ext == ".toml", base == "turbo.json", base == "devcontainer.json", base == "docker-bake.hcl":
		return true
	case ext == ".yml" || ext == ".yaml", strings.HasPrefix(base, ".dev.vars"), isStack(name):
		return true
	case ext == ".json" || ext == ".jsonc":
		return strings.HasPrefix(base, "wrangler.") || strings.HasPrefix(base, "appsettings") || base == "local.settings.json" || strings.Contains(base, "task") && (strings.Contains(base, "def") || inDeployFolder(name))
	case (ext == ".sh" || ext == ".bash") && (strings.HasPrefix(base, "deploy") || strings.HasPrefix(base, "release")):
		return true
	case ext == ".sh" || ext == ".bash":
		return inDeployFolder(name)
	case ext == ".properties" || ext == ".tpl" || ext == ".tmpl" || ext == ".gotmpl" || ext == ".jsonnet":
		return inDeployFolder(name)
	default:
		return false
	}
}

// stackFolders hold programs that say what is deployed, and with which variables.
var stackFolders = lazyregexp.New(`(?:^|/)(?:infra|infrastructure|cdk|iac|stacks?|pulumi)/`)

// isStack tells the programs of CDK, Pulumi and the like.
func isStack(name string) bool {
	if languageOf(name) == "" || languageOf(name) == "spring" || languageOf(name) == "shell" {
		return false
	}
	base := strings.ToLower(path.Base(name))
	return strings.HasSuffix(strings.TrimSuffix(base, path.Ext(base)), "stack") || base == "sst.config.ts" || stackFolders.MatchString(strings.ToLower(name))
}

// gives reports whether a program of a stack gives a variable a value where its
// name stands: as a key, or beside the word "environment".
func gives(l string, at, end int) bool {
	rest := strings.TrimLeft(strings.TrimLeft(l[end:], `"'`), " ")
	if at > 0 && l[at-1] == '.' {
		return false
	}
	return strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, ",") && strings.Contains(l, "nvironment")
}

// inDeployFolder asks the classes: a script there gives variables as a manifest
// does.
func inDeployFolder(name string) bool {
	c := change.Classify(name, change.Regular)
	return c == change.ClassDeployment || c == change.ClassCI
}

// skipped leaves out YAML that is a table of something else: translations, test
// recordings, the code of others.
func skipped(name string) bool {
	switch change.Classify(name, change.Regular) {
	case change.ClassVendored, change.ClassGenerated, change.ClassDocs, change.ClassTests:
		return true
	}
	n := "/" + strings.ToLower(name)
	for _, part := range []string{"/locale", "/i18n", "/translations/", "/fixtures/", "/cassettes/", "/testdata/", "/snapshots/", "/node_modules/", "pnpm-lock", "/openapi", "/swagger", "/docs/"} {
		if strings.Contains(n, part) {
			return true
		}
	}
	return false
}

// provided are the names that a file gives or documents, out of those that are
// asked for: each name that stands in it as a word of its own, except where its
// value is only used ("$NAME"). Comments count in example files alone.
func provided(name, text string, asked map[string]bool) map[string]bool {
	found := make(map[string]bool)
	example, shell, stack := isExample(name), isShell(name), isStack(name)
	for l := range strings.Lines(text) {
		t := strings.TrimSpace(l)
		if !example && (strings.HasPrefix(t, "#") || strings.HasPrefix(t, "//")) {
			continue
		}
		for at := 0; at < len(l); {
			if !wordByte(l[at]) {
				at++
				continue
			}
			end := at
			for end < len(l) && wordByte(l[end]) {
				end++
			}
			if w := l[at:end]; !found[w] && asked[w] && !onlyUsed(l, at, end) && (!shell || assigns(l[end:])) && (!stack || gives(l, at, end)) {
				found[w] = true
			}
			at = end
		}
	}
	return found
}

// isShell tells files in which a name on its own is only a word of a command.
func isShell(name string) bool {
	base := strings.ToLower(path.Base(name))
	ext := path.Ext(base)
	return ext == ".sh" || ext == ".bash" || base == "makefile" || base == "jenkinsfile" || base == "build.rs"
}

func assigns(rest string) bool {
	rest = strings.TrimLeft(rest, " \t")
	return strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, ":=") || strings.HasPrefix(rest, "?=") || strings.HasPrefix(rest, "+=")
}

func isExample(name string) bool {
	base := strings.ToLower(path.Base(name))
	return strings.Contains(base, "env") && slices.ContainsFunc([]string{"example", "sample", "template", "dist", "defaults"}, func(s string) bool { return strings.Contains(base, s) })
}

// onlyUsed tells "$NAME" and "${NAME}" from a gift; "${NAME:-x}" is one.
func onlyUsed(l string, at, end int) bool {
	return at > 0 && l[at-1] == '$' || at > 1 && l[at-2:at] == "${" && !strings.HasPrefix(l[end:], ":-")
}

func wordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// given are names that something else than the repository provides: the
// system, the shell, CI, the platform.
var given = func() map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(`PATH HOME USER USERNAME LOGNAME PWD OLDPWD SHELL LANG LANGUAGE TERM COLORTERM TZ TMPDIR TMP TEMP HOSTNAME EDITOR VISUAL PAGER DISPLAY
		PORT HOST CI DEBUG NODE_ENV NODE_OPTIONS NODE_PATH NO_COLOR FORCE_COLOR APPDATA LOCALAPPDATA PROGRAMFILES PROGRAMDATA USERPROFILE USERDOMAIN COMPUTERNAME SYSTEMROOT WINDIR COMSPEC
		HOMEDRIVE HOMEPATH PYTHONPATH PYTHONHOME VIRTUAL_ENV CONDA_PREFIX JAVA_HOME GOPATH GOROOT GOBIN GOFLAGS CARGO_MANIFEST_DIR OUT_DIR CARGO_HOME RUST_LOG CARGO_PKG_VERSION CARGO_PKG_NAME
		TARGET PROFILE SSH_AUTH_SOCK SSH_CONNECTION SUDO_USER UID EUID GID BASH_SOURCE IFS RANDOM LINENO SECONDS COLUMNS LINES DYNO VERCEL NETLIFY K_SERVICE K_REVISION K_CONFIGURATION
		GCP_PROJECT GOOGLE_CLOUD_PROJECT GOOGLE_APPLICATION_CREDENTIALS FUNCTION_TARGET GAE_ENV GAE_SERVICE GAE_VERSION GAE_INSTANCE HTTP_PROXY HTTPS_PROXY NO_PROXY MODE PROD DEV SSR BASE_URL
		ASPNETCORE_ENVIRONMENT DOTNET_ENVIRONMENT RAILS_ENV RACK_ENV APP_ENV JEST_WORKER_ID VITEST PYTEST_CURRENT_TEST INIT_CWD NOTIFY_SOCKET LISTEN_FDS KUBECONFIG DOCKER_HOST
		CC CXX CPP AR LD AS NM STRIP CFLAGS CXXFLAGS CPPFLAGS LDFLAGS LDSHARED RANLIB ARFLAGS GOOS GOARCH GODEBUG GOTMPDIR GOEXPERIMENT GOPROXY GONOSUMDB GOFILE GOPACKAGE
		PATHEXT MSYSTEM SDKROOT MACOSX_DEPLOYMENT_TARGET IPHONEOS_DEPLOYMENT_TARGET ANDROID_HOME ANDROID_SDK_ROOT`) {
		m[w] = true
	}
	return m
}()

var givenPrefixes = strings.Fields("GITHUB_ RUNNER_ ACTIONS_ CI_ LC_ XDG_ KUBERNETES_ AWS_LAMBDA_ AWS_EXECUTION_ VERCEL_ HEROKU_ RENDER_ FLY_ RAILWAY_ npm_ CARGO_ VERGEN_ WEBSITE_ CONTAINER_APP_ ECS_ CLAUDE_ BASH_ GIT_ COMP_ XCODE_ VSCODE_")

func isGiven(name string) bool {
	return given[name] || slices.ContainsFunc(givenPrefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}
