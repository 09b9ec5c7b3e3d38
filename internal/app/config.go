package app

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/changeguard/changeguard/internal/notify"
	"github.com/changeguard/changeguard/internal/store"
)

// Config of the server. Every field is read from the environment variable, or
// from the file that the variable with _FILE behind its name names, or from the
// flag of the same name in lower case with hyphens and without the prefix.
// Flags win, also empty ones. Space around a value is no part of it.
type Config struct {
	Port          string // PORT: where to listen when CHANGEGUARD_ADDR is not set; container platforms set it. Default 8080.
	Addr          string // CHANGEGUARD_ADDR: host:port to listen on. Default :PORT.
	GitHubURL     string // CHANGEGUARD_GITHUB_URL: REST base. Default https://api.github.com/; an Enterprise Server's is https://HOST/api/v3/.
	AppID         string // CHANGEGUARD_APP_ID: the App's number.
	PrivateKey    string // CHANGEGUARD_PRIVATE_KEY: the App's key as PEM; \n may stand for the ends of its lines.
	WebhookSecret string // CHANGEGUARD_WEBHOOK_SECRET: what GitHub signs deliveries with.
	DatabaseURL   string // CHANGEGUARD_DATABASE_URL: sqlite:PATH, or postgres://USER:PASSWORD@HOST/DATABASE, which several replicas can share. Default sqlite:changeguard.db.
	PublicURL     string // CHANGEGUARD_PUBLIC_URL: for links in check runs and the set-up page; https makes cookies secure. Default none.
	CheckName     string // CHANGEGUARD_CHECK_NAME: the required check's name. Default changeguard.
	Workers       string // CHANGEGUARD_WORKERS: evaluations at once. Default twice the cores.
	LogFormat     string // CHANGEGUARD_LOG_FORMAT: text or json. Default text on a terminal, else json.
	LogLevel      string // CHANGEGUARD_LOG_LEVEL: debug, info, warn or error. Default info.
	SecretKey     string // CHANGEGUARD_SECRET_KEY: seals what the set-up keeps in the database; 32 bytes or more. Default a key file beside the database.
	ClientID      string // CHANGEGUARD_CLIENT_ID: the App's client id, for signing in to the pages. Default what the set-up kept, else no sign-in.
	ClientSecret  string // CHANGEGUARD_CLIENT_SECRET: the App's client secret.
	AdminAddr     string // CHANGEGUARD_ADMIN_ADDR: host:port for metrics and pprof, which are served nowhere else. Default off.
	Reconcile     string // CHANGEGUARD_RECONCILE: time between two reconciliations with GitHub, from 1s to 24h. Default 5m.
	Notify        string // CHANGEGUARD_NOTIFY: the channels that policies may name, as JSON; docs/notifications.md. Default none.

	lasting bool // whether the disk lasts
	appID   int64
	workers int
	every   time.Duration

	channels notify.Channels
}

// setting ties a field to its names.
type setting struct {
	Env, Flag, Text string
	field           func(c *Config) *string
}

// Settings are all settings of the server, in the order of the manual.
func Settings() []setting {
	return []setting{
		{"PORT", "port", "where to listen when addr is not set (default 8080)", func(c *Config) *string { return &c.Port }},
		{"CHANGEGUARD_ADDR", "addr", "`host:port` to listen on (default :PORT)", func(c *Config) *string { return &c.Addr }},
		{"CHANGEGUARD_GITHUB_URL", "github-url", "REST `base` of GitHub; an Enterprise Server's is https://HOST/api/v3/", func(c *Config) *string { return &c.GitHubURL }},
		{"CHANGEGUARD_APP_ID", "app-id", "the App's `number`", func(c *Config) *string { return &c.AppID }},
		{"CHANGEGUARD_PRIVATE_KEY", "private-key", "the App's key as `PEM`; rather use CHANGEGUARD_PRIVATE_KEY_FILE", func(c *Config) *string { return &c.PrivateKey }},
		{"CHANGEGUARD_WEBHOOK_SECRET", "webhook-secret", "what GitHub signs deliveries with; rather use CHANGEGUARD_WEBHOOK_SECRET_FILE", func(c *Config) *string { return &c.WebhookSecret }},
		{"CHANGEGUARD_DATABASE_URL", "database-url", "`address` of the database, sqlite:PATH or postgres://… (default sqlite:changeguard.db)", func(c *Config) *string { return &c.DatabaseURL }},
		{"CHANGEGUARD_PUBLIC_URL", "public-url", "`address` of this server, for links in check runs", func(c *Config) *string { return &c.PublicURL }},
		{"CHANGEGUARD_CHECK_NAME", "check-name", "the required check's `name` (default changeguard)", func(c *Config) *string { return &c.CheckName }},
		{"CHANGEGUARD_WORKERS", "workers", "evaluations at once (default twice the cores)", func(c *Config) *string { return &c.Workers }},
		{"CHANGEGUARD_LOG_FORMAT", "log-format", "text or json (default text on a terminal)", func(c *Config) *string { return &c.LogFormat }},
		{"CHANGEGUARD_LOG_LEVEL", "log-level", "debug, info, warn or error (default info)", func(c *Config) *string { return &c.LogLevel }},
		{"CHANGEGUARD_SECRET_KEY", "secret-key", "`key` that seals what the set-up keeps; rather use CHANGEGUARD_SECRET_KEY_FILE (default a key file beside the database)", func(c *Config) *string { return &c.SecretKey }},
		{"CHANGEGUARD_CLIENT_ID", "client-id", "the App's client `id`, for signing in to the pages", func(c *Config) *string { return &c.ClientID }},
		{"CHANGEGUARD_CLIENT_SECRET", "client-secret", "the App's client `secret`; rather use CHANGEGUARD_CLIENT_SECRET_FILE", func(c *Config) *string { return &c.ClientSecret }},
		{"CHANGEGUARD_RECONCILE", "reconcile", "`time` between two reconciliations with GitHub (default 5m)", func(c *Config) *string { return &c.Reconcile }},
		{"CHANGEGUARD_ADMIN_ADDR", "admin-addr", "`host:port` for metrics and pprof (default off)", func(c *Config) *string { return &c.AdminAddr }},
		{"CHANGEGUARD_NOTIFY", "notify", "channels for notifications as `JSON`; rather use CHANGEGUARD_NOTIFY_FILE", func(c *Config) *string { return &c.Notify }},
	}
}

