package reversibility

import (
	"context"
	"path"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/migration"
)

// altered finds fields of Django's that hold less than before. What they were the
// migration does not say; the modules of models do that the change touches.
func (m *mover) altered(ctx context.Context, f change.File, text string) error {
	fields := migration.AlteredFields(text)
	if len(fields) == 0 {
		return nil
	}
	app := migration.App(f.Path)
	for _, module := range m.Files {
		p := module.BasePath()
		if p != path.Join(app, "models.py") && !strings.HasPrefix(p, path.Join(app, "models")+"/") || !strings.HasSuffix(p, ".py") {
			continue
		}
		data, ok, err := read(ctx, m.Change, change.AtBase, p)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		before := migration.Models(string(data))
		for _, field := range fields {
			if old, there := before[field.Model+"."+field.Name]; there {
				if s, is := field.Altered(old); is {
					m.steps(f, []migration.Step{s})
				}
			}
		}
	}
	return nil
}
