package pathset_test

import (
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/changeguard/changeguard/internal/pathset"
)

// realPaths are 10,000 names of a real change.
func realPaths(tb testing.TB) []string {
	tb.Helper()
	file, err := os.Open("testdata/paths.gz")
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		tb.Fatal(err)
	}
	var b strings.Builder
	if _, err := io.Copy(&b, z); err != nil {
		tb.Fatal(err)
	}
	paths := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(paths) < 10000 {
		tb.Fatalf("only %d paths", len(paths))
	}
	return paths[:10000]
}

// realGlobs are 200 globs of the kinds that policies hold, for the repository
// that the paths are from.
func realGlobs(tb testing.TB) []string {
	tb.Helper()
	globs := strings.Fields(`
		.github/changeguard.yml .github/CODEOWNERS .github/workflows/** .github/actions/** **/CODEOWNERS CODEOWNERS docs/CODEOWNERS
		**/AGENTS.md **/CLAUDE.md **/GEMINI.md .cursor/** .claude/** **/.claude/settings*.json .mcp.json .githooks/** .husky/**
		**/Dockerfile **/Dockerfile.* **/*.Dockerfile docker-compose*.{yml,yaml} **/docker-compose*.{yml,yaml} **/*.tf **/*.tfvars
		**/k8s/** **/helm/** deploy/** scripts/deploy*.{py,sh,bat} gcp/** terraform*/** **/cloudbuild*.yaml
		**/requirements*.txt **/requirements/*.txt **/constraints*.txt **/pyproject.toml **/setup.{py,cfg} **/Pipfile **/Pipfile.lock
		**/poetry.lock **/uv.lock **/package.json **/package-lock.json **/yarn.lock **/pnpm-lock.yaml **/go.{mod,sum} **/Cargo.{toml,lock}
		**/Gemfile **/Gemfile.lock **/composer.{json,lock} **/*.csproj **/pom.xml **/build.gradle{,.kts}
		**/*.md **/*.mdx **/*.rst **/*.adoc docs/** **/docs/** SPEC/**/*.xml reports/** **/LICENSE* **/README* **/CHANGELOG* **/NOTICE*
		**/*_test.go **/test_*.py **/*_test.py **/tests/** **/conftest.py **/*.test.{js,ts,jsx,tsx} **/*.spec.{js,ts} **/__tests__/**
		**/__snapshots__/** **/testdata/** **/fixtures/** **/pytest.ini **/tox.ini **/jest.config.*
		**/vendor/** **/node_modules/** **/third_party/** **/*.min.{js,css} **/*_pb2.py **/*.pb.go **/*.generated.* **/generated/**
		**/*.png **/*.jp{,e}g **/*.svg **/*.gif **/*.ico **/*.woff{,2} **/*.csv **/*.parquet **/*.sql **/migrations/** alembic/**
		**/alembic/versions/*.py **/*.pem **/*.key **/*.p12 **/id_[rd]sa* **/.env **/.env.* **/*secret* **/*credential*.{json,yml,yaml}
		**/*.backup **/*.backup.[0-9]* **/*.orig **/*.rej **/*~ **/*.log **/*.pyc **/__pycache__/** **/.DS_Store
		netra_backend/app/websocket_core/** netra_backend/app/auth_integration/** netra_backend/app/agents/** netra_backend/app/db/**
		netra_backend/app/core/** netra_backend/app/routes/** netra_backend/app/services/** netra_backend/app/schemas/**
		netra_backend/app/middleware/** netra_backend/app/llm/** netra_backend/app/monitoring/** netra_backend/app/tools/**
		netra_backend/app/*.py netra_backend/tests/** netra_backend/tests/unit/** netra_backend/tests/integration/**
		netra_backend/tests/e2e/** netra_backend/tests/critical/** netra_backend/tests/**/test_*websocket*.py
		netra_backend/tests/**/test_*auth*.py netra_backend/tests/{agents,websocket}/** netra_backend/alembic.ini
		auth_service/auth_core/** auth_service/tests/** auth_service/*.py auth_service/auth_core/core/jwt_*.py analytics_service/**
		analytics_service/tests/** frontend/** frontend/src/**/*.tsx frontend/app/**/page.tsx frontend/components/** shared/**
		shared/isolated_environment.py dev_launcher/** dev_launcher/tests/** test_framework/** test_framework/ssot/**
		tests/mission_critical/** tests/mission_critical/test_*websocket*.py tests/e2e/** tests/e2e/staging/** tests/e2e/**/test_*golden*path*.py
		tests/integration/** tests/integration/**/*_issue_[0-9]*.py tests/unit/** tests/unit/**/test_*_ssot_*.py tests/security/**
		tests/performance/** tests/regression/** tests/critical/** tests/chaos/** tests/**/conftest.py tests/issue_*/** tests/{ssot,five_whys}/**
		tests/**/__init__.py config/** config/*.{json,yml,yaml} **/config.py **/settings.py **/secrets.py **/*_config.py
		scripts/** scripts/**/*.py **/*.{sh,bat,ps1} Makefile **/Makefile **/*.mk *.md *.py *.{json,toml,ini,cfg}
		**/websocket_core/** **/auth_core/** **/unified_*manager*.py **/*_engine.py **/startup_*.py **/health*/** **/main.py
		netraoptimizer/** tests/telemetry/** tests/staging/** tests/smoke/** tests/**/*_reproduction*.py tests/**/*golden_path*
		**/*_migration_*.py **/agents/supervisor/**`)
	if len(globs) < 200 {
		tb.Fatalf("only %d globs", len(globs))
	}
	return globs[:200]
}

