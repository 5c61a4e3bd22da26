package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/mirror"
)

// job is one run of the program.
type job struct {
	flags  *commandLine
	client *client.Client
	sink   mirror.Sink    // nil where the command does without the copy
	sync   *mirror.Syncer // likewise
	bar    *bar
	stdout io.Writer
	stderr io.Writer
}

// report is what --json prints.
type report struct {
	Command      string               `json:"command"`
	Exit         int                  `json:"exit"`
	Date         string               `json:"date"`
	Result       *mirror.Result       `json:"result,omitempty"`
	Verification *mirror.Verification `json:"verification,omitempty"`
	Late         []string             `json:"late,omitempty"`            // areas that are not derived for the date
	Letters      []letterOutcome      `json:"letters,omitempty"`         // what became of each letter
	Waiting      int                  `json:"letters_waiting,omitempty"` // letters that a person has to acknowledge
	File         string               `json:"file,omitempty"`            // where a letter was written
	Error        string               `json:"error,omitempty"`
}

func open(ctx context.Context, c *commandLine, command string, stdout, stderr io.Writer) (*job, error) {
	config := client.Config{Target: c.Hub, CAFile: c.CA, Insecure: c.Insecure, Compress: c.Compress}
	if c.TokenFile != "" {
		config.Token = client.NewFileToken(c.TokenFile)
	}
	j := &job{flags: c, bar: newBar(stderr), stdout: stdout, stderr: stderr}
	var err error
	if j.client, err = client.New(config); err != nil {
		return nil, err
	}
	if !c.needsCopy(command) {
		return j, nil
	}
	if j.sink, err = mirror.Open(ctx, c.DB); err != nil {
		j.close()
		return nil, err
	}
	j.sync, err = mirror.New(mirror.Config{
		Client: j.client, Sink: j.sink, Lists: c.Lists, Divisions: c.Divisions,
		MaxShrink: c.MaxShrink, AcceptShrink: c.AcceptShrink, Progress: j.bar.show,
	})
	if err != nil {
		j.close()
		return nil, err
	}
	return j, nil
}

// close gives everything back; what matters was committed before.
func (j *job) close() {
	j.bar.close()
	if j.sink != nil {
		_ = j.sink.Close()
	}
	_ = j.client.Close()
}

// do runs a command, reports, and gives the exit code.
func (j *job) do(ctx context.Context, command string) int {
	var r report
	var err error
	switch command {
	case "pull":
		r, err = j.pullAndReport(ctx)
	case "follow":
		r, err = j.follow(ctx)
	case "verify":
		r, err = j.verify(ctx)
	case "heal":
		r, err = j.heal(ctx)
	case "letters list":
		if err = j.listLetters(ctx); err == nil {
			return exitStored
		}
	default:
		r, err = j.letters(ctx, command)
	}
	r.Command = command
	return j.finish(r, err)
}

func (j *job) pull(ctx context.Context) (report, error) {
	result, err := j.sync.Pull(ctx)
	return j.judge(result), err
}

// follow reports every catch-up; being ended by a signal is how it is meant to end.
func (j *job) follow(ctx context.Context) (report, error) {
	result, err := j.sync.Follow(ctx, func(result mirror.Result) {
		j.bar.close() // the first catch-up is the long one; afterwards every report is a line
		r := j.judge(result)
		if j.flags.Follow.ReportLetters {
			j.reportOnTheWay(ctx, &r)
		}
		r.Command = "follow"
		j.print(r)
	})
	r := j.judge(result)
	if err == nil && result.Held == nil {
		r.Exit = exitStored
	}
	return r, err
}

func (j *job) verify(ctx context.Context) (report, error) {
	v, err := j.sync.Verify(ctx)
	r := report{Date: j.flags.Date, Verification: &v}
	if len(v.Differing) > 0 {
		r.Exit = exitDiffers
	}
	return r, err
}

func (j *job) heal(ctx context.Context) (report, error) {
	r, err := j.pull(ctx)
	if err != nil || r.Result.Held != nil {
		return r, err
	}
	v, err := j.verify(ctx)
	if err != nil || v.Exit != exitDiffers {
		r.Verification = v.Verification
		return r, err
	}
	result, err := j.sync.Heal(ctx, v.Verification.Differing...)
	r = j.judge(result)
	if err != nil || result.Held != nil {
		return r, err
	}
	v, err = j.verify(ctx)
	r.Verification = v.Verification
	if v.Exit == exitDiffers {
		r.Exit = exitDiffers
	}
	return r, err
}

// judge gives the exit code of a result that is no failure.
func (j *job) judge(result mirror.Result) report {
	r := report{Date: j.flags.Date, Result: &result}
	if result.End != nil {
		r.Late = result.End.NotDerivedFor(j.flags.Date)
	}
	r.Exit = j.exit(r)
	return r
}

// exit is the code of a pull with what became of its letters. A letter that differs is
// told but once, so it goes before what the next run says again.
func (j *job) exit(r report) int {
	switch {
	case r.Result.Held != nil:
		return exitHeld
	case slices.ContainsFunc(r.Letters, letterOutcome.becameDisputed):
		return exitDisputed
	case len(r.Late) > 0:
		return exitLate
	case r.Result.End != nil && r.Result.End.AgreementEndsWithin(j.flags.Date, j.flags.WarnDays):
		return exitAgreement
	case r.Result.Rows() > 0:
		return exitStored
	}
	return exitNothing
}

// finish prints the report and the error, and gives the exit code.
func (j *job) finish(r report, err error) int {
	j.bar.close()
	if err != nil {
		r.Exit, r.Error = exitFailed, err.Error()
		if _, differs := errors.AsType[*mirror.DifferError](err); differs {
			r.Exit = exitDiffers
		}
	}
	j.print(r)
	if err != nil {
		return fail(j.stderr, err, r.Exit)
	}
	return r.Exit
}

func (j *job) print(r report) {
	if !j.flags.JSON {
		summarise(j.stdout, r)
		return
	}
	// A report holds no type that JSON can't write; a closed stdout has nobody to tell.
	_ = json.NewEncoder(j.stdout).Encode(r)
}

// fail says what went wrong and what to do about it, in both languages where the hub did.
func fail(stderr io.Writer, err error, code int) int {
	if errors.Is(err, context.Canceled) {
		_, _ = fmt.Fprintln(stderr, "hubsync: interrupted; what was stored stays, run it again to go on")
		return code
	}
	_, _ = fmt.Fprintln(stderr, "hubsync:", err)
	if e := client.Of(err); e != nil {
		if e.Chinese != "" {
			_, _ = fmt.Fprintln(stderr, "  "+e.Chinese)
		}
		_, _ = fmt.Fprintln(stderr, "  what to do:", e.Remedy)
	}
	return code
}
