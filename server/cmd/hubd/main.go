// Command hubd is the hub: it serves, loads, derives and administers.
//
// Every flag can be given as an environment variable BANGFU_… of the same name.
// Exit codes: 0 done; 1 failed; 2 usage; 3 done, but some lines of an import were rejected, or
// the doctor found something wrong.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/bangfuhub/hub/server"
)

// version is set when a release is built.
var version = "development"

// exitFound says that a command was done and found something that somebody must look at.
const exitFound = 3

var errRejected = errors.New("some lines were rejected; see the report")

// storeFlags say which store to open.
type storeFlags struct {
	Data      string        `help:"Folder of the embedded store and of a stand-alone hub's own keys." type:"path"`
	Postgres  string        `help:"URL of a PostgreSQL database, in place of the embedded store." placeholder:"URL"`
	StoreWait time.Duration `help:"How long PostgreSQL may owe an answer without sending anything before the connection is given up." default:"2m"`
	Keys      string        `help:"File of the data keys. Default: keys.json in --data, made on first start." type:"path"`
	Evidence  string        `help:"Folder, or URL of a bucket, of the evidence behind removals. Default: evidence in --data." placeholder:"FOLDER"`
	Scratch   string        `help:"Folder of temporary data while files are imported; best on an encrypted disk. Default: scratch in --data." type:"path"`
	Holidays  []string      `help:"CSV files of further years of the calendar of working days." placeholder:"FILE"`
	Divisions string        `help:"CSV file of another province's divisions; Hainan's are embedded." type:"existingfile"`
	Areas     string        `help:"CSV file of another province's areas." type:"existingfile"`
}

func (f storeFlags) config() server.Config {
	return server.Config{
		Data: f.Data, Postgres: f.Postgres, StoreWait: f.StoreWait, Keys: f.Keys, Evidence: f.Evidence, Scratch: f.Scratch, Holidays: f.Holidays, Divisions: f.Divisions, Areas: f.Areas,
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
}

// with opens the store for a piece of work and closes it after.
func (f storeFlags) with(ctx context.Context, work func(*server.Server) error) error {
	s, err := server.Open(ctx, f.config())
	if err != nil {
		return err
	}
	return errors.Join(work(s), s.Close())
}

type cli struct {
	Serve     serveCmd     `cmd:"" help:"Serve gRPC and REST, and derive the lists every night."`
	Demo      demoCmd      `cmd:"" help:"Show the main job on 2,000 invented households, then serve them."`
	Generate  generateCmd  `cmd:"" help:"Write invented households as NDJSON."`
	Import    importCmd    `cmd:"" help:"Load households from NDJSON."`
	Derive    deriveCmd    `cmd:"" help:"Derive what is not derived for today, and stop."`
	Migrate   migrateCmd   `cmd:"" help:"Bring a PostgreSQL database to this program's schema."`
	Doctor    doctorCmd    `cmd:"" help:"Check the hub on its own machine: store, keys, lists, evidence, clock, disk."`
	Backup    backupCmd    `cmd:"" help:"Copy the embedded store into a folder, also while a hub serves it."`
	Restore   restoreCmd   `cmd:"" help:"Make a store out of such a folder."`
	Restored  restoredCmd  `cmd:"" help:"Say that the database was restored from a backup by other means."`
	Agreement agreementCmd `cmd:"" help:"Record and list sharing agreements."`
	Catalogue catalogueCmd `cmd:"" help:"Check, submit, preview and activate catalogues."`
	Explain   explainCmd   `cmd:"" help:"Say which policies somebody is entitled to on a day, and why or why not."`
	History   historyCmd   `cmd:"" help:"Say who changed a household, what, when and why."`
	Token     tokenCmd     `cmd:"" help:"Issue a token with a stand-alone hub's own key."`
	Keys      keysCmd      `cmd:"" help:"Make a file of data keys."`
	Version   versionCmd   `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // asked a second time, it ends at once
	defer runtime.KeepAlive(server.Ballast())
	var c cli
	k := kong.Parse(&c,
		kong.Name("hubd"), kong.Description("Bangfu Hub: the register, the lists that follow from it, and their readers."),
		kong.DefaultEnvars("BANGFU"), kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Exit(func(code int) {
			if code != 0 {
				code = 2 // kong ends only over usage
			}
			os.Exit(code)
		}),
	)
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "hubd:", err)
		if errors.Is(err, errRejected) || errors.Is(err, errUnwell) {
			os.Exit(exitFound)
		}
		os.Exit(1)
	}
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run() error {
	fmt.Println("hubd", version)
	return nil
}
