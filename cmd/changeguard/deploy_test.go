package main

import (
	"debug/elf"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/app"
	"go.yaml.in/yaml/v4"
)

const root = "../.."

func readText(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// stage is one stage of a Dockerfile: its instructions in their order.
type stage struct {
	from  string
	lines [][2]string // instruction and rest
}

// stages reads a Dockerfile.
func stages(t *testing.T, text string) (list []stage) {
	t.Helper()
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		if word == "FROM" {
			list = append(list, stage{from: strings.TrimSpace(rest)})
			continue
		}
		if len(list) == 0 {
			t.Fatalf("%q comes before FROM", line)
		}
		last := &list[len(list)-1]
		last.lines = append(last.lines, [2]string{word, strings.TrimSpace(rest)})
	}
	return list
}

func (s stage) all(instruction string) (rest []string) {
	for _, l := range s.lines {
		if l[0] == instruction {
			rest = append(rest, l[1])
		}
	}
	return rest
}

// The image holds the program, certificates and nothing else, and does not run
// as root.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	list := stages(t, readText(t, "Dockerfile"))
	if len(list) != 2 {
		t.Fatalf("%d stages", len(list))
	}
	build, image := list[0], list[1]
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readText(t, "go.mod"))
	if version == nil || build.from != "golang:"+version[1]+" AS build" {
		t.Errorf("built with %q, the module needs %q", build.from, version)
	}
	if runs := strings.Join(build.all("RUN"), "\n"); !strings.Contains(runs, "CGO_ENABLED=0 go build -trimpath") || !strings.Contains(runs, "./cmd/changeguard") {
		t.Errorf("the build:\n%s", runs)
	}
	if image.from != "scratch" || len(image.all("RUN"))+len(image.all("SHELL"))+len(image.all("ADD"))+len(image.all("ENV")) > 0 {
		t.Errorf("the image is made of more than the program: %v", image)
	}
	for instruction, want := range map[string]string{"USER": "65532:65532", "ENTRYPOINT": `["/changeguard"]`, "CMD": `["serve"]`, "EXPOSE": "8080", "WORKDIR": "/data", "VOLUME": "/data"} {
		if got := image.all(instruction); !slices.Equal(got, []string{want}) {
			t.Errorf("%s %q, want %q", instruction, got, want)
		}
	}
	copied := strings.Join(image.all("COPY"), "\n")
	for _, want := range []string{"/etc/ssl/certs/ca-certificates.crt", "--from=build /changeguard /changeguard", "--chown=65532:65532 /data /data"} {
		if !strings.Contains(copied, want) {
			t.Errorf("%q is not copied:\n%s", want, copied)
		}
	}
	ignored := strings.Fields(readText(t, ".dockerignore"))
	for _, c := range image.all("COPY") {
		if strings.HasPrefix(c, "--from=") {
			continue
		}
		names := strings.Fields(c)
		for _, name := range names[:len(names)-1] {
			if readText(t, name) == "" || slices.Contains(ignored, name) {
				t.Errorf("%s cannot be copied", name)
			}
		}
	}
	if !slices.Contains(ignored, ".git") {
		t.Error("the repository's history is sent to the builder")
	}
}

// The example for Compose uses settings that there are, and gives away nothing
// that the program does not need.
func TestCompose(t *testing.T) {
	t.Parallel()
	var file struct {
		Services map[string]struct {
			ReadOnly    bool              `yaml:"read_only"`
			CapDrop     []string          `yaml:"cap_drop"`
			SecurityOpt []string          `yaml:"security_opt"`
			Environment map[string]string `yaml:"environment"`
			Secrets     []string          `yaml:"secrets"`
			Volumes     []string          `yaml:"volumes"`
		} `yaml:"services"`
		Secrets map[string]any `yaml:"secrets"`
	}
	if err := yaml.Unmarshal([]byte(readText(t, "deploy/compose.yml")), &file); err != nil {
		t.Fatal(err)
	}
	s := file.Services["changeguard"]
	if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || !slices.Contains(s.Volumes, "data:/data") {
		t.Errorf("%+v", s)
	}
	for name, value := range s.Environment {
		if !slices.Contains(variables(), name) {
			t.Errorf("there is no setting %s", name)
		}
		if secret, ok := strings.CutPrefix(value, "/run/secrets/"); ok && (!slices.Contains(s.Secrets, secret) || file.Secrets[secret] == nil) {
			t.Errorf("there is no secret %s", secret)
		}
	}
	if s.Environment["CHANGEGUARD_DATABASE_URL"] != "sqlite:/data/changeguard.db" {
		t.Errorf("the database is not in the volume: %q", s.Environment["CHANGEGUARD_DATABASE_URL"])
	}
}

