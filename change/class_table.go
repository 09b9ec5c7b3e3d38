package change

import "strings"

// The tables below are the rules; entries are in lower case. Whoever adds to a
// mild class asks first whether the name is a sure sign: a folder called
// "fixtures" may hold what production loads, one called "testing" may be the
// product.

// kind is what an extension says of a file's content.
type kind uint8

const (
	kindUnknown kind = iota
	kindProse
	kindText // prose, or a list that a program reads
	kindCode
	kindScript
	kindSettings
	kindAsset
	kindData
	kindAgent
	kindCI
	kindDependencies
	kindDeployment
	kindBuild
)

// kinds is a set of kinds.
type kinds uint16

func of(all ...kind) (set kinds) {
	for _, k := range all {
		set |= 1 << k
	}
	return set
}

func (s kinds) has(k kind) bool { return s&(1<<k) != 0 }

const everyKind kinds = 1<<16 - 1

var (
	words    = of(kindProse, kindText)
	notWords = everyKind &^ of(kindProse, kindText, kindAsset)
	operated = of(kindSettings, kindScript, kindDeployment)
)

// rank is what the extension alone claims.
func (k kind) rank() rank { return kindRanks[k] }

var kindRanks = [...]rank{
	kindUnknown: rankFunctional, kindProse: rankDocs, kindText: rankDocs, kindCode: rankFunctional, kindScript: rankFunctional,
	kindSettings: rankConfig, kindAsset: rankAssets, kindData: rankData, kindAgent: rankAgentInstructions, kindCI: rankCI,
	kindDependencies: rankDependencies, kindDeployment: rankDeployment, kindBuild: rankBuild,
}

// extKinds leaves out on purpose what executes or may: .mdx, .ipynb and .qmd run
// code, .html and .xml are programs as often as not, .pkl and .pt run code when
// they are loaded, archives and binaries hold anything.
var extKinds = byKind([]string{
	kindProse:        ".md .markdown .mdown .mkd .rst .rdoc .adoc .asciidoc .org .tex .texi .texinfo .textile .wiki .pdf .docx .odt .rtf .epub .pptx .odp .puml .plantuml .mmd .drawio .excalidraw .vsdx",
	kindText:         ".txt",
	kindCode:         ".py .pyi .go .js .jsx .ts .tsx .mjs .cjs .mts .cts .java .kt .kts .rb .php .rs .cs .fs .vb .swift .scala .c .cc .cpp .cxx .h .hpp .m .mm .ex .exs .erl .clj .cljs .dart .vue .svelte .lua .pl .pm .t .r .jl .hs .ml .zig .groovy .feature .coffee .elm .nim",
	kindScript:       ".sh .bash .zsh .fish .ps1 .psm1 .bat .cmd .tpl .tmpl .j2 .service .jsonnet .libsonnet",
	kindSettings:     ".yml .yaml .json .json5 .jsonc .toml .ini .cfg .conf .properties .env .editorconfig .plist",
	kindAsset:        ".png .jpg .jpeg .gif .svg .ico .webp .avif .bmp .tif .tiff .woff .woff2 .ttf .otf .eot .mp3 .mp4 .m4a .wav .ogg .flac .webm .mov .css .scss .sass .less .psd .ai .sketch",
	kindData:         ".csv .tsv .parquet .jsonl .ndjson .avro .arrow .feather .orc .log .npy .po .pot .geojson .safetensors .xls .xlsx .ods",
	kindAgent:        ".mdc",
	kindCI:           ".jenkinsfile",
	kindDependencies: ".gemspec .gemfile .podspec .csproj .fsproj .vbproj .nuspec .gradle .pom",
	kindDeployment:   ".tf .tfvars .tofu .hcl .bicep .dockerfile .containerfile .nomad",
	kindBuild:        ".mk .mak .cmake .bzl .bazel .ninja .am .ac .m4 .sln .slnx .vcxproj .props .targets .pbxproj .xcconfig",
})

