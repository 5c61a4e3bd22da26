// Command hubsync keeps a department's own copy of its lists of Bangfu Hub in a
// database: SQLite or PostgreSQL, one typed and commented table a list.
//
//	hubsync pull    bring the copy up to date, compare every village with the hub, and end
//	hubsync follow  the same, then stay and take over changes as they come
//	hubsync verify  compute every row's hash anew and compare with the hub; changes nothing
//	hubsync heal    pull, verify, fetch anew what differs, verify again
//
// It also answers the office's official letters (函告) that say for whom policies end:
//
//	hubsync letters list         what was sent to this agency, and where each letter stands
//	hubsync letters print        a letter as a page to print
//	hubsync letters acknowledge  say for the agency that letters came whole; needs a person's token
//	hubsync letters report       report letters as applied, proved by the copy, or by a person's count
//	hubsync letters dispute      object to items of a letter; needs a person's token
//
// With --report-letters, pull and follow report every acknowledged letter that is in
// effect by themselves, each time that the copy is current.
//
// Every flag, but for those that say what to do with a letter, can be given as an
// environment variable too (see hubsync --help). It may be killed at any moment and
// started again: rows and position change together.
//
// # Exit codes
//
// Where several apply, the first of this order is given; the summary, or --json, says all.
//
//	 2  usage: the command line is wrong
//	 1  failed or interrupted; nothing is lost, run it again (stderr says what to do)
//	14  rows differ from the hub: verify found differences, or healing did not help
//	12  held: a list would shrink by more than --max-shrink; look, then run with --accept-shrink
//	15  current, but a letter differs from this copy: the office was told (letters report: also from the count given)
//	11  current, but the hub has not derived its lists for --date yet; run it again later
//	13  current, but a sharing agreement ends within --warn-days
//	 0  current, new rows stored (follow: ended by a signal; verify: no difference; letters: done)
//	10  current, nothing new
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// Exit codes, as documented above.
const (
	exitStored    = 0
	exitFailed    = 1
	exitUsage     = 2
	exitNothing   = 10
	exitLate      = 11
	exitHeld      = 12
	exitAgreement = 13
	exitDiffers   = 14
	exitDisputed  = 15
)

const exitHelp = `Exit codes, the first that applies: 2 usage; 1 failed or interrupted, run it again; 14 rows differ from the hub;
12 held by the shrink guard; 15 current, but a letter differs from this copy: the office was told; 11 current, but the
hub is not derived for --date; 13 current, but an agreement ends within --warn-days; 0 current, new rows stored, or
done with letters; 10 current, nothing new.`

// commandLine is the flags; all but those about a letter may stand in the environment.
type commandLine struct {
	Pull    pulling        `cmd:"" help:"Bring the copy up to date and end."`
	Follow  pulling        `cmd:"" help:"Bring the copy up to date and stay, taking over changes as they come."`
	Verify  struct{}       `cmd:"" help:"Compute every row's hash anew and compare with the hub. Changes nothing."`
	Heal    struct{}       `cmd:"" help:"Pull, verify, fetch anew what differs, verify again."`
	Letters lettersCommand `cmd:"" help:"Read and answer the office's official letters."`

	Hub          string   `required:"" env:"HUBSYNC_HUB" placeholder:"HOST:PORT" help:"The hub's gRPC address."`
	TokenFile    string   `env:"HUBSYNC_TOKEN_FILE" type:"path" help:"File with the bearer token; read again when it changes."`
	DB           string   `name:"db" env:"HUBSYNC_DB" placeholder:"FILE|URL" help:"SQLite file, or a postgres:// URL (search_path chooses the schema). Required where the copy is read or written."`
	Lists        []string `env:"HUBSYNC_LISTS" help:"Names of lists, comma-separated; default: all that the agreements cover."`
	Divisions    []string `env:"HUBSYNC_DIVISIONS" help:"12-digit codes, comma-separated, each with all below it; default: all that the agreements cover."`
	CA           string   `name:"ca" env:"HUBSYNC_CA" type:"path" help:"PEM file of the authorities that signed the hub's certificate; default: the system's."`
	Insecure     bool     `env:"HUBSYNC_INSECURE" help:"Without TLS. Only for a hub on this machine."`
	Compress     bool     `env:"HUBSYNC_COMPRESS" help:"Compress what goes over the line by zstd. For a thin line; beside the hub it costs time."`
	JSON         bool     `name:"json" env:"HUBSYNC_JSON" help:"Print one JSON object (follow: one a line) in place of the summary."`
	MaxShrink    float64  `env:"HUBSYNC_MAX_SHRINK" default:"0.05" help:"Share of a list's rows that a run may remove unasked (never less than 10 rows)."`
	AcceptShrink bool     `env:"HUBSYNC_ACCEPT_SHRINK" help:"Apply what the shrink guard held."`
	WarnDays     int      `env:"HUBSYNC_WARN_DAYS" default:"30" help:"Exit with 13 when an agreement ends within so many days."`
	Date         string   `env:"HUBSYNC_DATE" placeholder:"YYYY-MM-DD" help:"What today is; default: today in Asia/Shanghai."`
}