// variables are all that the program reads.
func variables() (names []string) {
	for _, s := range app.Settings() {
		names = append(names, s.Env, s.Env+"_FILE")
	}
	return names
}

// The example for Kubernetes asks where the program answers, and runs it with as
// little as it needs.
func TestKubernetes(t *testing.T) {
	t.Parallel()
	type port struct {
		Name          string `yaml:"name"`
		ContainerPort int    `yaml:"containerPort"`
	}
	type probe struct {
		HTTPGet struct {
			Path string `yaml:"path"`
			Port string `yaml:"port"`
		} `yaml:"httpGet"`
	}
	type container struct {
		Ports []port `yaml:"ports"`
		Env   []struct {
			Name, Value string
		} `yaml:"env"`
		Ready           probe `yaml:"readinessProbe"`
		Live            probe `yaml:"livenessProbe"`
		SecurityContext struct {
			ReadOnly   bool                `yaml:"readOnlyRootFilesystem"`
			Escalation *bool               `yaml:"allowPrivilegeEscalation"`
			Caps       map[string][]string `yaml:"capabilities"`
		} `yaml:"securityContext"`
	}
	var file struct {
		Spec struct {
			Replicas int `yaml:"replicas"`
			Template struct {
				Spec struct {
					Grace           int `yaml:"terminationGracePeriodSeconds"`
					SecurityContext struct {
						NonRoot bool `yaml:"runAsNonRoot"`
						User    int  `yaml:"runAsUser"`
					} `yaml:"securityContext"`
					Containers []container `yaml:"containers"`
				} `yaml:"spec"`
			} `yaml:"template"`
		} `yaml:"spec"`
	}
	first, _, _ := strings.Cut(readText(t, "deploy/kubernetes.yml"), "\n---\n")
	if err := yaml.Unmarshal([]byte(first), &file); err != nil {
		t.Fatal(err)
	}
	pod := file.Spec.Template.Spec
	if file.Spec.Replicas != 1 || pod.Grace < 10 || !pod.SecurityContext.NonRoot || pod.SecurityContext.User != 65532 || len(pod.Containers) != 1 {
		t.Fatalf("%+v", file.Spec)
	}
	c := pod.Containers[0]
	if !c.SecurityContext.ReadOnly || c.SecurityContext.Escalation == nil || *c.SecurityContext.Escalation || !slices.Equal(c.SecurityContext.Caps["drop"], []string{"ALL"}) {
		t.Errorf("%+v", c.SecurityContext)
	}
	if c.Ready.HTTPGet.Path != "/readyz" || c.Live.HTTPGet.Path != "/healthz" || c.Ready.HTTPGet.Port != "http" || c.Live.HTTPGet.Port != "http" {
		t.Errorf("%+v %+v", c.Ready, c.Live)
	}
	if !slices.Contains(c.Ports, port{"http", 8080}) {
		t.Errorf("%v", c.Ports)
	}
	for _, e := range c.Env {
		if !slices.Contains(variables(), e.Name) {
			t.Errorf("there is no setting %s", e.Name)
		}
	}
}

// The manual names every setting, and no other.
func TestManualNamesEverySetting(t *testing.T) {
	t.Parallel()
	var rows, want []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(PORT|CHANGEGUARD_[A-Z_]+)` \\|").FindAllStringSubmatch(readText(t, "deploy/README.md"), -1) {
		rows = append(rows, m[1])
	}
	for _, s := range app.Settings() {
		want = append(want, s.Env)
	}
	if !slices.Equal(rows, want) {
		t.Errorf("the manual has %v, the program %v", rows, want)
	}
}

// mustBeStatic fails for a program that needs anything of the system but its
// kernel.
func mustBeStatic(tb testing.TB, binary string) {
	tb.Helper()
	f, err := elf.Open(binary)
	if err != nil {
		tb.Logf("not an ELF file, so not looked into: %v", err)
		return
	}
	defer f.Close()
	libraries, err := f.ImportedLibraries()
	if err != nil || len(libraries) > 0 {
		tb.Errorf("it needs %v, %v", libraries, err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			tb.Error("it needs a loader")
		}
	}
}