// nameClass places whole base names.
var nameClass = byRank([]string{
	rankAgentInstructions: `agents.md agents.override.md agents.local.md agent.md claude.md claude.local.md gemini.md codex.md qwen.md warp.md crush.md replit.md
		opencode.md skill.md copilot-instructions.md .mcp.json mcp.json .claude.json .cursorrules .cursorignore .cursorindexingignore .windsurfrules .clinerules
		.roorules .roomodes .rooignore .goosehints .gooseignore .crush.json crush.json opencode.json opencode.jsonc .rules .geminiignore .claudeignore
		.codeiumignore .aiexclude .copilotignore .replit gemini-extension.json .augment-guidelines .openhands_instructions .kilocodemodes .kilocodeignore .pr_agent.toml
		pr_agent.toml sweep.yaml sweep.yml .sweep.yaml .sweep.yml .coderabbit.yaml .coderabbit.yml .greptile.json .ellipsis.yaml .cubic.yaml`,
	rankCI: `.gitlab-ci.yml .gitlab-ci.yaml .travis.yml appveyor.yml .appveyor.yml azure-pipelines.yml azure-pipelines.yaml bitbucket-pipelines.yml jenkinsfile .drone.yml
		.drone.star .cirrus.yml .cirrus.star wercker.yml buildspec.yml buildspec.yaml bitrise.yml codemagic.yaml .taskcluster.yml .zuul.yaml zuul.yaml .prow.yaml bors.toml
		codecov.yml .codecov.yml codecov.yaml .coveralls.yml .codeclimate.yml sonar-project.properties .sonarcloud.properties renovate.json renovate.json5 .renovaterc
		.renovaterc.json .mergify.yml .mergify.yaml mergify.yml dangerfile dangerfile.js dangerfile.ts .semgrep.yml .semgrepignore .gitleaks.toml .gitleaksignore
		.trivyignore .snyk lefthook.yml lefthook.yaml .lefthook.yml lefthook-local.yml owners owners_aliases .policy.yml .releaserc .releaserc.json
		release-please-config.json .release-please-manifest.json`,
	rankDependencies: `pyproject.toml setup.py setup.cfg pipfile pipfile.lock poetry.lock uv.lock uv.toml pdm.lock pixi.toml pixi.lock easy_install.cfg pip.conf pip.ini .pypirc
		conda-lock.yml conda-lock.yaml packages.txt apt.txt aptfile
		package.json package.json5 package.yaml package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml pnpm-workspace.yaml .pnpmfile.cjs pnpmfile.js bun.lock bun.lockb
		bunfig.toml .npmrc .yarnrc .yarnrc.yml bower.json deno.json deno.jsonc deno.lock jsr.json
		go.mod go.sum go.work go.work.sum gopkg.toml gopkg.lock cargo.toml cargo.lock rust-toolchain rust-toolchain.toml
		gemfile gemfile.lock gems.rb gems.locked composer.json composer.lock
		pom.xml gradle.lockfile buildscript-gradle.lockfile verification-metadata.xml gradle-wrapper.properties gradle-wrapper.jar maven-wrapper.properties maven-wrapper.jar
		ivy.xml ivysettings.xml build.sbt libs.versions.toml
		directory.packages.props directory.build.props directory.build.targets packages.config packages.lock.json nuget.config global.json dotnet-tools.json
		paket.dependencies paket.lock paket.references
		pubspec.yaml pubspec.lock pubspec_overrides.yaml mix.exs mix.lock rebar.config rebar.lock package.swift package.resolved podfile podfile.lock cartfile cartfile.private
		cartfile.resolved
		.terraform.lock.hcl chart.yaml chart.lock requirements.yaml requirements.lock helmfile.lock .gitmodules .pre-commit-config.yaml .pre-commit-config.yml
		.pre-commit-hooks.yaml .tool-versions mise.toml .mise.toml mise.lock .python-version .nvmrc .node-version .ruby-version .java-version .sdkmanrc devbox.json
		devbox.lock brewfile flake.nix flake.lock module.bazel module.bazel.lock conanfile.txt conanfile.py conan.lock vcpkg.json vcpkg-configuration.json action.yml action.yaml`,
	rankDeployment: `dockerfile containerfile .dockerignore procfile app.yaml app.yml fly.toml render.yaml railway.json railway.toml vercel.json now.json netlify.toml
		_headers _redirects skaffold.yaml serverless.yml serverless.yaml nginx.conf caddyfile service.yaml kustomization.yaml kustomization.yml heroku.yml wrangler.toml
		wrangler.jsonc apprunner.yaml cloudrun.yaml knative.yaml helmfile.yaml samconfig.toml cdk.json pulumi.yaml tiltfile vagrantfile docker-bake.hcl
		docker-bake.json docker-entrypoint.sh entrypoint.sh supervisord.conf firebase.json .sops.yaml captain-definition dokku-scale values.yaml`,
	rankBuild: `makefile gnumakefile rakefile justfile taskfile.yml taskfile.yaml cmakelists.txt meson.build meson_options.txt meson.options build build.bazel workspace
		workspace.bazel .bazelrc .bazelversion build.xml configure tox.ini noxfile.py gulpfile.js gulpfile.ts gruntfile.js tsconfig.json jsconfig.json .babelrc .babelrc.json
		.swcrc .browserslistrc build.rs build.zig .goreleaser.yml .goreleaser.yaml turbo.json nx.json lerna.json angular.json sconstruct sconscript wscript manifest.in
		default.nix shell.nix buck .buckconfig earthfile dagger.json pants.toml magefile.go autogen.sh proguard-rules.pro devcontainer.json .devcontainer.json gradlew
		gradlew.bat mvnw mvnw.cmd`,
	rankTests: `conftest.py pytest.ini .pytest.ini phpunit.xml phpunit.xml.dist .rspec karma.conf.js .coveragerc .nycrc .nycrc.json .mocharc.json .mocharc.yml`,
	rankConfig: `.gitignore .gitattributes .gitkeep .keep .env .flake8 .pylintrc pylintrc .prettierrc .eslintrc .eslintignore .prettierignore .stylelintrc .npmignore .helmignore
		.gcloudignore .vercelignore .slugignore .mailmap .git-blame-ignore-revs .ignore .rgignore .yamllint .markdownlint .clang-format .clang-tidy .rubocop.yml web.config app.config`,
})

