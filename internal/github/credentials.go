package github

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Credentials are a new App's, as GitHub gives them out once.
type Credentials struct {
	ID            int64  `json:"id"`
	Slug          string `json:"slug"`
	PageURL       string `json:"html_url"`
	HomeURL       string `json:"external_url"` // what the manifest called the App's
	PEM           string `json:"pem"`
	WebhookSecret string `json:"webhook_secret"`
	ClientID      string `json:"client_id"`
	ClientSecret  string `json:"client_secret"`

	// API is the REST base of the Enterprise Server that was chosen when the App
	// was made, or empty. No GitHub says it.
	API string `json:"changeguard_api,omitempty"`
}

// A Site is GitHub as people without an installation see it: its pages, and the
// part of its API that asks for no App.
type Site struct {
	BaseURL   string // REST base
	Transport http.RoundTripper
}

// PagesURL is where GitHub's pages for people are, without a slash at its end:
// https://github.com for api.github.com, https://HOST for HOST/api/v3/.
func (s Site) PagesURL() string {
	u, err := url.Parse(s.BaseURL)
	if err != nil {
		return ""
	}
	u.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), "/api/v3")
	if host, ok := strings.CutPrefix(u.Host, "api."); ok && (host == "github.com" || strings.HasSuffix(host, ".ghe.com")) {
		u.Host = host
	}
	return strings.TrimSuffix(u.String(), "/")
}

// Convert exchanges the code of a manifest for the credentials of the App that
// was made. A code is good once, and for an hour.
func (s Site) Convert(ctx context.Context, code string) (Credentials, error) {
	var c Credentials
	err := s.ask(ctx, http.MethodPost, s.api("app-manifests/"+url.PathEscape(code)+"/conversions"), "", nil, &c)
	if err == nil && (c.ID == 0 || c.PEM == "" || c.WebhookSecret == "") {
		err = errors.New("GitHub's answer lacks the App's number, key or secret")
	}
	if err != nil {
		return Credentials{}, fmt.Errorf("exchange the code for the App's credentials: %w", err)
	}
	return c, nil
}

func (s Site) api(path string) string { return strings.TrimSuffix(s.BaseURL, "/") + "/" + path }

// maxSiteAnswer bounds an answer, in bytes.
const maxSiteAnswer = 4 << 20

// ask sends one request with a person's token, or with none.
func (s Site) ask(ctx context.Context, method, address, token string, form url.Values, into any) error {
	var body io.Reader
	if form != nil {
		body = bytes.NewBufferString(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", userAgent)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	transport := s.Transport
	if transport == nil {
		transport = sitesTransport
	}
	client := http.Client{Transport: transport, Timeout: requestTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		return hideQuery(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxSiteAnswer))
	switch {
	case err != nil:
		return fmt.Errorf("read GitHub's answer: %w", err)
	case resp.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%w: GitHub answers %s", ErrForbidden, resp.Status)
	case resp.StatusCode/100 != 2:
		return fmt.Errorf("GitHub answers %s", resp.Status)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return errors.New("GitHub's answer cannot be read")
	}
	return nil
}

var sitesTransport = defaultTransport()

// hideQuery keeps an address out of an error: it may hold a code.
func hideQuery(err error) error {
	var broken *url.Error
	if errors.As(err, &broken) {
		return broken.Err
	}
	return err
}
