package deploymentports

import (
	"context"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
)

// Whatever the files say, the rule ends without an error and shows places that
// are there.
func FuzzRule(f *testing.F) {
	f.Add("services:\n  web:\n    build: .\n    ports: [\"80:8001\"]\n", "FROM x\nCMD [\"sh\", \"-c\", \"exec gunicorn -b :${PORT:-8000} a:b\"]\n", "bind = ':8000'\n", "gcloud run deploy web --port 9\n")
	f.Add("kind: Service\napiVersion: v1\nspec:\n  selector: {a: b}\n  ports: [{targetPort: 90}]\n---\nkind: Deployment\nspec:\n  template:\n    metadata: {labels: {a: b}}\n    spec:\n      containers: [{image: a.b/web, ports: [{containerPort: 91}]}]\n", "FROM nginx\n", "import uvicorn\nuvicorn.run(\n  a,\n  port=80)\n", "docker build -t a.b/web -f Dockerfile .\n")
	f.Add("steps:\n- name: gcr.io/x/gcloud\n  args: [run, deploy, web, --port=99]\n", "FROM a\nEXPOSE 98\nENTRYPOINT [\"./x.sh\"]", "", "exec python x.py")
	f.Add("jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v1\n        with: {tags: \"a,b\", context: .}\n      - run: |\n          gcloud run deploy\n", "FROM a as b\nFROM b\nCMD npm start", "PORT", "\\")
	f.Fuzz(func(t *testing.T, yaml, dockerfile, python, shell string) {
		head := map[string]string{
			"compose.yaml": yaml, "web/Dockerfile": dockerfile, "web/gunicorn_config.py": python, "web/app.py": python, "deploy.sh": shell, "web/x.sh": shell,
			"infra/main.tf": "resource \"google_cloud_run_service\" \"web\" {\n" + yaml + "\n}\n", "fly.toml": shell, "Procfile": "web: " + shell, "app.yaml": "runtime: x\nentrypoint: |\n  x\n" + yaml,
			"chart/values.yaml": yaml, "web/nginx.conf": python, "web/application.properties": python,
		}
		c := changetest.New(nil, changetest.Text(head))
		found, err := run(context.Background(), &rules.Input{Change: c}, &Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range found {
			text, there := head[x.Path]
			if !there || x.Line < 0 || x.Line > strings.Count(text, "\n")+1 || x.Message == "" || x.Remedy == "" {
				t.Fatalf("%+v", x)
			}
		}
	})
}

// Linear on lines of any one kind; the test's own time-out is the bound.
func TestHostilePrograms(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"x", "(", "uvicorn.run(\n", "const a = 80;\n", "os.Getenv(\"PORT\")\n", "\"PORT\", ", "app.listen({ ", "/*\n", "{{", "env.PORT || ", "'", "\\", "bind = '", "${PORT:-"} {
		text := "port\n" + strings.Repeat(unit, (1<<18)/len(unit))
		for _, name := range []string{"a.py", "a.ts", "a.go", "a.kt", "nginx.conf", "application.properties", "compose.yaml", "Dockerfile", "x.sh", "main.tf", "fly.toml"} {
			c := changetest.New(nil, changetest.Text(map[string]string{name: text}))
			if _, err := run(context.Background(), &rules.Input{Change: c}, &Options{}); err != nil {
				t.Errorf("%q in %s: %v", unit, name, err)
			}
		}
	}
}

// A manifest of many services that mean one program costs one look at it.
func TestManyServices(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("services:\n")
	for range 8000 {
		b.WriteString("  web:\n    build: .\n    ports: [\"80:81\"]\n")
	}
	c := changetest.New(nil, changetest.Text(map[string]string{"compose.yaml": b.String(), "Dockerfile": "FROM x\nCMD uvicorn a:b\n" + strings.Repeat("# x\n", 100_000)}))
	found, err := run(context.Background(), &rules.Input{Change: c}, &Options{})
	if err != nil || len(found) != 1 {
		t.Errorf("%d findings, %v", len(found), err)
	}
}
