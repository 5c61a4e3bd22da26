package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bangfuhub/hub/server"
)

type demoCmd struct {
	Data       string `help:"Folder to keep the demo in. Default: a temporary one, removed at the end." type:"path"`
	Households int    `help:"How many invented households." default:"2000"`
	Seed       uint64 `help:"Another seed gives other people." default:"1"`
	Once       bool   `help:"End after the report instead of serving on."`
	JSON       bool   `help:"Print the report as one JSON object." name:"json"`
}

// report is what the demo found. Its JSON is stable.
type report struct {
	Households   int              `json:"households"`
	Members      int              `json:"members"`
	Lists        map[string]int64 `json:"lists"`
	Departments  []department     `json:"departments"`
	Removal      removed          `json:"removal"`
	MirrorsEqual bool             `json:"mirrors_equal"`
	Seconds      float64          `json:"seconds"`
}

// demo is one run.
type demo struct {
	cmd    demoCmd
	dir    string
	server *server.Server
	report report
}

// Run shows the main job from end to end: load, derive, read by gRPC into mirrors and
// by REST, change a fact, see it arrive, and compare everything by digest.
func (c demoCmd) Run(ctx context.Context) (err error) {
	d := &demo{cmd: c, dir: c.Data}
	if d.dir == "" {
		if d.dir, err = os.MkdirTemp("", "bangfu-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(d.dir)) }()
	}
	began := time.Now()
	d.server, err = server.New(ctx, server.Config{
		Data: d.dir, GRPC: "127.0.0.1:0", HTTP: "127.0.0.1:0", Reflection: true,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return err
	}
	stopping, stop := context.WithCancel(ctx)
	g, running := errgroup.WithContext(stopping)
	g.Go(func() error { return d.server.Run(running) })
	g.Go(func() error {
		defer stop()
		err := d.show(running)
		d.report.Seconds = time.Since(began).Seconds()
		if err == nil {
			err = d.print()
		}
		if err == nil && !c.Once {
			<-running.Done()
		}
		return err
	})
	err = errors.Join(g.Wait(), d.server.Close())
	if err == nil && !d.report.MirrorsEqual {
		err = errors.New("a mirror differs from the hub")
	}
	return err
}

func (d *demo) show(ctx context.Context) error {
	if err := d.agreements(ctx); err != nil {
		return err
	}
	if err := d.load(ctx); err != nil {
		return err
	}
	for _, name := range departments {
		dep, err := d.department(ctx, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		d.report.Departments = append(d.report.Departments, dep)
	}
	if err := d.change(ctx); err != nil {
		return err
	}
	if err := d.remove(ctx); err != nil {
		return fmt.Errorf("removal: %w", err)
	}
	d.report.MirrorsEqual = !slices.ContainsFunc(d.report.Departments, func(x department) bool { return !x.equal() })
	return d.countLists(ctx)
}

// departments are the demo's readers; each has an agreement for the list of its
// name and for the roster.
var departments = []string{"education", "medical-insurance", "housing"}

const office = "office"

func (d *demo) agreements(ctx context.Context) error {
	in := []string{d.server.Province()}
	for _, name := range departments {
		err := d.server.SaveAgreement(ctx, server.Agreement{
			ID: "demo-" + name, Agency: name, Lists: []string{name, "no-longer-supported"}, Divisions: in,
			Purpose: "demo", Basis: "notice of 2019-04-21, 四(二)", From: "2019-01-01",
		})
		if err != nil {
			return err
		}
	}
	for _, name := range informed {
		err := d.server.SaveAgreement(ctx, server.Agreement{
			ID: "demo-letters-" + name, Agency: name, Receives: []string{name}, Divisions: in,
			Purpose: "demo", Basis: "notice of 2019-04-21, 四(二)", From: "2019-01-01",
		})
		if err != nil {
			return err
		}
	}
	for agency, role := range map[string]server.RemovalRole{villageCommittee: "PROPOSE", township: "REVIEW", county: "CONFIRM"} {
		err := d.server.SaveAgreement(ctx, server.Agreement{
			ID: "demo-" + agency, Agency: agency, Removal: []server.RemovalRole{role}, Divisions: in,
			Purpose: "demo", Basis: "notice of 2019-04-21, 一", From: "2019-01-01",
		})
		if err != nil {
			return err
		}
	}
	return d.server.SaveAgreement(ctx, server.Agreement{
		ID: "demo-office", Agency: office, Lists: d.server.Lists(ctx), Divisions: in, Groups: []server.Group{"REGISTER"},
		Households: true, Catalogue: true, Letters: []server.LetterRole{"PREPARE", "SIGN"}, Purpose: "demo", Basis: "notice of 2019-04-21, 四(二)", From: "2019-01-01",
	})
}

func (d *demo) load(ctx context.Context) error {
	r, w := io.Pipe()
	var g errgroup.Group
	g.Go(func() error {
		out := bufio.NewWriterSize(w, 1<<16)
		members, err := server.Generate(out, d.cmd.Households, d.cmd.Seed, d.server.Today(), nil)
		d.report.Members = members
		return w.CloseWithError(errors.Join(err, out.Flush()))
	})
	result, err := d.server.Import(ctx, r, server.ImportOptions{Caller: server.Caller{Agency: office, Client: "demo"}})
	_ = r.CloseWithError(err) // ends the generator where loading stopped early
	if err = errors.Join(err, g.Wait()); err != nil {
		return err
	}
	if result.Rejected > 0 {
		return fmt.Errorf("%d of %d invented households were rejected", result.Rejected, result.Lines)
	}
	d.report.Households = result.Lines
	return nil
}

func (d *demo) print() error {
	if d.cmd.JSON {
		return json.NewEncoder(os.Stdout).Encode(d.report)
	}
	r := d.report
	fmt.Printf("Bangfu Hub demo: %d invented households, %d members, %.1f s\n\nLists derived from the notice of 2019-04-21\n", r.Households, r.Members, r.Seconds)
	for _, name := range d.server.Lists(context.Background()) {
		fmt.Printf("  %-22s %6d\n", name, r.Lists[name])
	}
	fmt.Println("\nDepartments' copies, compared with the hub by digest of every village")
	for _, x := range r.Departments {
		fmt.Printf("  %-18s gRPC mirror %6d rows %-9s REST %6d rows %-9s changes seen to arrive: %d\n",
			x.Name, x.MirrorRows, equalWord(x.MirrorEqual), x.RESTRows, equalWord(x.RESTEqual), x.ChangesSeen)
	}
	fmt.Printf(`
One household was taken through the removal procedure (clause 一, exit paragraph)
  a skipped step was refused: %t    effective on %s    persons on the roster: %d
  rows that this changed in the departments' copies: %d, all equal to the hub again: %t
  official letters to the departments: %d, applied: %d
`, r.Removal.SkippedStepRefused, r.Removal.EffectiveOn, r.Removal.Persons, r.Removal.RowsSeen, r.MirrorsEqual, r.Removal.Letters, r.Removal.Applied)
	if d.cmd.Once {
		return nil
	}
	token, err := d.server.Token(server.Caller{Agency: "education", Client: "demo"}, 12*time.Hour)
	if err != nil {
		return err
	}
	file := filepath.Join(d.dir, "education.token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		return err
	}
	fmt.Printf(`
Serving until interrupted (Ctrl-C).
  gRPC   %[1]s
  REST   http://%[2]s    docs: http://%[2]s/docs

Try, as the education department:
  go run ./client/cmd/hubsync pull --hub %[1]s --insecure --token-file %[3]s --db education.db
  curl -N -H "Authorization: Bearer $(cat %[3]s)" -d '{}' http://%[2]s/v1/sync:follow | head -c 2000
`, d.server.GRPCAddress(), d.server.HTTPAddress(), file)
	return nil
}

func equalWord(equal bool) string {
	if equal {
		return "equal"
	}
	return "DIFFERENT"
}