// What reads like prose and is read by programs: whoever edits it edits what
// they do.
var programText = set(`robots.txt humans.txt llms.txt llms-full.txt ads.txt app-ads.txt security.txt cname.txt runtime.txt version.txt versions.txt manifest.txt
	checksums.txt sha256sums.txt sha512sums.txt md5sums.txt allowlist.txt denylist.txt blocklist.txt whitelist.txt blacklist.txt stopwords.txt words.txt wordlist.txt
	dictionary.txt vocab.txt merges.txt labels.txt`)

// Folders in which a text is a document. Elsewhere it is as likely a list that a
// program reads, of hosts or of words.
var textFolders = set(`docs doc documentation reports report notes worklog worklogs spec specs learnings adr adrs rfc rfcs analysis audit audits changelog changelogs license
	licenses legal man meetings`)

// Hidden folders in which people write for people.
var writtenFolders = set(`.github .gitlab .gitea .forgejo .ci .mvn .devcontainer .docs .doc .notes .adr .rfcs .reports .plans`)

// Documents without an extension. The short words are documents in capitals
// only: a file called install is an installer.
var (
	documentNames = set(`readme license licence copying notice changelog authors contributors contributing unlicense copyright license-mit license-apache license-apache-2.0
		license-bsd license.mit license.apache license.bsd copying.lesser copying.lib code_of_conduct`)
	capitalNames = set(`INSTALL NEWS TODO HISTORY CHANGES CREDITS THANKS SECURITY SUPPORT PATENTS MAINTAINERS HACKING BUGS FAQ ROADMAP GOVERNANCE ACKNOWLEDGMENTS ACKNOWLEDGEMENTS DISCLAIMER`)
)

