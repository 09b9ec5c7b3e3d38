package github

// NewCache and its methods let tests look at the bounds.
func NewCache(size int) *cache { return newCache(size, maxCached) }

func (c *cache) Put(id string, data []byte) { c.put(id, data) }

func (c *cache) Has(id string) bool {
	_, ok := c.get(id)
	return ok
}

// Len is how many contents are kept.
func (c *cache) Len() int { return len(c.items) }

// MaxCached is the largest content that is kept.
const MaxCached = maxCached

// CountLines counts as the source does.
var CountLines = countLines
