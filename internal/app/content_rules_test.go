package app_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/verdict"
)

// The generated repository: services of a hundred files each, deployed in four
// ways, with programs of three languages.
const (
	services        = 250
	filesPerService = 100
	maxContentRead  = 5 << 20
)

const contentPolicy = `version: 1
rules:
  ports: {uses: deployment-ports}
  variables: {uses: environment-variables}
`

// service is the files of one service; port is where its program listens, and
// expected where it is expected.
func service(i int, port, expected int, code string) map[string]string {
	dir := fmt.Sprintf("services/team%d/svc%03d", i%10, i)
	files := map[string]string{dir + "/.env.example": fmt.Sprintf("SVC%03d_URL=\nSVC%03d_TOKEN=\n", i, i)}
	switch i % 3 {
	case 0:
		files[dir+"/Dockerfile"] = "FROM python:3.12\nWORKDIR /app\nCOPY . .\nCMD [\"gunicorn\", \"-c\", \"gunicorn_config.py\", \"app:app\"]\n"
		files[dir+"/gunicorn_config.py"] = fmt.Sprintf("import os\n\nport = os.environ.get(\"PORT\", \"%d\")\nbind = f\"0.0.0.0:{port}\"\n", port)
		files[dir+"/settings.py"] = fmt.Sprintf("import os\n\nURL = os.environ[\"SVC%03d_URL\"]\n%s", i, code)
	case 1:
		files[dir+"/Dockerfile"] = "FROM node:22\nWORKDIR /app\nCOPY . .\nCMD [\"node\", \"server.js\"]\n"
		files[dir+"/server.js"] = fmt.Sprintf("const port = process.env.PORT || %d;\nrequire('http').createServer().listen(port);\n", port)
		files[dir+"/config.js"] = fmt.Sprintf("exports.url = process.env.SVC%03d_URL;\n%s", i, code)
	default:
		files[dir+"/Dockerfile"] = "FROM golang:1.26\nWORKDIR /src\nCOPY . .\nRUN go build -o /bin/server .\nENTRYPOINT [\"/bin/server\"]\n"
		files[dir+"/main.go"] = fmt.Sprintf("package main\n\nimport \"net/http\"\n\nfunc main() {\n\t_ = http.ListenAndServe(\":%d\", nil)\n}\n", port)
		files[dir+"/config.go"] = fmt.Sprintf("package main\n\nimport \"os\"\n\nvar url = os.Getenv(\"SVC%03d_URL\")\n%s", i, code)
	}
	for name, text := range deployed(dir, i, expected) {
		files[name] = text
	}
	for n := len(files); n < filesPerService; n++ {
		files[fmt.Sprintf("%s/lib/part%d/module%02d%s", dir, n%7, n, []string{".py", ".js", ".go"}[i%3])] = filler(i, n)
	}
	return files
}

func deployed(dir string, i, port int) map[string]string {
	name := fmt.Sprintf("svc%03d", i)
	switch i % 4 {
	case 0:
		return map[string]string{dir + "/k8s/deployment.yaml": fmt.Sprintf("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %s}\nspec:\n  template:\n    spec:\n      containers:\n        - name: %s\n          image: registry.acme.example/acme/%s:1\n          ports:\n            - containerPort: %d\n", name, name, name, port)}
	case 1:
		return map[string]string{"deploy/" + name + ".sh": fmt.Sprintf("#!/bin/sh\ngcloud run deploy %s --image gcr.io/acme/%s --port %d\n", name, name, port)}
	case 2:
		return map[string]string{dir + "/compose.yaml": fmt.Sprintf("services:\n  %s:\n    build: .\n    ports: [\"80:%d\"]\n", name, port)}
	default:
		return map[string]string{"infra/" + name + ".tf": fmt.Sprintf("resource \"google_cloud_run_v2_service\" \"%s\" {\n  name = \"%s\"\n  template {\n    containers {\n      image = \"gcr.io/acme/%s\"\n      ports {\n        container_port = %d\n      }\n    }\n  }\n}\n", name, name, name, port)}
	}
}

// filler is code that mentions ports and variables without any being wrong.
func filler(i, n int) string {
	lines := []string{"import os\n", "export const x = 1;\n", "package lib\n"}
	text := lines[i%3] + strings.Repeat(fmt.Sprintf("// port 9%03d is not ours, DB_PORT=5432\n", n), 20)
	if i%3 == 0 {
		text = strings.ReplaceAll(text, "//", "#")
	}
	return text
}

