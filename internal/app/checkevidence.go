package app

import (
	"encoding/json"

	"github.com/changeguard/changeguard/change"
)

// evidence reads what others said of the head, nil where nobody knows: a rule
// that wants it then makes the verdict incomplete.
func (k Check) evidence() (change.Evidence, error) {
	if k.Evidence == "" {
		return nil, nil
	}
	data, err := readFile(k.Evidence, maxEvent)
	if err != nil {
		return nil, err
	}
	recorded := new(change.Recorded)
	if err := json.Unmarshal(data, recorded); err != nil {
		return nil, badInput("%s: it is no recorded evidence: %w", k.Evidence, err)
	}
	return recorded, nil
}
