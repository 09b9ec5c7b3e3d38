package reversibility

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/workflow"
)

// maxOpenAPI bounds a description, in bytes.
const maxOpenAPI = 1 << 20

var (
	methods   = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}
	parameter = lazyregexp.New(`\{[^{}]*\}`)
)

// openAPIPromises are the operations, and the schemas with their fields.
func openAPIPromises(p, text string) ([]string, error) {
	if len(text) > maxOpenAPI {
		return nil, fmt.Errorf("it has more than %d bytes", maxOpenAPI)
	}
	root, err := readTree(p, text)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, at := range root.Get("paths").Items() {
		for _, m := range at.Value.Items() {
			if slices.Contains(methods, m.Key) {
				names = append(names, strings.ToUpper(m.Key)+" "+brief(parameter.ReplaceAllString(at.Key, "{}")))
			}
		}
	}
	for _, channel := range root.Get("channels").Items() {
		names = append(names, "channel "+channel.Key)
	}
	for _, schemas := range []*workflow.Value{root.Get("definitions"), root.Get("components", "schemas")} {
		for _, s := range schemas.Items() {
			names = append(names, "schema "+brief(s.Key))
			for _, field := range s.Value.Get("properties").Items() {
				names = append(names, "field "+brief(s.Key)+"."+brief(field.Key))
			}
		}
	}
	return names, nil
}

func readTree(p, text string) (*workflow.Value, error) {
	if !strings.EqualFold(path.Ext(p), ".json") {
		return workflow.Read([]byte(text))
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return nil, err
	}
	return fromJSON(v), nil
}

// fromJSON keeps mappings, of which promises are made.
func fromJSON(v any) *workflow.Value {
	m, ok := v.(map[string]any)
	if !ok {
		return &workflow.Value{}
	}
	value := &workflow.Value{Kind: workflow.Mapping}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		value.Pairs = append(value.Pairs, workflow.Pair{Key: key, Value: fromJSON(m[key])})
	}
	return value
}
