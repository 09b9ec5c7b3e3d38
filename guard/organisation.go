package guard

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/github"
)

// governed is whether an organisation's repository held a policy when it was last
// seen.
type governed struct {
	Policy bool `json:"policy"`
}

// organisation makes sure that an organisation's policy does not get lost with the
// sight of it: GitHub answers for a repository that it does not show as for one that
// never was. What ends such a policy is the repository without the file.
func (e *evaluation) organisation(ctx context.Context, loaded *github.Loaded) error {
	if loaded.Organisation == github.NotAsked {
		return nil
	}
	scope := "organisation " + strings.ToLower(e.Owner)
	stored, err := e.Store.Records(ctx, []string{scope})
	if err != nil {
		return err
	}
	var was governed
	if body := stored[scope]; body != nil {
		if err := json.Unmarshal(body, &was); err != nil {
			return fmt.Errorf("%s: %w", scope, err)
		}
	}
	if loaded.Organisation == github.Unseen {
		if was.Policy {
			return fmt.Errorf("%w: %s/.github was seen with one, and is not to be seen now", github.ErrOrganisation, e.Owner)
		}
		return nil
	}
	now := governed{slices.ContainsFunc(loaded.Policies, func(p github.PolicyFile) bool { return p.Organisation })}
	if now == was {
		return nil
	}
	body, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("write %s: %w", scope, err)
	}
	return e.Store.SetRecords(ctx, map[string][]byte{scope: body})
}
