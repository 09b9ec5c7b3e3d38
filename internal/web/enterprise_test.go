package web

import "testing"

func TestEnterpriseServersAddress(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string][2]string{
		"github.example.com":            {"https://github.example.com", "https://github.example.com/api/v3/"},
		" https://GitHub.Example.com/ ": {"https://github.example.com", "https://github.example.com/api/v3/"},
		"ghe.example:8443":              {"https://ghe.example:8443", "https://ghe.example:8443/api/v3/"},
		"octo.ghe.com":                  {"https://octo.ghe.com", "https://api.octo.ghe.com/"},
		"github.com":                    {"https://github.com", "https://api.github.com/"},
		"http://127.0.0.1:80":           {"http://127.0.0.1:80", "http://127.0.0.1:80/api/v3/"},
	} {
		pages, api, err := enterprise(typed)
		if err != nil || [2]string{pages, api} != want {
			t.Errorf("%q: %q %q %v, want %q", typed, pages, api, err, want)
		}
	}
	for _, typed := range []string{
		"", "http://github.example.com", "ftp://x", "https://a@b", "https://a/b", "a b", "a;script-src *", "https://a?x", "https://a#x", "a..b", "*.example.com", "https://'self'", "javascript:x", "//",
	} {
		if pages, _, err := enterprise(typed); err == nil {
			t.Errorf("%q is taken as %s", typed, pages)
		}
	}
}
