package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

const (
	// minMembers is the least for which a tenth of them still fills a list.
	minMembers = 1000
	// membersOf is how many members ten households have, about.
	membersOf = 43
)

// measure is one kind of figure; it may give several lines.
type measure struct {
	name string
	take func(*bench, context.Context) ([]line, error)
}

// measures are all of them, in the order that they are taken: those that change the hub
// come last.
func measures() []measure {
	return []measure{
		{"load", (*bench).load},
		{"snapshot", (*bench).snapshot},
		{"snapshot_rest", (*bench).snapshotRest},
		{"snapshot_first", (*bench).snapshotFirst},
		{"snapshot_stale", (*bench).snapshotStale},
		{"mirror_full", (*bench).mirrorFull},
		{"memory", (*bench).memory},
		{"check", (*bench).check},
		{"start", (*bench).start},
		{"delta_cost", (*bench).deltaCost},
		{"lag", (*bench).lag},
		{"nightly", (*bench).nightly},
	}
}

func measureNames() []string {
	var out []string
	for _, m := range measures() {
		out = append(out, m.name)
	}
	return out
}

// bench is one run.
type bench struct {
	runCmd
	engine     engine
	dir        string // of all files
	clock      *clock
	register   *register
	households int

	full, small *hub    // with all members, and with a tenth of them; nil until they are wanted
	copied      *copied // nil until it is wanted

	out, progress io.Writer
	verdicts      []verdict
	began         time.Time
}

// measureAll is the whole run.
func measureAll(ctx context.Context, cfg runCmd, out, progress io.Writer) (err error) {
	b := &bench{runCmd: cfg, out: out, progress: progress, clock: newClock(), households: cfg.Members * 10 / membersOf, began: time.Now()}
	if b.dir, err = os.MkdirTemp(cfg.Scratch, "hubbench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if b.engine, err = newEngine(ctx, cfg, b.dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.engine.close()) }()
	defer func() { err = errors.Join(err, b.stop()) }() // before its databases go
	database, err := b.engine.version(ctx)
	if err != nil {
		return err
	}
	if err := b.write(ctx); err != nil {
		return err
	}
	for _, m := range measures() {
		if len(cfg.Only) > 0 && !slices.Contains(cfg.Only, m.name) {
			continue
		}
		b.say("measuring %s", m.name)
		lines, err := m.take(b, ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if err := b.print(lines); err != nil {
			return err
		}
	}
	return json.NewEncoder(out).Encode(summary{
		Name: "summary", Machine: thisMachine(database), Store: b.engine.name(), Members: b.register.members,
		Households: b.households, Seconds: number(time.Since(b.began).Seconds()), Measures: b.verdicts,
	})
}

// write makes the register file that the hubs are loaded from.
func (b *bench) write(ctx context.Context) (err error) {
	b.say("inventing %d households", b.households)
	b.register, err = writeRegister(ctx, b.dir, b.households, b.clock.day())
	return err
}

func (b *bench) print(lines []line) error {
	for _, l := range lines {
		if err := json.NewEncoder(b.out).Encode(l); err != nil {
			return err
		}
		b.verdicts = append(b.verdicts, l.goal.verdict(l))
	}
	return nil
}

func (b *bench) say(format string, args ...any) {
	_, _ = fmt.Fprintf(b.progress, "hubbench: %4.0f s  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...)) // only told
}

// stop ends the hubs that run.
func (b *bench) stop() error {
	var errs []error
	for _, h := range []*hub{b.full, b.small} {
		if h != nil {
			errs = append(errs, h.close())
		}
	}
	if b.copied != nil {
		errs = append(errs, b.copied.close())
	}
	if b.register != nil {
		errs = append(errs, b.register.close())
	}
	return errors.Join(errs...)
}