// realSet has each glob in a list of its own.
func realSet(tb testing.TB, use pathset.Use, globs []string) *pathset.Set {
	tb.Helper()
	var b pathset.Builder
	for _, g := range globs {
		if _, err := b.Add(use, g); err != nil {
			tb.Fatal(err)
		}
	}
	return b.Build()
}

func TestRealPathsAgreeWithDoublestar(t *testing.T) {
	t.Parallel()
	globs := realGlobs(t)
	permit, protect := realSet(t, pathset.Permit, globs), realSet(t, pathset.Protect, globs)
	var exact, folded pathset.Matches
	hits := 0
	for _, path := range realPaths(t) {
		permit.Match(path, &exact)
		protect.Match(path, &folded)
		for i, g := range globs {
			want := doublestar.MatchUnvalidated(g, path)
			if got := exact.Has(pathset.List(i)); got != want {
				t.Errorf("%q on %q: got %v, doublestar %v", g, path, got, want)
			}
			want = want || doublestar.MatchUnvalidated(strings.ToLower(g), strings.ToLower(path))
			if got := folded.Has(pathset.List(i)); got != want {
				t.Errorf("%q on %q, protecting: got %v, doublestar %v", g, path, got, want)
			}
			if want {
				hits++
			}
		}
	}
	if hits < 10000 {
		t.Errorf("only %d pairs match; the globs are not of this repository", hits)
	}
}

// BenchmarkMatch walks 10,000 paths through 200 lists that protect, asks
// doublestar about every pair in turns with it, in its quicker way, and reports
// how many times faster the walk is: although it matches folded too, and the loop
// does not.
func BenchmarkMatch(b *testing.B) {
	paths, globs := realPaths(b), realGlobs(b)
	set := realSet(b, pathset.Protect, globs)
	var m pathset.Matches
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		for _, p := range paths {
			set.Match(p, &m)
		}
		between := time.Now()
		for _, p := range paths {
			for _, g := range globs {
				doublestar.MatchUnvalidated(g, p)
			}
		}
		ours, theirs = ours+between.Sub(start), theirs+time.Since(between)
	}
	b.ReportMetric(float64(theirs)/float64(ours), "x-doublestar")
	b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "ms/walk")
	b.ReportMetric(0, "ns/op") // of both together says nothing
}

// BenchmarkMatchPermit is the walk without folding.
func BenchmarkMatchPermit(b *testing.B) {
	paths := realPaths(b)
	set := realSet(b, pathset.Permit, realGlobs(b))
	var m pathset.Matches
	for b.Loop() {
		for _, p := range paths {
			set.Match(p, &m)
		}
	}
}

// BenchmarkMatchKept keeps the result of each path, as a verdict does.
func BenchmarkMatchKept(b *testing.B) {
	paths := realPaths(b)
	set := realSet(b, pathset.Protect, realGlobs(b))
	b.ReportAllocs()
	for b.Loop() {
		kept := make([]pathset.Matches, len(paths))
		for i, p := range paths {
			set.Match(p, &kept[i])
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	globs := realGlobs(b)
	for b.Loop() {
		realSet(b, pathset.Protect, globs)
	}
}
