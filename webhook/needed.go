package webhook

import (
	"encoding/json"

	"github.com/changeguard/changeguard/internal/jsonscan"
)

// decodeNeeded reads a payload into what holds the few members that are looked at.
// Nine parts in ten of a delivery are others, above all repositories in full: they
// are cut out first, for a fraction of what decoding them takes.
func decodeNeeded(raw []byte, needed jsonscan.Members, into any) error {
	if !jsonscan.Valid(raw) {
		return json.Unmarshal(raw, into) // which says where
	}
	return json.Unmarshal(jsonscan.Cut(raw, needed), into)
}
