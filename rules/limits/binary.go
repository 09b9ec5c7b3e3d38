package limits

import (
	"bytes"
	"context"
	"errors"

	"github.com/changeguard/changeguard/change"
)

// binaryBytes adds up the sizes of binary files that the change adds or
// changes. A file that is over the reading limit counts as binary with its
// whole size: it is no text that anybody reviews.
func binaryBytes(ctx context.Context, c *change.Change) (int64, error) {
	var paths []string
	for _, f := range c.Files {
		if f.HeadPath() != "" && f.Blob != f.OldBlob && f.Mode != change.Submodule {
			paths = append(paths, f.Path)
		}
	}
	c.Prefetch(ctx, change.AtHead, paths)
	total := int64(0)
	for _, path := range paths {
		data, err := c.Read(ctx, change.AtHead, path)
		var large *change.TooLargeError
		switch {
		case errors.As(err, &large) && large.Size > 0:
			total += large.Size
		case err != nil:
			return 0, err
		case binary(data):
			total += int64(len(data))
		}
	}
	return total, nil
}

// sniffed is how far git looks for the NUL that makes a file binary.
const sniffed = 8000

func binary(data []byte) bool {
	return bytes.IndexByte(data[:min(len(data), sniffed)], 0) >= 0
}