// pulling is the flags of commands that bring the copy up to date.
type pulling struct {
	ReportLetters bool `env:"HUBSYNC_REPORT_LETTERS" help:"Whenever the copy is current, prove and report every acknowledged letter that is in effect."`
}

// shanghai is the zone of the hub's dates; it has had no summer time since 1991, so no zone file is needed.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program without its process; it gives the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c commandLine
	helped := false
	parser, err := kong.New(&c, kong.Name("hubsync"), kong.Writers(stdout, stderr), kong.Exit(func(int) { helped = true }),
		kong.Description("Keeps a department's own copy of its lists of Bangfu Hub.\n\n"+exitHelp))
	if err != nil {
		return fail(stderr, err, exitUsage)
	}
	parsed, err := parser.Parse(args)
	switch {
	case helped:
		return exitStored
	case err != nil:
		return fail(stderr, err, exitUsage)
	}
	command := commandOf(parsed.Command())
	if err := c.check(command); err != nil {
		return fail(stderr, err, exitUsage)
	}
	j, err := open(ctx, &c, command, stdout, stderr)
	if err != nil {
		return fail(stderr, err, exitFailed)
	}
	defer j.close()
	return j.do(ctx, command)
}

// commandOf leaves the arguments out: "letters print <id>" is "letters print".
func commandOf(parsed string) string {
	name, _, _ := strings.Cut(parsed, " <")
	return name
}

// needsCopy says whether a command reads or writes the copy. Only letters can do without.
func (c *commandLine) needsCopy(command string) bool {
	return !strings.HasPrefix(command, "letters ") || (command == "letters report" && c.Letters.Report.Count == nil)
}

// check refuses what could only fail later, and fills in the date.
func (c *commandLine) check(command string) error {
	if c.DB == "" && c.needsCopy(command) {
		return fmt.Errorf("%s needs --db", command)
	}
	if c.Date == "" {
		c.Date = time.Now().In(shanghai).Format(time.DateOnly)
	}
	if _, err := time.Parse(time.DateOnly, c.Date); err != nil {
		return fmt.Errorf("--date: %q is not of the form YYYY-MM-DD", c.Date)
	}
	if c.MaxShrink <= 0 || c.MaxShrink > 1 {
		return fmt.Errorf("--max-shrink: %g is not a share above 0 and at most 1", c.MaxShrink)
	}
	for _, d := range c.Divisions {
		if len(d) != 12 || strings.Trim(d, "0123456789") != "" {
			return fmt.Errorf("--divisions: %q is not a 12-digit code", d)
		}
	}
	return c.Letters.check(command, c.JSON)
}
