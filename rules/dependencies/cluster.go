package dependencies

import (
	"context"
	"errors"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/manifest"
)

// clusters are changed YAML and JSON files of any name whose content, before the change or
// after it, is a manifest of a cluster. Only files of the change are read, those of
// one side together; one that is too large to be read is judged, which is a finding.
func clusters(ctx context.Context, c *change.Change, files []change.File) ([]candidate, error) {
	if len(files) == 0 {
		return nil, nil
	}
	var before, after []string
	for _, f := range files {
		if name := f.BasePath(); name != "" {
			before = append(before, name)
		}
		if name := f.HeadPath(); name != "" {
			after = append(after, name)
		}
	}
	c.Prefetch(ctx, change.AtBase, before)
	c.Prefetch(ctx, change.AtHead, after)
	format := manifest.Cluster()
	var list []candidate
	for _, f := range files {
		n := candidate{file: f, format: format, tier: manifest.Parsed}
		var err error
		if n.base, err = clusterAt(ctx, c, change.AtBase, f.BasePath(), f.OldMode); err != nil {
			return nil, err
		}
		if n.head, err = clusterAt(ctx, c, change.AtHead, f.HeadPath(), f.Mode); err != nil {
			return nil, err
		}
		if n.base != "" || n.head != "" {
			list = append(list, n)
		}
	}
	return list, nil
}

// clusterAt is the name of a file that is such a manifest on one side, else "".
func clusterAt(ctx context.Context, c *change.Change, side change.Side, name string, mode change.Mode) (string, error) {
	if name == "" || mode != change.Regular && mode != change.Executable || !manifest.MayBeCluster(name) {
		return "", nil
	}
	data, err := c.Read(ctx, side, name)
	switch {
	case errors.Is(err, change.ErrTooLarge) && manifest.IsData(name):
		return "", nil // no cluster takes an object of such a size
	case errors.Is(err, change.ErrTooLarge):
		return name, nil
	case err != nil:
		return "", err
	case !manifest.IsCluster(name, data):
		return "", nil
	}
	template, err := ofChart(ctx, c, side, name, data)
	if err != nil || template {
		return "", err
	}
	return name, nil
}

// ofChart reports whether a file is the template of a chart that is there, and no
// YAML yet: what it comes to depends on what is put into it.
func ofChart(ctx context.Context, c *change.Change, side change.Side, name string, data []byte) (bool, error) {
	chart := manifest.ChartOf(name)
	if chart == "" || !manifest.Unfilled(name, data) {
		return false, nil
	}
	_, there, err := c.Lookup(ctx, side, chart)
	return there, err
}
