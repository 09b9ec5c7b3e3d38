package app_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

// environment is a map as an environment.
func environment(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

// valid is an environment without mistakes, changed as a case wants it.
func valid(changes ...string) map[string]string {
	env := map[string]string{"CHANGEGUARD_APP_ID": "7", "CHANGEGUARD_PRIVATE_KEY": string(ghtest.PEM()), "CHANGEGUARD_WEBHOOK_SECRET": "secret"}
	for i := 0; i < len(changes); i += 2 {
		env[changes[i]] = changes[i+1]
	}
	return env
}

// Every setting can be given in the environment, by a file and by a flag; the
// flag wins, also an empty one.
func TestEverySettingInEveryWay(t *testing.T) {
	t.Parallel()
	if len(app.Settings()) != 18 {
		t.Errorf("%d settings", len(app.Settings()))
	}
	for _, s := range app.Settings() {
		want := strings.TrimPrefix(s.Env, "CHANGEGUARD_")
		if strings.ReplaceAll(strings.ToUpper(s.Flag), "-", "_") != want {
			t.Errorf("%s is set by --%s", s.Env, s.Flag)
		}
		file := filepath.Join(t.TempDir(), "value")
		if err := os.WriteFile(file, []byte("\tfrom the file \r\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		get := func(c app.Config, getenv func(string) string) string {
			_ = c.Complete(getenv, false) // the values are no good ones
			return *s.Field(&c)
		}
		byDefault := get(app.Config{}, environment(nil))
		var flag app.Config
		*s.Field(&flag) = "from the flag"
		both := environment(map[string]string{s.Env: "x", s.Env + "_FILE": file})
		for what, c := range map[string]struct{ got, want string }{
			"the environment": {get(app.Config{}, environment(map[string]string{s.Env: " from the environment\n"})), "from the environment"},
			"a file":          {get(app.Config{}, environment(map[string]string{s.Env + "_FILE": file})), "from the file"},
			"a flag":          {get(flag, app.Without(both, map[string]bool{s.Flag: true})), "from the flag"},
			"an empty flag":   {get(app.Config{}, app.Without(both, map[string]bool{s.Flag: true})), byDefault},
		} {
			if c.got != c.want {
				t.Errorf("%s by %s: %q, want %q", s.Env, what, c.got, c.want)
			}
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	var c app.Config
	if err := c.Complete(environment(map[string]string{"PORT": "9000"}), true); err != nil {
		t.Fatal(err)
	}
	if c.Addr != ":9000" || c.GitHubURL != "https://api.github.com/" || c.DatabaseURL != "sqlite:changeguard.db" || c.CheckName != "changeguard" ||
		c.LogFormat != "text" || c.LogLevel != "info" || c.Reconcile != "5m" || c.AdminAddr != "" || c.PublicURL != "" || !c.Unset() {
		t.Errorf("%+v", c)
	}
	var d app.Config
	if err := d.Complete(environment(nil), false); err != nil || d.Addr != ":8080" || d.LogFormat != "json" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestConfigurationIsTaken(t *testing.T) {
	t.Parallel()
	pkcs8, err := x509.MarshalPKCS8PrivateKey(ghtest.Key())
	if err != nil {
		t.Fatal(err)
	}
	for what, env := range map[string]map[string]string{
		"the least":           valid(),
		"another kind of key": valid("CHANGEGUARD_PRIVATE_KEY", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))),
		"a key in one line":   valid("CHANGEGUARD_PRIVATE_KEY", strings.ReplaceAll(string(ghtest.PEM()), "\n", `\n`)),
		"an address":          valid("CHANGEGUARD_ADDR", "[::1]:0", "CHANGEGUARD_ADMIN_ADDR", "127.0.0.1:0"),
		"a stand-in":          valid("CHANGEGUARD_GITHUB_URL", "http://127.0.0.1:8080"),
		"Enterprise Server":   valid("CHANGEGUARD_GITHUB_URL", "https://ghe.example/api/v3/", "CHANGEGUARD_PUBLIC_URL", "https://guard.example/"),
		"an unused port":      valid("CHANGEGUARD_ADDR", ":8080", "PORT", "tcp://10.0.0.1:80"),
		"a check's name":      valid("CHANGEGUARD_CHECK_NAME", "änderung / guard"),
	} {
		var c app.Config
		if err := c.Complete(environment(env), false); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestMistakesOfTheConfiguration(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := x509.MarshalPKCS8PrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{valid("CHANGEGUARD_APP_ID", ""), "CHANGEGUARD_APP_ID is missing"},
		{valid("CHANGEGUARD_APP_ID", "-7"), `CHANGEGUARD_APP_ID must be the App's number, this is "-7"`},
		{valid("CHANGEGUARD_APP_ID", "99999999999999999999"), "must be the App's number"},
		{valid("CHANGEGUARD_APP_ID", "hunter2"), "must be the App's number, this is a text of 7 bytes"},
		{valid("CHANGEGUARD_APP_ID", string(ghtest.PEM())), "must be the App's number, this is a text of "},
		{valid("CHANGEGUARD_PRIVATE_KEY", "hunter2"), "CHANGEGUARD_PRIVATE_KEY must be an RSA private key"},
		{valid("CHANGEGUARD_PRIVATE_KEY", string(ghtest.PEM())[:200]), "must be an RSA private key"},
		{valid("CHANGEGUARD_PRIVATE_KEY", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: other}))), "must be an RSA private key"},
		{valid("CHANGEGUARD_WEBHOOK_SECRET", " \n"), "CHANGEGUARD_WEBHOOK_SECRET is missing"},
		{valid("CHANGEGUARD_WEBHOOK_SECRET_FILE", "x"), "CHANGEGUARD_WEBHOOK_SECRET and CHANGEGUARD_WEBHOOK_SECRET_FILE are both set"},
		{valid("CHANGEGUARD_WEBHOOK_SECRET", "", "CHANGEGUARD_WEBHOOK_SECRET_FILE", "/nowhere"), "CHANGEGUARD_WEBHOOK_SECRET_FILE: open /nowhere: no such file"},
		{valid("CHANGEGUARD_WEBHOOK_SECRET", "", "CHANGEGUARD_WEBHOOK_SECRET_FILE", empty), "is empty"},
		{valid("CHANGEGUARD_WEBHOOK_SECRET", "", "CHANGEGUARD_WEBHOOK_SECRET_FILE", t.TempDir()), "is a directory"},
		{map[string]string{"CHANGEGUARD_APP_ID_FILE": "/nowhere"}, "CHANGEGUARD_PRIVATE_KEY is missing"},
		{valid("PORT", "http"), `PORT must be a number up to 65535, this is "http"`},
		{valid("PORT", "65536"), "PORT must be"},
		{valid("CHANGEGUARD_ADDR", "8080"), "CHANGEGUARD_ADDR must be host:port"},
		{valid("CHANGEGUARD_ADDR", "host:"), "CHANGEGUARD_ADDR must be host:port"},
		{valid("CHANGEGUARD_ADMIN_ADDR", "host:x"), "CHANGEGUARD_ADMIN_ADDR must be host:port"},
		{valid("CHANGEGUARD_ADMIN_ADDR", "127.0.0.1:8080"), "CHANGEGUARD_ADMIN_ADDR must be another address"},
		{valid("CHANGEGUARD_GITHUB_URL", "github.com"), "CHANGEGUARD_GITHUB_URL must be an address"},
		{valid("CHANGEGUARD_GITHUB_URL", "https://github.com"), "github.com's is https://api.github.com/"},
		{valid("CHANGEGUARD_GITHUB_URL", "ftp://x/"), "CHANGEGUARD_GITHUB_URL must be an address"},
		{valid("CHANGEGUARD_GITHUB_URL", "https://u:hunter2@x/"), "CHANGEGUARD_GITHUB_URL must be an address like https://HOST/, this is a text of"},
		{valid("CHANGEGUARD_PUBLIC_URL", "https:///x"), "CHANGEGUARD_PUBLIC_URL must be an address"},
		{valid("CHANGEGUARD_PUBLIC_URL", "https://x/?a"), "CHANGEGUARD_PUBLIC_URL must be an address"},
		{valid("CHANGEGUARD_CHECK_NAME", "a\nb"), "CHANGEGUARD_CHECK_NAME must be one line"},
		{valid("CHANGEGUARD_WORKERS", "many"), "CHANGEGUARD_WORKERS must be a number from 1 to 1000"},
		{valid("CHANGEGUARD_WORKERS", "1001"), "CHANGEGUARD_WORKERS must be"},
		{valid("CHANGEGUARD_LOG_FORMAT", "xml"), "CHANGEGUARD_LOG_FORMAT must be text or json"},
		{valid("CHANGEGUARD_LOG_LEVEL", "loud"), "CHANGEGUARD_LOG_LEVEL must be"},
		{valid("CHANGEGUARD_DATABASE_URL", "postgres://u:hunt%er2@db/guard"), "CHANGEGUARD_DATABASE_URL: the address cannot be read; write postgres://USER:PASSWORD@HOST/DATABASE"},
		{valid("CHANGEGUARD_DATABASE_URL", "postgresql://u:hunter2@db:x/guard"), "CHANGEGUARD_DATABASE_URL: the address cannot be read"},
		{valid("CHANGEGUARD_DATABASE_URL", "guard.db"), "CHANGEGUARD_DATABASE_URL: the address names no database; write sqlite:PATH"},
		{valid("CHANGEGUARD_DATABASE_URL", "sqlite:/nowhere/at/all.db"), "CHANGEGUARD_DATABASE_URL: there is no folder /nowhere/at"},
		{valid("CHANGEGUARD_DATABASE_URL", "sqlite::memory:"), "CHANGEGUARD_DATABASE_URL: a database in memory loses what was acknowledged"},
		{valid("K_SERVICE", "guard"), "K_SERVICE is set"},
		{map[string]string{"K_SERVICE": "guard"}, "K_SERVICE is set"},
	} {
		var stderr bytes.Buffer
		code := app.Serve(context.Background(), app.Config{}, environment(c.env), false, &stderr)
		if code != app.ExitUsage || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("want %q and 2, got %d:\n%s", c.want, code, stderr.String())
		}
		for _, secret := range []string{"hunter2", strings.Split(string(ghtest.PEM()), "\n")[1]} {
			if strings.Contains(stderr.String(), secret) {
				t.Errorf("it repeats a secret:\n%s", stderr.String())
			}
		}
	}
}

// Whatever is missing is named at once, and nothing else.
func TestSomeCredentialsAreMissing(t *testing.T) {
	t.Parallel()
	all := []string{"CHANGEGUARD_APP_ID", "CHANGEGUARD_PRIVATE_KEY", "CHANGEGUARD_WEBHOOK_SECRET"}
	for given := 1; given < 7; given++ {
		env, missing := valid(), 0
		var want strings.Builder
		for i, name := range all {
			if given&(1<<i) == 0 {
				delete(env, name)
				missing++
				fmt.Fprintf(&want, "%s is missing\n", name)
			}
		}
		var stderr bytes.Buffer
		code := app.Serve(context.Background(), app.Config{}, environment(env), false, &stderr)
		if _, list, _ := strings.Cut(stderr.String(), "\n"); code != app.ExitUsage || list != want.String() {
			t.Errorf("%d:\n%s", code, stderr.String())
		}
	}
}
