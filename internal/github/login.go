package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Login is the App's sign-in for people.
type Login struct {
	Site
	ClientID, ClientSecret string
}

// AuthorizeURL is the page of GitHub on which somebody signs in. The challenge is
// of PKCE: the code is good only for whoever knows what it was made of.
func (l Login) AuthorizeURL(redirect, state, challenge string) string {
	q := url.Values{"client_id": {l.ClientID}, "redirect_uri": {redirect}, "state": {state}, "code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	return l.PagesURL() + "/login/oauth/authorize?" + q.Encode()
}

// Exchange turns a code into the person's token and how long it lives, 0 for
// ever.
func (l Login) Exchange(ctx context.Context, code, redirect, verifier string) (token string, life time.Duration, err error) {
	form := url.Values{"client_id": {l.ClientID}, "client_secret": {l.ClientSecret}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier}}
	var a struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"`
		Error   string `json:"error"`
	}
	if err := l.ask(ctx, http.MethodPost, l.PagesURL()+"/login/oauth/access_token", "", form, &a); err != nil {
		return "", 0, fmt.Errorf("exchange the code for a token: %w", err)
	}
	if a.Token == "" {
		return "", 0, fmt.Errorf("exchange the code for a token: GitHub refuses it: %q", a.Error)
	}
	return a.Token, time.Duration(a.Expires) * time.Second, nil
}

// User is who a token belongs to.
func (l Login) User(ctx context.Context, token string) (login string, err error) {
	var a struct {
		Login string `json:"login"`
	}
	if err := l.ask(ctx, http.MethodGet, l.api("user"), token, nil, &a); err != nil {
		return "", fmt.Errorf("ask who signed in: %w", err)
	}
	if a.Login == "" {
		return "", errors.New("ask who signed in: GitHub names nobody")
	}
	return a.Login, nil
}

// maxReadable bounds how many repositories one person's pages know of.
const maxReadable = 10000

// Readable lists the repositories that the App is installed on and that a person
// may read, as "owner/repo" in lower case. One that is left out is not shown.
func (l Login) Readable(ctx context.Context, token string) ([]string, error) {
	var list []string
	err := l.pages(func(page int) (more bool, err error) {
		var a struct {
			Installations []struct {
				ID int64 `json:"id"`
			} `json:"installations"`
		}
		if err := l.ask(ctx, http.MethodGet, l.api(fmt.Sprintf("user/installations?per_page=100&page=%d", page)), token, nil, &a); err != nil {
			return false, err
		}
		for _, i := range a.Installations {
			if err := l.readableOf(ctx, token, i.ID, &list); err != nil {
				return false, err
			}
		}
		return len(a.Installations) == 100 && len(list) < maxReadable, nil
	})
	if err != nil {
		return nil, fmt.Errorf("list what a person may read: %w", err)
	}
	return list, nil
}

func (l Login) readableOf(ctx context.Context, token string, installation int64, list *[]string) error {
	return l.pages(func(page int) (more bool, err error) {
		var a struct {
			Repositories []struct {
				Name string `json:"full_name"`
			} `json:"repositories"`
		}
		if err := l.ask(ctx, http.MethodGet, l.api(fmt.Sprintf("user/installations/%d/repositories?per_page=100&page=%d", installation, page)), token, nil, &a); err != nil {
			return false, err
		}
		for _, r := range a.Repositories {
			*list = append(*list, strings.ToLower(r.Name))
		}
		return len(a.Repositories) == 100 && len(*list) < maxReadable, nil
	})
}

// pages asks for one page after the other.
func (l Login) pages(one func(page int) (more bool, err error)) error {
	for page := 1; page <= maxPages; page++ {
		if more, err := one(page); err != nil || !more {
			return err
		}
	}
	return nil
}
