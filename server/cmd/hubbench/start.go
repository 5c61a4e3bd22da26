package main

import (
	"context"
	"errors"
	"time"
)

// start is how long a hub on the embedded store takes from the start of its process to
// its first answer.
func (b *bench) start(ctx context.Context) (_ []line, err error) {
	h, err := b.embedded(ctx)
	if err != nil {
		return nil, err
	}
	if h != b.full {
		defer func() { err = errors.Join(err, h.close()) }()
	}
	l := line{
		Name: "start", Unit: "ms", Against: "a process that prints the version",
		Note: "embedded store, all members", goal: &goal{aim: moreAtMost(300)},
	}
	l, err = b.compare(ctx, l, func(ctx context.Context) (_ float64, err error) {
		began := time.Now()
		c, err := b.spawn(ctx, h.cfg)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, c.close()) }()
		one, err := h.client(c.address, reader, "")
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, one.Close()) }()
		err = firstAnswer(ctx, one)
		return milliseconds(time.Since(began)), err
	}, func(ctx context.Context) (float64, error) {
		began := time.Now()
		cmd, err := again(ctx, "version")
		if err == nil {
			err = cmd.Run()
		}
		return milliseconds(time.Since(began)), err
	})
	return []line{l}, err
}

// embedded is a hub with all members on the embedded store.
func (b *bench) embedded(ctx context.Context) (*hub, error) {
	if b.SQLite {
		return b.fullHub(ctx)
	}
	b.say("loading %d households into the embedded store", b.households)
	return b.filled(ctx, &sqliteEngine{dir: b.dir}, "embedded", b.households)
}
