package guard

import (
	"fmt"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/store"
)

// costlyTries is how often a change is looked at again whose contents GitHub
// fails to show in a way that may be for good.
const costlyTries = 5

// trouble is why a verdict does not hold that came of what could be read: GitHub
// failed to show the rest, and is likely to show it the next time. Such a verdict
// would stand as a refusal that nobody takes back.
func (e *evaluation) trouble(loaded *github.Loaded) error {
	err, costly := loaded.Trouble()
	if err == nil || costly && !e.tryAgain(e.Subject) {
		return nil
	}
	return fmt.Errorf("read the change: %w", err)
}

// tryAgain reports whether what may fail for good is worth another try.
func (g *Guard) tryAgain(s store.Subject) bool {
	for n := range costlyTries {
		if g.looked.add(fmt.Sprintf("%s %d costly %d", s.Name(), s.Want, n)) {
			return true
		}
	}
	return false
}