// Field is the field of a setting.
func (s setting) Field(c *Config) *string { return s.field(c) }

// Without is an environment in which the variables of some flags are not set.
func Without(getenv func(string) string, flags map[string]bool) func(string) string {
	hidden := make(map[string]bool)
	for _, s := range Settings() {
		if flags[s.Flag] {
			hidden[s.Env], hidden[s.Env+"_FILE"] = true, true
		}
	}
	return func(name string) string {
		if hidden[name] {
			return ""
		}
		return getenv(name)
	}
}

// Complete fills what flags left open from the environment and the defaults,
// and returns every problem at once.
func (c *Config) Complete(getenv func(string) string, onTerminal bool) error {
	var p problems
	for _, s := range Settings() {
		field := s.field(c)
		if *field == "" {
			value, err := fromEnvironment(getenv, s.Env)
			if err != nil {
				p.list = append(p.list, err)
				p.unread = append(p.unread, s.Env)
			}
			*field = value
		}
		*field = strings.TrimSpace(*field)
	}
	c.defaults(onTerminal)
	c.credentials(&p)
	c.numbers(&p)
	c.addresses(&p)
	c.names(&p)
	c.database(&p, getenv)
	c.signIn(&p, getenv)
	c.notifications(&p)
	return errors.Join(p.list...)
}

// maxFile bounds the file of a setting, in bytes.
const maxFile = 1 << 20

func fromEnvironment(getenv func(string) string, name string) (string, error) {
	value, file := getenv(name), getenv(name+"_FILE")
	switch {
	case value != "" && file != "":
		return "", fmt.Errorf("%s and %s_FILE are both set; choose one", name, name)
	case file == "":
		return value, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	case len(data) > maxFile:
		return "", fmt.Errorf("%s_FILE: %s is over 1 MiB", name, file)
	case strings.TrimSpace(string(data)) == "":
		return "", fmt.Errorf("%s_FILE: %s is empty", name, file)
	}
	return string(data), nil
}

func (c *Config) defaults(onTerminal bool) {
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	set(&c.Port, "8080")
	set(&c.Addr, ":"+c.Port)
	set(&c.GitHubURL, "https://api.github.com/")
	set(&c.DatabaseURL, "sqlite:changeguard.db")
	set(&c.CheckName, "changeguard")
	set(&c.Workers, strconv.Itoa(2*runtime.GOMAXPROCS(0))) // as many as a container may use
	set(&c.LogLevel, "info")
	set(&c.Reconcile, "5m")
	if onTerminal {
		set(&c.LogFormat, "text")
	}
	set(&c.LogFormat, "json")
}

// Unset reports whether no credential is given at all: the server then serves
// its set-up page only.
func (c *Config) Unset() bool { return c.AppID == "" && c.PrivateKey == "" && c.WebhookSecret == "" }

// problems are all that is wrong, in the order of the settings.
type problems struct {
	list   []error
	unread []string // variables whose value could not be read, which is said already
}

func (p *problems) add(format string, args ...any) {
	p.list = append(p.list, fmt.Errorf(format, args...))
}

// shown is a value in a message. What is long, or an address with a password, is
// not repeated: it may be a secret in the wrong place.
func shown(value string) string {
	if len(value) > 60 || strings.ContainsAny(value, "@\n") {
		return fmt.Sprintf("this is a text of %d bytes", len(value))
	}
	return fmt.Sprintf("this is %q", value)
}

// shownNumber is a value that should be a number, beside two that are secret.
func shownNumber(value string) string {
	if strings.Trim(value, "+-.0123456789") != "" {
		value = strings.Repeat("\n", len(value)) // which is not repeated
	}
	return shown(value)
}

