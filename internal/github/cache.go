package github

import (
	"container/list"
	"sync"
)

// The bounds of what is kept in memory, in bytes.
const (
	cacheBytes     = 16 << 20
	treeCacheBytes = 64 << 20
	// The largest content and listing that are kept; a huge one must not drive
	// out all others.
	maxCached     = 1 << 20
	maxCachedTree = 16 << 20
	// keeping is what the books of one content take, so that many small ones
	// are not for free.
	keeping = 256
)

// cache keeps contents by id, the most recently used ones. It is safe for
// concurrent use.
type cache struct {
	largest int // of one content

	mu     sync.Mutex
	left   int
	hits   int64
	misses int64
	order  *list.List
	items  map[string]*list.Element
}

type cached struct {
	id   string
	data []byte
}

// cost is what a content takes.
func (c cached) cost() int { return keeping + len(c.id) + cap(c.data) }

func newCache(size, largest int) *cache {
	return &cache{largest: largest, left: size, order: list.New(), items: make(map[string]*list.Element)}
}

func (c *cache) get(id string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[id]
	if !ok {
		c.misses++
		return nil, false
	}
	c.hits++
	c.order.MoveToFront(e)
	return e.Value.(cached).data, true
}

func (c *cache) put(id string, data []byte) {
	one := cached{id, data}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.items[id]; ok || one.cost() > c.largest {
		return
	}
	c.items[id] = c.order.PushFront(one)
	for c.left -= one.cost(); c.left < 0; {
		old := c.order.Remove(c.order.Back()).(cached)
		delete(c.items, old.id)
		c.left += old.cost()
	}
}
