package browser_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
)

// maxUnpacked bounds a file of an archive, in bytes.
const maxUnpacked = 8 << 20

// unpacked is a file of a packed archive.
func unpacked(archive []byte, name string) (string, error) {
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return "", fmt.Errorf("unpack: %w", err)
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if err != nil {
			return "", fmt.Errorf("unpack %s: %w", name, err)
		}
		if h.Name == name {
			data, err := io.ReadAll(io.LimitReader(t, maxUnpacked))
			return string(data), err
		}
	}
}
