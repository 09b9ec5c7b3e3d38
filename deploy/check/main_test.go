package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var root = filepath.Join("..", "..")

// TestChecksCatch breaks each file in one way and wants its check to say so.
func TestChecksCatch(t *testing.T) {
	for _, c := range []struct {
		file, before, after string
		check               func(root string) (string, error)
	}{
		{"deploy/kubernetes/postgres/deployment.yaml", "readOnlyRootFilesystem", "readOnlyRoot", postgres},
		{"deploy/kubernetes/postgres/deployment.yaml", "path: /readyz, port: http", "path: /readyz, port: web", postgres},
		{"deploy/kubernetes/postgres/autoscaler.yaml", "maxReplicas: 6", "maxReplicas: six", postgres},
		{"deploy/kubernetes/postgres/disruption.yaml", "app.kubernetes.io/name: changeguard", "app: changeguard", postgres},
		{"deploy/kubernetes/postgres/network.yaml", "app.kubernetes.io/name: changeguard", "app: changeguard", postgres},
		{"deploy/kubernetes/postgres/kustomization.yaml", "disruption.yaml, ", "", postgres},
		{"deploy/cloud-run.yaml", `cpu-throttling: "false"`, `cpu-throttling: "true"`, cloudRun},
		{"deploy/cloud-run.yaml", `minScale: "1"`, `minScale: "0"`, cloudRun},
		{"deploy/cloud-run.yaml", "timeoutSeconds: 60", "timeoutSecond: 60", cloudRun},
		{"deploy/compose.yml", "read_only: true", "readonly: true", compose},
		{"deploy/compose.yml", "condition: service_healthy", "condition: well", compose},
		{"Dockerfile", "AS build", "as build", dockerfile},
		{"Dockerfile", `ENTRYPOINT ["/changeguard"]`, "ENTRYPOINT /changeguard", dockerfile},
		{"deploy/changeguard.service", "ProtectSystem=strict", "ProtectSystem=maybe", systemd},
		{"deploy/changeguard.service", "[Service]\n", "[Service]\nUser=root\nBogus\n", systemd},
	} {
		t.Run(filepath.Base(c.file)+" "+c.after, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(filepath.Join(dir, "deploy"), os.DirFS(filepath.Join(root, "deploy"))); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "Dockerfile"), string(text))
			if said, err := c.check(dir); err != nil {
				t.Fatalf("as it is: %v", err)
			} else if strings.HasPrefix(said, "left out") {
				t.Skip(said)
			}
			path := filepath.Join(dir, filepath.FromSlash(c.file))
			text, err = os.ReadFile(path)
			if err != nil || !strings.Contains(string(text), c.before) {
				t.Fatalf("%s has no %q: %v", c.file, c.before, err)
			}
			write(t, path, strings.Replace(string(text), c.before, c.after, 1))
			if said, err := c.check(dir); err == nil {
				t.Errorf("it says %s", said)
			}
		})
	}
}

func postgres(root string) (string, error) { return kubernetes(root, "postgres", 8) }

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestAll is the command.
func TestAll(t *testing.T) {
	if err := run(root); err != nil {
		t.Error(err)
	}
}
