// Command hubbench measures a hub on this machine, and compares each figure with what the
// same database does without a hub.
//
// It loads invented households into databases of its own, which are gone when it ends, and
// prints one JSON object a line. Every ratio is the median of pairs that were measured in
// turn, so that other work on the machine slows both sides alike; a figure alone says
// nothing. Exit codes: 0 measured, whatever the figures; 1 failed; 2 usage.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/bangfuhub/hub/server"
)

type cli struct {
	Run     runCmd     `cmd:"" default:"withargs" help:"Measure."`
	Serve   serveCmd   `cmd:"" hidden:"" help:"Serve one of the run's hubs as a process of its own."`
	Version versionCmd `cmd:"" hidden:"" help:"Print a line, as the program that start is compared with."`
}

type runCmd struct {
	Postgres   string   `help:"URL of a PostgreSQL server on which databases may be created." placeholder:"URL" xor:"store" required:""`
	SQLite     bool     `help:"Measure on the embedded store." name:"sqlite" xor:"store" required:""`
	Members    int      `help:"How many members the invented households have, about." default:"65000"`
	Only       []string `help:"Only these measures." placeholder:"NAME"`
	Pairs      int      `help:"Pairs for each ratio, at least 5." default:"5"`
	CPUProfile string   `help:"Folder for one CPU profile a measure." name:"cpuprofile" type:"path" placeholder:"FOLDER"`
	Scratch    string   `help:"Folder for the run's files. Default: the system's." type:"existingdir"`
}

// Validate is called by kong before Run.
func (c runCmd) Validate() error {
	if c.Members < minMembers || c.Pairs < minPairs {
		return fmt.Errorf("at least %d members and %d pairs", minMembers, minPairs)
	}
	for _, name := range c.Only {
		if !slices.Contains(measureNames(), name) {
			return fmt.Errorf("no measure is called %q; there are %s", name, strings.Join(measureNames(), ", "))
		}
	}
	return nil
}

// Run measures and cleans up, also when it is interrupted.
func (c runCmd) Run(ctx context.Context) error {
	return measureAll(ctx, c, os.Stdout, os.Stderr)
}

type versionCmd struct{}

// Run prints what hubd version prints.
func (versionCmd) Run() error {
	fmt.Println("hubd development")
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer runtime.KeepAlive(server.Ballast())
	var c cli
	k := kong.Parse(&c,
		kong.Name("hubbench"), kong.Description("Measures a hub on this machine, and compares each figure with its database's own."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Exit(func(code int) {
			if code != 0 {
				code = 2 // kong ends only over usage
			}
			os.Exit(code)
		}),
	)
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "hubbench:", err)
		os.Exit(1)
	}
}
