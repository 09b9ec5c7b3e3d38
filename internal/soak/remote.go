package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
)

// get reads an address.
func get(ctx context.Context, address string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", address, resp.Status, body)
	}
	return string(body), err
}

// remote is the stand-in's process, seen from the soak's.
type remote struct {
	process         *exec.Cmd
	input           io.Closer
	github, control string
}

// startRemote runs this program once more, as the stand-in.
func startRemote(s setup) (*remote, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, standInWord) //nolint:gosec // this program
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if err := json.NewEncoder(input).Encode(s); err != nil {
		return nil, err
	}
	var addresses []string
	if err := json.NewDecoder(output).Decode(&addresses); err != nil {
		return nil, fmt.Errorf("the stand-in did not start: %w", err)
	}
	return &remote{cmd, input, addresses[0], addresses[1]}, nil
}

func (r *remote) stop() {
	_ = r.input.Close() // it ends then
	_ = r.process.Wait()
}

// ask asks the stand-in.
func ask[In, Out any](ctx context.Context, r *remote, path string, in In) (out Out, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return out, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.control+path, bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return out, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body) // what there is of it
		return out, fmt.Errorf("the stand-in: %s: %s", path, text)
	}
	return out, json.NewDecoder(resp.Body).Decode(&out)
}
