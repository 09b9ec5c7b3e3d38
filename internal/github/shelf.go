package github

import "context"

// A Shelf keeps what GitHub showed beyond a program's life, by ids that say what
// it is of: an evaluation that is begun anew, after a fault, in another program,
// need not ask for it again. It may forget anything at any time. What one
// installation was shown is asked for with that installation only.
type Shelf interface {
	// Take returns what there is of some ids.
	Take(ctx context.Context, installation int64, ids []string) map[string][]byte
	// Lay keeps a content. It does not wait.
	Lay(installation int64, id string, data []byte)
	// Drop forgets one.
	Drop(ctx context.Context, installation int64, id string)
}

// maxShelved is the largest content that is worth its place on the shelf, in bytes.
const maxShelved = 256 << 10

// fetch brings into a cache what the shelf has and the cache has not.
func (c *Client) fetch(ctx context.Context, to *cache, ids ...string) {
	if c.app.options.Shelf == nil {
		return
	}
	ids = to.without(ids)
	if len(ids) == 0 {
		return
	}
	for id, data := range c.app.options.Shelf.Take(ctx, c.tokens.id, ids) {
		to.put(id, exactly(data))
	}
}

// exactly is a content in no more memory than it needs: that is what counts for its
// place in a cache.
func exactly(data []byte) []byte {
	if cap(data) == len(data) {
		return data
	}
	return append(make([]byte, 0, len(data)), data...)
}

// lay keeps a content that is in a cache already.
func (c *Client) lay(id string, data []byte) {
	if c.app.options.Shelf != nil && len(data) <= maxShelved {
		c.app.options.Shelf.Lay(c.tokens.id, id, data)
	}
}

// without are the ids of which the cache has nothing.
func (c *cache) without(ids []string) (missing []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		if _, ok := c.items[id]; !ok {
			missing = append(missing, id)
		}
	}
	return missing
}
