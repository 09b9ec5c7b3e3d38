package github

import (
	"container/list"
	"sync"
)

// cacheBytes is how much content is kept in memory.
const cacheBytes = 32 << 20

// cache keeps contents by id, the most recently used ones.
type cache struct {
	mu    sync.Mutex
	left  int64
	order *list.List
	items map[string]*list.Element
}

type cached struct {
	id   string
	data []byte
}

func newCache(size int64) *cache {
	return &cache{left: size, order: list.New(), items: make(map[string]*list.Element)}
}

func (c *cache) get(id string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[id]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(cached).data, true
}

// maxCached is the largest content that is kept; one huge file must not drive
// out all others.
const maxCached = 1 << 20

func (c *cache) put(id string, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.items[id]; ok || len(data) > maxCached {
		return
	}
	c.items[id] = c.order.PushFront(cached{id, data})
	for c.left -= int64(len(data)); c.left < 0; {
		last := c.order.Back()
		old := c.order.Remove(last).(cached)
		delete(c.items, old.id)
		c.left += int64(len(old.data))
	}
}
