package web

import (
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// hostName is what a name of DNS is made of, with a port.
var hostName = lazyregexp.New(`^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[0-9]{1,5})?$`)

var errServer = errors.New("that is no Enterprise Server's address: write its name, as in github.example.com")

// enterprise reads the address of an Enterprise Server, as somebody types it: where
// its pages are, without a slash at the end, and where its API is. It is asked over
// HTTPS, and over HTTP on this machine only.
func enterprise(typed string) (pages, api string, err error) {
	typed = strings.TrimSpace(typed)
	if !strings.Contains(typed, "://") {
		typed = "https://" + typed
	}
	u, err := url.Parse(typed)
	if err != nil || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" {
		return "", "", errServer
	}
	host := strings.ToLower(u.Host)
	switch ip := net.ParseIP(u.Hostname()); {
	case !hostName.MatchString(host) || strings.Contains(host, ".."):
		return "", "", errServer
	case u.Scheme != "https" && (u.Scheme != "http" || ip == nil || !ip.IsLoopback()):
		return "", "", errServer
	case host == "github.com" || host == "www.github.com" || host == "api.github.com":
		return "https://github.com", "https://api.github.com/", nil
	case strings.HasSuffix(host, ".ghe.com"):
		host = strings.TrimPrefix(host, "api.")
		return "https://" + host, "https://api." + host + "/", nil
	}
	pages = u.Scheme + "://" + host
	return pages, pages + "/api/v3/", nil
}
