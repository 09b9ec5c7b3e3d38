package web

import (
	"net"
	"net/http"
	"strings"
)

// secure sets what every answer carries: nothing is loaded from elsewhere,
// nothing runs but the script that is served here, nothing is framed, kept or
// told to others.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// sameSite refuses what another site's page sends.
func (s *server) sameSite(next http.Handler) http.Handler {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.say(w, r, http.StatusForbidden, "That came from another site", "Forms are taken from this server's own pages, and nothing was done. If you did send it from here, a proxy changes the address under which the server is asked: it must pass the Host header on.")
	}))
	return p.Handler(next)
}

// loopbackOnly refuses everybody who is not on this machine. A page in a browser
// that points a name of its own here (DNS rebinding) asks for that name; a proxy
// on this machine says for whom it asks, or speaks HTTP/1.0.
func (s *server) loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !direct(r) {
			s.say(w, r, http.StatusForbidden, "On this machine only",
				"Verdicts are shown to people on the machine itself, until there is a sign-in. From elsewhere, forward a port, as in: ssh -L 8080:localhost:8080 HOST, and open http://localhost:8080/.")
			return
		}
		next.ServeHTTP(w, asViewer(r, viewer{all: true}))
	})
}

// direct reports whether somebody on this machine asks, by its own name.
func direct(r *http.Request) bool {
	return local(address(r.RemoteAddr)) && local(hostname(r.Host)) && !proxied(r)
}

// forwarding are the headers by which proxies, tunnels and content networks say
// that they ask for somebody else.
var forwarding = []string{
	"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server", "X-Real-Ip", "X-Client-Ip", "X-Original-Host",
	"True-Client-Ip", "Via", "Cf-Connecting-Ip", "Cf-Ray", "Cdn-Loop", "Fastly-Client-Ip", "X-Amzn-Trace-Id", "X-Cloud-Trace-Context", "X-Envoy-External-Address",
}

func proxied(r *http.Request) bool {
	for _, name := range forwarding {
		if len(r.Header.Values(name)) > 0 {
			return true
		}
	}
	return !r.ProtoAtLeast(1, 1)
}

func address(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return ""
	}
	return host
}

func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
