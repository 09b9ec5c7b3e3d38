package app

import (
	"fmt"
	"net/http"
	"runtime"

	"github.com/go-chi/chi/v5"
)

// setUp serves what there is to serve before the App exists.
func setUp(router chi.Router) {
	router.Get("/setup", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, setUpText) })
	router.HandleFunc("/webhook", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusServiceUnavailable, "not set up: no credentials\n")
	})
}

const setUpText = `changeguard is not set up yet.

1. Make a GitHub App: Settings, Developer settings, GitHub Apps, New GitHub App.
   Webhook URL: the address of this server with /webhook behind it.
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
3. Install the App on a repository and require the check "changeguard" from it
   in a ruleset for the branches that matter.
`

// metrics shows what an operator watches, in the text format of Prometheus.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	waiting := -1
	if s.store != nil {
		n, err := s.store.Waiting(r.Context())
		if err != nil {
			answer(w, http.StatusServiceUnavailable, "the database does not answer\n")
			return
		}
		waiting = n
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	answer(w, http.StatusOK, fmt.Sprintf(`# HELP changeguard_waiting Subjects with events that were not evaluated yet; -1 before the set-up.
# TYPE changeguard_waiting gauge
changeguard_waiting %d
# HELP changeguard_heap_bytes Bytes of memory in use by objects.
# TYPE changeguard_heap_bytes gauge
changeguard_heap_bytes %d
# HELP changeguard_goroutines Goroutines that exist.
# TYPE changeguard_goroutines gauge
changeguard_goroutines %d
`, waiting, m.HeapAlloc, runtime.NumGoroutine()))
}
