package app

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Config of the server. Every field is read from the environment variable, or
// from the file that the variable with _FILE behind its name names, or from the
// flag of the same name in lower case with hyphens and without the prefix.
// Flags win.
type Config struct {
	Port          string // PORT: where to listen when CHANGEGUARD_ADDR is not set; container platforms set it. Default 8080.
	Addr          string // CHANGEGUARD_ADDR: host:port to listen on. Default :PORT.
	GitHubURL     string // CHANGEGUARD_GITHUB_URL: REST base. Default https://api.github.com/; an Enterprise Server's is https://HOST/api/v3/.
	AppID         string // CHANGEGUARD_APP_ID: the App's number.
	PrivateKey    string // CHANGEGUARD_PRIVATE_KEY: the App's key as PEM.
	WebhookSecret string // CHANGEGUARD_WEBHOOK_SECRET: what GitHub signs deliveries with.
	DatabaseURL   string // CHANGEGUARD_DATABASE_URL: sqlite:PATH. Default sqlite:changeguard.db.
	PublicURL     string // CHANGEGUARD_PUBLIC_URL: for links in check runs. Default none.
	CheckName     string // CHANGEGUARD_CHECK_NAME: the required check's name. Default changeguard.
	Workers       string // CHANGEGUARD_WORKERS: evaluations at once. Default twice the cores.
	LogFormat     string // CHANGEGUARD_LOG_FORMAT: text or json. Default text on a terminal, else json.
	LogLevel      string // CHANGEGUARD_LOG_LEVEL: debug, info, warn or error. Default info.
	AdminAddr     string // CHANGEGUARD_ADMIN_ADDR: host:port for metrics and pprof, which are served nowhere else. Default off.

	appID   int64
	workers int
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
		{"CHANGEGUARD_DATABASE_URL", "database-url", "`address` of the database (default sqlite:changeguard.db)", func(c *Config) *string { return &c.DatabaseURL }},
		{"CHANGEGUARD_PUBLIC_URL", "public-url", "`address` of this server, for links in check runs", func(c *Config) *string { return &c.PublicURL }},
		{"CHANGEGUARD_CHECK_NAME", "check-name", "the required check's `name` (default changeguard)", func(c *Config) *string { return &c.CheckName }},
		{"CHANGEGUARD_WORKERS", "workers", "evaluations at once (default twice the cores)", func(c *Config) *string { return &c.Workers }},
		{"CHANGEGUARD_LOG_FORMAT", "log-format", "text or json (default text on a terminal)", func(c *Config) *string { return &c.LogFormat }},
		{"CHANGEGUARD_LOG_LEVEL", "log-level", "debug, info, warn or error (default info)", func(c *Config) *string { return &c.LogLevel }},
		{"CHANGEGUARD_ADMIN_ADDR", "admin-addr", "`host:port` for metrics and pprof (default off)", func(c *Config) *string { return &c.AdminAddr }},
	}
}

// Field is the field of a setting.
func (s setting) Field(c *Config) *string { return s.field(c) }

// Complete fills what flags left open from the environment and the defaults,
// and returns every problem at once. onTerminal chooses the log's format.
func (c *Config) Complete(getenv func(string) string, onTerminal bool) error {
	var problems []error
	for _, s := range Settings() {
		field := s.field(c)
		if *field != "" {
			continue
		}
		value, err := fromEnvironment(getenv, s.Env)
		if err != nil {
			problems = append(problems, err)
		}
		*field = value
	}
	c.defaults(onTerminal)
	return errors.Join(append(problems, c.problems(getenv)...)...)
}

func fromEnvironment(getenv func(string) string, name string) (string, error) {
	value, file := getenv(name), getenv(name+"_FILE")
	switch {
	case value != "" && file != "":
		return "", fmt.Errorf("%s and %s_FILE are both set; choose one", name, name)
	case file == "":
		return value, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	if value = strings.TrimSpace(string(data)); value == "" {
		return "", fmt.Errorf("%s_FILE: %s is empty", name, file)
	}
	return value, nil
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
	set(&c.Workers, strconv.Itoa(2*runtime.NumCPU()))
	set(&c.LogLevel, "info")
	if onTerminal {
		set(&c.LogFormat, "text")
	}
	set(&c.LogFormat, "json")
}

// Unset reports whether no credential is given at all: the server then serves
// its set-up page only.
func (c *Config) Unset() bool { return c.AppID == "" && c.PrivateKey == "" && c.WebhookSecret == "" }

func (c *Config) problems(getenv func(string) string) []error {
	var list []error
	add := func(format string, args ...any) { list = append(list, fmt.Errorf(format, args...)) }
	var err error
	if !c.Unset() {
		for _, s := range Settings() {
			if (s.Env == "CHANGEGUARD_APP_ID" || s.Env == "CHANGEGUARD_PRIVATE_KEY" || s.Env == "CHANGEGUARD_WEBHOOK_SECRET") && *s.field(c) == "" {
				add("%s is missing", s.Env)
			}
		}
	}
	if c.appID, err = strconv.ParseInt(c.AppID, 10, 64); c.AppID != "" && (err != nil || c.appID < 1) {
		add("CHANGEGUARD_APP_ID must be the App's number, this is %q", c.AppID)
	}
	if c.workers, err = strconv.Atoi(c.Workers); err != nil || c.workers < 1 || c.workers > 1000 {
		add("CHANGEGUARD_WORKERS must be a number from 1 to 1000, this is %q", c.Workers)
	}
	for name, addr := range map[string]string{"CHANGEGUARD_ADDR": c.Addr, "CHANGEGUARD_ADMIN_ADDR": c.AdminAddr} {
		if _, _, err := net.SplitHostPort(addr); addr != "" && err != nil {
			add("%s must be host:port, this is %q", name, addr)
		}
	}
	for name, address := range map[string]string{"CHANGEGUARD_GITHUB_URL": c.GitHubURL, "CHANGEGUARD_PUBLIC_URL": c.PublicURL} {
		if u, err := url.Parse(address); address != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			add("%s must be an address that begins with https://, this is %q", name, address)
		}
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		add("CHANGEGUARD_LOG_FORMAT must be text or json, this is %q", c.LogFormat)
	}
	if _, ok := logLevels[c.LogLevel]; !ok {
		add("CHANGEGUARD_LOG_LEVEL must be debug, info, warn or error, this is %q", c.LogLevel)
	}
	if !strings.HasPrefix(c.DatabaseURL, "sqlite:") {
		add("CHANGEGUARD_DATABASE_URL must be sqlite:PATH; this version keeps its data in SQLite")
	} else if getenv("K_SERVICE") != "" {
		add("CHANGEGUARD_DATABASE_URL is SQLite, and this platform (K_SERVICE is set) does not keep its disk: verdicts and deliveries would be lost with every instance")
	}
	sortErrors(list)
	return list
}