func (c *Config) credentials(p *problems) {
	var missing []string
	values := map[string]string{"CHANGEGUARD_APP_ID": c.AppID, "CHANGEGUARD_PRIVATE_KEY": c.PrivateKey, "CHANGEGUARD_WEBHOOK_SECRET": c.WebhookSecret}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if values[name] == "" && !slices.Contains(p.unread, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) < len(values) { // without any of them the set-up page is served
		for _, name := range missing {
			p.add("%s is missing", name)
		}
	}
	var err error
	if c.appID, err = strconv.ParseInt(c.AppID, 10, 64); c.AppID != "" && (err != nil || c.appID < 1) {
		p.add("CHANGEGUARD_APP_ID must be the App's number, %s", shownNumber(c.AppID))
	}
	if c.PrivateKey == "" {
		return
	}
	if !strings.Contains(c.PrivateKey, "\n") {
		c.PrivateKey = strings.ReplaceAll(c.PrivateKey, `\n`, "\n")
	}
	if !isRSAKey(c.PrivateKey) {
		p.add("CHANGEGUARD_PRIVATE_KEY must be an RSA private key in PEM form, as GitHub gives it out (-----BEGIN RSA PRIVATE KEY-----)")
	}
}

func isRSAKey(text string) bool {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return false
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return true
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	_, ok := key.(*rsa.PrivateKey)
	return err == nil && ok
}

func (c *Config) numbers(p *problems) {
	var err error
	if c.workers, err = strconv.Atoi(c.Workers); err != nil || c.workers < 1 || c.workers > 1000 {
		p.add("CHANGEGUARD_WORKERS must be a number from 1 to 1000, %s", shown(c.Workers))
	}
	if c.every, err = time.ParseDuration(c.Reconcile); err != nil || c.every < time.Second || c.every > 24*time.Hour {
		p.add("CHANGEGUARD_RECONCILE must be a time from 1s to 24h, %s", shown(c.Reconcile))
	}
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

func (c *Config) addresses(p *problems) {
	switch {
	case c.Addr != ":"+c.Port:
		listens(p, "CHANGEGUARD_ADDR", c.Addr)
	case !isPort(c.Port):
		p.add("PORT must be a number up to 65535, %s", shown(c.Port))
	}
	if c.AdminAddr != "" && listens(p, "CHANGEGUARD_ADMIN_ADDR", c.AdminAddr) && collide(c.Addr, c.AdminAddr) {
		p.add("CHANGEGUARD_ADMIN_ADDR must be another address than CHANGEGUARD_ADDR: metrics and pprof are not for everybody")
	}
	if u := isAddress(p, "CHANGEGUARD_GITHUB_URL", c.GitHubURL); u != nil && (u.Hostname() == "github.com" || u.Hostname() == "www.github.com") {
		p.add("CHANGEGUARD_GITHUB_URL must be the API's address; github.com's is https://api.github.com/")
	}
	if c.PublicURL != "" {
		isAddress(p, "CHANGEGUARD_PUBLIC_URL", c.PublicURL)
	}
}

func listens(p *problems, name, addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	if err != nil || !isPort(port) {
		p.add("%s must be host:port, %s", name, shown(addr))
		return false
	}
	return true
}

// collide reports whether two servers cannot listen on two addresses, as far as
// the addresses tell.
func collide(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	return errors.Join(errA, errB) == nil && portA == portB && portA != "0" && (hostA == hostB || hostA == "" || hostB == "")
}

// isAddress reads an address of the web; what is none is a problem, and nil.
func isAddress(p *problems, name, address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		p.add("%s must be an address like https://HOST/, %s", name, shown(address))
		return nil
	}
	return u
}

func (c *Config) names(p *problems) {
	if strings.ContainsFunc(c.CheckName, unicode.IsControl) || len(c.CheckName) > 100 {
		p.add("CHANGEGUARD_CHECK_NAME must be one line of up to 100 bytes, %s", shown(c.CheckName))
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		p.add("CHANGEGUARD_LOG_FORMAT must be text or json, %s", shown(c.LogFormat))
	}
	if _, ok := logLevels[c.LogLevel]; !ok {
		p.add("CHANGEGUARD_LOG_LEVEL must be debug, info, warn or error, %s", shown(c.LogLevel))
	}
}

func (c *Config) database(p *problems, getenv func(string) string) {
	if err := store.Check(c.DatabaseURL); err != nil {
		p.add("CHANGEGUARD_DATABASE_URL: %w", err)
	}
	if strings.HasPrefix(c.DatabaseURL, "sqlite:") && getenv("K_SERVICE") != "" {
		p.add("CHANGEGUARD_DATABASE_URL is SQLite, and this platform (K_SERVICE is set) does not keep its disk: verdicts and deliveries would be lost with every instance")
	}
}

func (c *Config) notifications(p *problems) {
	var err error
	if c.channels, err = notify.Parse(c.Notify); err != nil {
		p.add("CHANGEGUARD_NOTIFY: %w", err)
	}
}
