package gitrepo

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// shownUncommitted is how many names a note has at most.
const shownUncommitted = 3

// Uncommitted says what of the work tree is not committed and so not judged, ""
// for nothing. It is a note to a person and no part of a verdict; that it cannot
// be told is a note as well.
func (r *Repo) Uncommitted(ctx context.Context) string {
	out, err := r.there(ctx, "rev-parse", "--is-inside-work-tree")
	if err == nil && strings.TrimSpace(string(out)) == "false" {
		return "" // a bare repository
	}
	if err == nil {
		out, err = r.status(ctx)
	}
	if err != nil {
		return fmt.Sprintf("whether everything is committed cannot be told: %s", lastLine(err))
	}
	var names []string
	for _, entry := range splitNUL(out) {
		if len(entry) > 3 {
			names = append(names, plain(entry[3:]))
		}
	}
	if len(names) == 0 {
		return ""
	}
	shown := strings.Join(names[:min(len(names), shownUncommitted)], ", ")
	if len(names) > shownUncommitted {
		shown += fmt.Sprintf(" and %d more", len(names)-shownUncommitted)
	}
	return fmt.Sprintf("not judged, because not committed: %s", shown)
}

// status runs in the repository itself, where the work tree is. To compare a file
// git would run the filters that the repository's configuration names; each is
// switched off by its name.
func (r *Repo) status(ctx context.Context) ([]byte, error) {
	listed, err := r.there(ctx, "config", "--list", "--name-only", "-z")
	if err != nil {
		return nil, err
	}
	var env []string
	n := 0
	set := func(key, value string) {
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", n, key), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", n, value))
		n++
	}
	for _, key := range splitNUL(listed) {
		if !strings.HasPrefix(key, "filter.") {
			continue
		}
		if at := strings.LastIndexByte(key, '.'); key[at:] == ".required" {
			set(key, "false")
		} else {
			set(key, "")
		}
	}
	env = append(env, "GIT_CONFIG_COUNT="+strconv.Itoa(n))
	out, _, err := r.thereSaying(ctx, env, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=normal", "--ignore-submodules=dirty")
	return out, err
}

// plain is a name for a line of text: one with anything else than visible
// characters is quoted, so that it cannot steer a terminal.
func plain(name string) string {
	if quoted := strconv.Quote(name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}
