package browser_test

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The checker, and the digest by which npm's registry names what it is.
const (
	axeVersion = "4.14.1"
	axeDigest  = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)

// errNoAxe is that the checker is not here, and cannot be fetched.
var errNoAxe = errors.New("axe-core is not here: set CHANGEGUARD_AXE to its axe.min.js, or install npm and let it be fetched")

// axe is the checker's source: of the file that CHANGEGUARD_AXE names, or as
// fetched once with npm.
var axe = sync.OnceValues(func() (string, error) {
	if name := os.Getenv("CHANGEGUARD_AXE"); name != "" {
		data, err := os.ReadFile(name)
		return string(data), err
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", errNoAxe
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "changeguard-axe-core-"+axeVersion)
	packed := filepath.Join(dir, "axe-core-"+axeVersion+".tgz")
	if _, err := os.Stat(packed); err != nil {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		out, err := exec.CommandContext(context.Background(), npm, "pack", "--silent", "--pack-destination", dir, "axe-core@"+axeVersion).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("%w: npm pack: %w\n%s", errNoAxe, err, out)
		}
	}
	data, err := os.ReadFile(packed)
	if err != nil {
		return "", err
	}
	if sum := sha512.Sum512(data); base64.StdEncoding.EncodeToString(sum[:]) != axeDigest {
		return "", fmt.Errorf("%s is not what the registry named: remove it", packed)
	}
	return unpacked(data, "package/axe.min.js")
})

// accessible holds the page, as it looks now, to all of axe's rules.
func accessible(x *tab) {
	x.Helper()
	source, err := axe()
	if errors.Is(err, errNoAxe) && os.Getenv("CI") == "" {
		x.Logf("not checked with axe: %v", err)
		return
	}
	if err != nil {
		x.Fatal(err)
	}
	if !script[bool](x, `typeof axe === 'object'`) {
		script[bool](x, source+";true")
	}
	found := script[[]struct {
		Rule  string   `json:"rule"`
		Help  string   `json:"help"`
		Where []string `json:"where"`
	}](x, `axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => ({rule: v.id, help: v.help, where: v.nodes.map(n => n.html.slice(0, 200) + ' ' + n.failureSummary)})))`)
	dark := script[bool](x, `matchMedia('(prefers-color-scheme: dark)').matches`)
	for _, v := range found {
		x.Errorf("axe, dark %v: %s: %s\n%s", dark, v.Rule, v.Help, strings.Join(v.Where, "\n"))
	}
}

// The checker finds something where there is something.
func TestAxeFindsWhatIsWrong(t *testing.T) {
	source, err := axe()
	if errors.Is(err, errNoAxe) {
		leftOut(t, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	x := openTab(t)
	x.visit(`data:text/html,<html><body><img src="data:,"><p style="color:%23aaa;background:%23fff">pale`)
	rules := script[[]string](x, source+`;axe.run().then(r => r.violations.map(v => v.id))`)
	for _, want := range []string{"image-alt", "color-contrast", "html-has-lang"} {
		if !strings.Contains(strings.Join(rules, " "), want) {
			t.Errorf("%s is not found: %q", want, rules)
		}
	}
}
