package store

import "sync"

// Calls lets an engine's Close wait for the calls under way. The zero value is ready.
type Calls struct {
	mu       sync.Mutex
	ended    bool
	underWay sync.WaitGroup
}

// Begin begins a call, which Done ends; ErrClosed after End.
func (c *Calls) Begin() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return ErrClosed
	}
	c.underWay.Add(1)
	return nil
}

// Done ends a call.
func (c *Calls) Done() { c.underWay.Done() }

// End refuses further calls and waits for those that have begun.
func (c *Calls) End() {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	c.underWay.Wait()
}
