package app

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// setUp serves what there is to serve before the App exists.
func (s *Server) setUp(router chi.Router) {
	text := s.setUpText()
	router.Get("/setup", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, text) })
	router.HandleFunc("/webhook", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusServiceUnavailable, "not set up: no credentials\n")
	})
	router.NotFound(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusNotFound, "not set up; see /setup\n")
	})
}

func (s *Server) setUpText() string {
	hook := "the address of this server with /webhook behind it"
	if s.config.PublicURL != "" {
		hook = strings.TrimSuffix(s.config.PublicURL, "/") + "/webhook"
	}
	return fmt.Sprintf(setUpText, hook, s.config.CheckName)
}

const setUpText = `changeguard is not set up yet.

1. Make a GitHub App: Settings, Developer settings, GitHub Apps, New GitHub App.
   Webhook URL: %s.
   Webhook secret: a long random text.
   Permissions:
     Contents: read            the files, commits and policies that are judged
     Pull requests: write      their text and labels, and the one comment
     Checks: write             the check run
     Commit statuses: write    so that rulesets can require the check from this App
     Merge queues: read        to judge merge groups
     Metadata: read
   Events: pull request, pull request review, check run, check suite, merge
   group, push.
2. Make a private key for it, and start this server again with
     CHANGEGUARD_APP_ID               the App's number
     CHANGEGUARD_PRIVATE_KEY_FILE     the key's file
     CHANGEGUARD_WEBHOOK_SECRET_FILE  a file with the webhook secret
   On an Enterprise Server also
     CHANGEGUARD_GITHUB_URL           https://HOST/api/v3/
3. Install the App on a repository and require the check %q from it in a
   ruleset for the branches that matter.
`
