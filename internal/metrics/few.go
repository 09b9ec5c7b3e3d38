package metrics

import (
	"strings"
	"sync"
)

// few lets the first so many names be told apart.
type few struct {
	most int

	mu    sync.Mutex
	names map[string]bool
}

func newFew(most int) *few { return &few{most: most, names: make(map[string]bool)} }

// maxLabel bounds a name, in bytes.
const maxLabel = 100

// name is the name itself, or Other when there are too many.
func (f *few) name(s string) string {
	if s == "" || len(s) > maxLabel {
		return Other
	}
	s = strings.ToValidUTF8(s, "�")
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.names[s] {
		if len(f.names) >= f.most {
			return Other
		}
		f.names[s] = true
	}
	return s
}
