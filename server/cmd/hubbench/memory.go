package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// consumers load at once.
const consumers = 8

// memory is what a hub's process takes while consumers load, above what it takes idle.
func (b *bench) memory(ctx context.Context) ([]line, error) {
	full, err := b.fullHub(ctx)
	if err != nil {
		return nil, err
	}
	small, err := b.smallHub(ctx)
	if err != nil {
		return nil, err
	}
	l := line{
		Name: "memory", Unit: "MiB", Against: "the same with a tenth of the members",
		Note: fmt.Sprintf("peak of a process above idle, %d consumers", consumers),
		goal: &goal{
			floor: both(ratioAtMost(1.3), valueAtMost(256)),
			aim:   both(ratioAtMost(1.05), valueAtMost(96)),
		},
	}
	l, err = b.compare(ctx, l, b.peak(full), b.peak(small))
	return []line{l}, err
}

func (b *bench) peak(h *hub) figure {
	return func(ctx context.Context) (_ float64, err error) {
		c, err := b.spawn(ctx, h.cfg)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, c.close()) }()
		var ready, loaded errgroup.Group
		begin := make(chan struct{})
		for range consumers {
			one, err := h.client(c.address, reader, "")
			if err != nil {
				return 0, err
			}
			ready.Go(func() error { return firstAnswer(ctx, one) })
			loaded.Go(func() error {
				<-begin
				_, err := follow(ctx, one)
				return errors.Join(err, one.Close())
			})
		}
		err = ready.Wait()
		idle, unread := c.idle()
		close(begin)
		if err := errors.Join(err, unread, loaded.Wait()); err != nil {
			return 0, err
		}
		peak, err := c.resident("VmHWM")
		return max(peak-idle, pageSize), err
	}
}

// pageSize is the least that memory can grow by, in MiB.
const pageSize = 4.0 / 1024

// firstAnswer makes a call that needs a token.
func firstAnswer(ctx context.Context, c *client.Client) error {
	_, err := c.Catalogues().GetCatalogue(ctx, &hubv1.GetCatalogueRequest{})
	return err
}

// idle is the process's memory; its peak is counted from here on.
func (c *child) idle() (float64, error) {
	file := fmt.Sprintf("/proc/%d/clear_refs", c.cmd.Process.Pid)
	if err := os.WriteFile(file, []byte("5"), 0); err != nil { // see proc(5)
		return 0, err
	}
	return c.resident("VmRSS")
}

// resident reads a figure of the process's memory, in MiB.
func (c *child) resident(name string) (float64, error) {
	text := fact(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid), name)
	kib, err := strconv.ParseFloat(strings.TrimSuffix(text, " kB"), 64)
	if err != nil {
		return 0, errors.New("the memory of a process is read in /proc, which is not there")
	}
	return kib / 1024, nil
}
