package guard

import (
	"encoding/json"
	"fmt"
	"slices"
)

// join puts what is to be said of a push together with what was said of it, and tells
// whether that is more: another look may find what the first one could not.
func (n Notice) join(known []byte) (both []byte, more bool, err error) {
	var said Notice
	if err := json.Unmarshal(known, &said); err != nil {
		return nil, false, fmt.Errorf("read what was told: %w", err)
	}
	more = n.Forced && !said.Forced || n.Deleted && !said.Deleted || n.Note != "" && said.Note == "" || n.More > said.More
	for _, c := range n.Commits {
		more = more || !names(said.Commits, c.ID)
	}
	if !more {
		return nil, false, nil
	}
	n.Forced, n.Deleted, n.More = n.Forced || said.Forced, n.Deleted || said.Deleted, max(n.More, said.More)
	if n.Note == "" {
		n.Note = said.Note
	}
	for _, c := range said.Commits {
		switch {
		case names(n.Commits, c.ID):
		case len(n.Commits) < maxUnjudged:
			n.Commits = append(n.Commits, c)
		default:
			n.More++
		}
	}
	both, err = json.Marshal(n)
	if err != nil {
		return nil, false, fmt.Errorf("write a notice: %w", err)
	}
	return both, true, nil
}

func names(list []Unjudged, commit string) bool {
	return slices.ContainsFunc(list, func(u Unjudged) bool { return u.ID == commit })
}
