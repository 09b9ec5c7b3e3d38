package guard

import (
	"crypto/sha256"
	"sync"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/verdict"
)

// policies keeps loaded policies by their content: most evaluations meet one
// that was met before, and to compile its conditions takes longer than to lay
// it on a change. A loaded policy is never changed.
type policies struct {
	mu    sync.Mutex
	known map[policyKey]verdict.Layer
	bytes int
}

type policyKey struct {
	name string
	mode change.Mode
	sum  [sha256.Size]byte
}

// maxPolicyBytes bounds the text of the policies that are kept.
const maxPolicyBytes = 4 << 20

// layers loads the policies that were found, or the built-in one.
func (p *policies) layers(files []github.PolicyFile, kinds []rules.Kind) []verdict.Layer {
	var layers []verdict.Layer
	for _, f := range files {
		name := verdict.RepositoryLayer
		if f.Organisation {
			name = verdict.OrganisationLayer
		}
		layers = append(layers, p.load(name, f, kinds))
	}
	if len(layers) == 0 {
		layers = []verdict.Layer{{Name: verdict.DefaultLayer, Policy: policy.Default(kinds)}}
	}
	return layers
}

func (p *policies) load(name string, f github.PolicyFile, kinds []rules.Kind) verdict.Layer {
	key := policyKey{name, f.Mode, sha256.Sum256(f.Data)}
	p.mu.Lock()
	layer, ok := p.known[key]
	p.mu.Unlock()
	if ok {
		return layer
	}
	layer = verdict.NewLayer(name, f.Data, f.Mode, kinds)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bytes += len(f.Data); p.known == nil || p.bytes > maxPolicyBytes {
		p.known, p.bytes = make(map[policyKey]verdict.Layer), len(f.Data)
	}
	p.known[key] = layer
	return layer
}
