// Package e2e tests the house as a whole: real ports, real storage, both engines.
package e2e

import (
	"flag"
	"testing"
)

// sizes of the long tests: small by default, so that they run with every change;
// the full sizes are for a night, e.g.
//
//	go test ./server/e2e -run Laws -transactions 1000000 -timeout 12h
var sizes = struct {
	transactions *int
	loads        *int
	kills        *int
	steps        *int
	rows         *int
	cases        *int
	restarts     *int
	households   *int
	stalled      *int
	faults       *int
	crashes      *int
}{
	flag.Int("transactions", 5000, "transactions that the feed-law test makes, half of them on each store"),
	flag.Int("loads", 20, "first loads under writers"),
	flag.Int("kills", 10, "kills of hubd and of hubsync, each"),
	flag.Int("steps", 150, "random facts changed in the history test on each store"),
	flag.Int("rows", 3000, "rows of the large register file"),
	flag.Int("cases", 50, "removal cases in the histories of removals and of letters, on each store"),
	flag.Int("restarts", 2, "restarts of each of three hubs under load"),
	flag.Int("year-households", 40, "households at the beginning of the simulated year, on each store"),
	flag.Int("stalled", 200, "followers that stop reading beside one that reads on"),
	flag.Int("faults", 30, "faults of the lines to the hub and to its database, under load"),
	flag.Int("crashes", 6, "kills of hubd and of its PostgreSQL, in all, under load"),
}

// shorten makes the sizes small enough for the race detector, under which SQLite, a
// translation into Go, is ten times slower.
func shorten() {
	if !testing.Short() {
		return
	}
	*sizes.transactions /= 20
	*sizes.loads /= 5
	*sizes.kills /= 5
	*sizes.steps /= 5
	*sizes.rows /= 5
	*sizes.cases /= 5
	*sizes.restarts /= 2
	*sizes.households /= 5
	*sizes.stalled /= 5
	*sizes.faults /= 5
	*sizes.crashes /= 3
}

// kills repeats a try, which is told how many came before it and says whether the program
// was still running when it was to be killed, until that was so as often as the size asks.
func kills(t testing.TB, try func(i int) bool) {
	t.Helper()
	for i, killed := 0, 0; killed < *sizes.kills; i++ {
		if i == 10**sizes.kills {
			t.Fatalf("only %d of %d were still running when they were to be killed", killed, i)
		}
		if try(i) {
			killed++
		}
	}
}
