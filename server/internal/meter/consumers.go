package meter

import (
	"maps"
	"sync"
)

// mostConsumers bounds the systems that are told apart: the one not heard of for longest is
// forgotten first.
const mostConsumers = 500

// consumer is a system of an agency that reads the feed.
type consumer struct{ agency, client string }

// consumers keeps how far each was brought by this process.
type consumers struct {
	mu    sync.Mutex
	ticks int64
	known map[consumer]*place
}

type place struct {
	tick  int64 // when it was last heard of
	areas map[string]int64
}

func newConsumers() *consumers { return &consumers{known: map[consumer]*place{}} }

func (c *consumers) delivered(who consumer, area string, transaction int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.known[who]
	if p == nil {
		if len(c.known) >= mostConsumers {
			c.forget()
		}
		p = &place{areas: map[string]int64{}}
		c.known[who] = p
	}
	c.ticks++
	p.tick, p.areas[area] = c.ticks, transaction
}

func (c *consumers) forget() {
	var oldest consumer
	tick := c.ticks + 1
	for who, p := range c.known {
		if p.tick < tick {
			oldest, tick = who, p.tick
		}
	}
	delete(c.known, oldest)
}

// all is a copy of who is where.
func (c *consumers) all() map[consumer]map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[consumer]map[string]int64, len(c.known))
	for who, p := range c.known {
		out[who] = maps.Clone(p.areas)
	}
	return out
}