// A folder claims files below it, of some kinds.
type folder struct {
	rank  rank
	kinds kinds
	// input are the kinds that are no documents here, whatever they look like:
	// what a test reads, what a program sends to a model or a customer.
	input kinds
}

// anywhere are folders that claim at any depth.
var anywhere = byFolder([]folders{
	{`.claude .claude-plugin .codex .cursor .gemini .windsurf .devin .openhands .jules .aider .roo .clinerules .cline .kiro .continue .factory .amp .agents .agent .junie
		.augment .trae .qwen .opencode .crush .goose .amazonq .warp .serena .ai .kilocode .rovodev .aiassistant .copilot .antigravity .tabnine .zencoder .codebuddy
		.ruler .qodo .lovable .sweep .zed`, folder{rankAgentInstructions, everyKind, 0}},
	{`.circleci .buildkite .woodpecker .teamcity .semaphore .tekton .azure-pipelines .azuredevops .gitlab-ci .husky .githooks git-hooks .semgrep`, folder{rankCI, everyKind, 0}},
	{`.ci`, folder{rankCI, notWords, 0}},
	{`.mvn`, folder{rankDependencies, notWords, 0}},
	{`k8s kubernetes helm charts kustomize ansible terraform .platform .ebextensions .do .kube`, folder{rankDeployment, operated, 0}},
	{`.devcontainer`, folder{rankBuild, notWords, 0}},
	{`node_modules bower_components jspm_packages third_party`, folder{rankVendored, everyKind, 0}},
	{`test tests __tests__ __mocks__ e2e integration_tests integration-tests unit_tests unit-tests functional_tests acceptance_tests system_tests test_data test-data
		androidtest commontest jvmtest iostest jstest nativetest integrationtest testfixtures`, folder{rankTests, everyKind, 0}},
	{`testdata __snapshots__ __fixtures__`, folder{rankTests, everyKind, words}},
	{`spec specs`, folder{rankTests, of(kindCode), 0}},
	{`data dataset datasets logs`, folder{rankData, of(kindText, kindSettings), of(kindText)}},
	{`config conf settings secrets static public resources locale locales i18n`, folder{rankFunctional, 0, of(kindText)}},
	{`templates template prompt`, folder{rankFunctional, 0, words}},
})

// topmost are folders that claim only at the root, where their names are sure
// signs.
var topmost = byFolder([]folders{
	{`vendor pods carthage godeps third-party`, folder{rankVendored, everyKind, 0}},
	{`ci`, folder{rankCI, notWords, 0}},
	{`deploy deployment deployments infra infrastructure manifests .deploy`, folder{rankDeployment, operated, 0}},
	{`cypress`, folder{rankTests, of(kindCode), 0}},
})

// folders are the names of folders that claim alike.
type folders struct {
	names string
	folder
}

// byKind, byRank and byFolder index a table; the first entry of a name counts.

func byKind(table []string) map[string]kind {
	m := make(map[string]kind)
	for k, names := range table {
		for n := range strings.FieldsSeq(names) {
			if _, known := m[n]; !known {
				m[n] = kind(k)
			}
		}
	}
	return m
}

func byRank(table []string) map[string]rank {
	m := make(map[string]rank)
	for r, names := range table {
		for n := range strings.FieldsSeq(names) {
			if _, known := m[n]; !known {
				m[n] = rank(r)
			}
		}
	}
	return m
}

func byFolder(table []folders) map[string]folder {
	m := make(map[string]folder)
	for _, f := range table {
		for n := range strings.FieldsSeq(f.names) {
			if _, known := m[n]; !known {
				m[n] = f.folder
			}
		}
	}
	return m
}

func set(names string) map[string]bool {
	m := make(map[string]bool)
	for n := range strings.FieldsSeq(names) {
		m[n] = true
	}
	return m
}