// planted is a repository and a change of twenty files in it; want are the
// findings that it must make, by rule and path.
func planted(tb testing.TB) (repo *gitrepotest.Repo, want []string) {
	tb.Helper()
	base, head := map[string]string{}, map[string]string{}
	for i := range services {
		for name, text := range service(i, 8000+i, 8000+i, "") {
			base[name] = text
		}
	}
	plant := func(i, port, expected int, code string, findings ...string) {
		for name, text := range service(i, port, expected, code) {
			if base[name] != text {
				head[name] = text
				for _, f := range findings {
					want = append(want, f+" "+name)
				}
			}
		}
	}
	for i := 0; i < 6; i++ { // a program moves away from where it is expected
		plant(i, 7000, 8000+i, "", "deployment-ports")
	}
	for i := 6; i < 10; i++ { // it is expected elsewhere
		plant(i, 8000+i, 7000, "", "deployment-ports")
	}
	plant(12, 8012, 8012, "KEY = os.environ[\"PLANTED_A\"]\n", "environment-variables")
	plant(13, 8013, 8013, "exports.key = process.env.PLANTED_B;\n", "environment-variables")
	plant(14, 8014, 8014, "var key = os.Getenv(\"PLANTED_C\")\n", "environment-variables")
	plant(15, 8015, 8015, "KEY = os.environ.get(\"PLANTED_D\", \"x\")\n")
	plant(16, 8016, 8016, "exports.key = process.env.SVC016_TOKEN;\n")
	plant(17, 7017, 7017, "") // both sides move: two files
	lost := "services/team8/svc018/.env.example"
	head[lost] = "SVC018_TOKEN=\n"
	want = append(want, "environment-variables "+lost)
	head["services/team9/svc019/.env.example"] = "SVC019_URL=\n" // nobody needs what it loses
	head["README.md"] = "# Ports: 8080\n"
	slices.Sort(want)
	return commitBoth(tb, base, head), want
}

func commitBoth(tb testing.TB, base, head map[string]string) *gitrepotest.Repo {
	tb.Helper()
	var b strings.Builder
	for i, files := range []map[string]string{base, head} {
		branch := []string{"main", "feature"}[i]
		fmt.Fprintf(&b, "commit refs/heads/%s\ncommitter Dev <dev@example.com> %d +0000\ndata 5\nstep\n\n", branch, 1_700_000_000+i)
		if i == 1 {
			b.WriteString("from refs/heads/main\n")
		}
		for name, text := range files {
			fmt.Fprintf(&b, "M 100644 inline %s\ndata %d\n%s\n", name, len(text), text)
		}
	}
	repo := gitrepotest.New(tb)
	repo.Feed(b.String(), "fast-import", "--quiet")
	return repo
}

// judgeContent judges the change as `check` does.
func judgeContent(tb testing.TB, dir string) (*verdict.Verdict, change.Usage) {
	tb.Helper()
	c, repo, err := gitrepo.Load(context.Background(), gitrepo.Options{Dir: dir, Base: "main", Head: "feature"})
	if err != nil {
		tb.Fatal(err)
	}
	defer repo.Close()
	p, problems := policy.Load([]byte(contentPolicy), policy.Source{Name: "policy.yml"}, catalogue.Kinds())
	if problems != nil {
		tb.Fatal(problems)
	}
	v, err := verdict.Judge(context.Background(), verdict.Input{Change: c, Layers: []verdict.Layer{{Name: verdict.RepositoryLayer, Policy: p}}, Kinds: catalogue.Kinds(), Engine: "test"})
	if err != nil {
		tb.Fatal(err)
	}
	return v, c.Usage()
}

// Every planted defect is found and nothing else, and little is read for it.
func TestContentRulesOnALargeRepository(t *testing.T) {
	t.Parallel()
	repo, want := planted(t)
	v, usage := judgeContent(t, repo.Dir)
	var got []string
	for _, f := range v.Findings {
		if f.Kind == "deployment-ports" || f.Kind == "environment-variables" {
			got = append(got, f.Kind+" "+f.Path)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(v.Missing) > 0 {
		t.Errorf("%v %s", v.Missing, diff)
	}
	if usage.Listed != services*filesPerService || usage.Bytes > maxContentRead || v.Change.Files != 20 {
		t.Errorf("%+v of %d files, a change of %d", usage, services*filesPerService, v.Change.Files)
	}
}

func BenchmarkContentRules(b *testing.B) {
	repo, want := planted(b)
	b.ResetTimer()
	for range b.N {
		v, usage := judgeContent(b, repo.Dir)
		if len(v.Findings) != len(want) || usage.Bytes > maxContentRead {
			b.Fatalf("%d findings, want %d; %+v", len(v.Findings), len(want), usage)
		}
		b.ReportMetric(float64(usage.Bytes)/(1<<20), "MiB-read")
		b.ReportMetric(float64(usage.Files), "files-read")
	}
}
