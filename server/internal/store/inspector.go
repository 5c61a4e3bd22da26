package store

import (
	"context"
	"time"
)

// Inspector shows how a store is to whoever keeps it running. See Store.
type Inspector interface {
	// StaleBlocks counts, by area, the blocks that have records and whose stored bytes are
	// not of their last transaction; an area without any is left out.
	StaleBlocks(ctx context.Context) (map[string]int64, error)
	// OpenIntents counts the unfinished intents of all kinds, ordered by kind.
	OpenIntents(ctx context.Context) ([]OpenIntents, error)
	// Now is the time by the database's own clock.
	Now(ctx context.Context) (time.Time, error)
	// Pools tells how busy this process's connections are.
	Pools() []Pool
}

// OpenIntents are the unfinished intents of one kind.
type OpenIntents struct {
	Kind   string
	Count  int64
	Oldest time.Time
}

// Pool is a pool of connections.
type Pool struct {
	Name      string
	Max, Busy int64
}
