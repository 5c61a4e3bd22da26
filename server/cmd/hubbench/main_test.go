package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/server/hubtest/pgtest"
)

// TestMain lets this test binary be the other processes of a run.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "serve" || os.Args[1] == "version") {
		main()
		return
	}
	os.Exit(m.Run())
}

// wanted are all lines of a run, in their order.
func wanted(sqlite bool) []string {
	all := []string{
		"load", "snapshot", "snapshot_rest", "snapshot_first", "snapshot_stale", "mirror_full", "mirror_full_sqlite", "memory", "check", "start",
		"delta_cost", "delta_cost_mirror", "lag_p50", "lag_p99", "lag_with_write_p50", "lag_with_write_p99",
		"lag_other_process_p50", "lag_other_process_p99", "nightly",
	}
	if sqlite {
		all = slices.DeleteFunc(all, func(name string) bool { return name == "mirror_full_sqlite" })
	}
	return all
}

func TestEveryFigureIsThereOnSQLite(t *testing.T) {
	everyFigure(t, runCmd{SQLite: true})
}

func TestEveryFigureIsThereOnPostgreSQLAndNothingIsLeftBehind(t *testing.T) {
	url := pgtest.URL(t)
	before := databases(t, url)
	everyFigure(t, runCmd{Postgres: url})
	if after := databases(t, url); !slices.Equal(before, after) {
		t.Errorf("databases before %v, after %v", before, after)
	}
}

func TestAnInterruptedRunLeavesNothingBehind(t *testing.T) {
	url := pgtest.URL(t)
	before := databases(t, url)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cfg := runCmd{Postgres: url, Members: 2000, Pairs: minPairs, Scratch: t.TempDir()}
	// The run is interrupted when it says that it has begun to measure what comes second.
	err := measureAll(ctx, cfg, &bytes.Buffer{}, told(func(said string) {
		if strings.Contains(said, "measuring snapshot") {
			cancel()
		}
	}))
	if err == nil {
		t.Error("an interrupted run reports success")
	}
	mustBeEmpty(t, cfg.Scratch)
	if after := databases(t, url); !slices.Equal(before, after) {
		t.Errorf("databases before %v, after %v", before, after)
	}
}

// told tells what is written.
type told func(string)

func (w told) Write(p []byte) (int, error) {
	w(string(p))
	return len(p), nil
}

func everyFigure(t *testing.T, cfg runCmd) {
	t.Helper()
	if testing.Short() {
		t.Skip("a whole run takes a minute, under the race detector four")
	}
	cfg.Members, cfg.Pairs, cfg.Scratch = 2000, minPairs, t.TempDir()
	var out, said bytes.Buffer
	if err := measureAll(t.Context(), cfg, &out, &said); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	var names []string
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for _, text := range lines[:len(lines)-1] {
		names = append(names, mustBeSane(t, text))
	}
	if want := wanted(cfg.SQLite); !slices.Equal(names, want) {
		t.Errorf("measured %v, want %v", names, want)
	}
	mustSummarise(t, lines[len(lines)-1], names)
	mustBeEmpty(t, cfg.Scratch)
}

// mustBeSane checks what holds for a figure however slow the machine is.
func mustBeSane(t *testing.T, text string) (name string) {
	t.Helper()
	var l line
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	lag := strings.HasPrefix(l.Name, "lag_") // a follower may be quicker than the writer's answer
	switch {
	case l.Unit == "" || l.Against == "" || l.Pairs < minPairs:
		t.Errorf("incomplete: %s", text)
	case l.Baseline <= 0 || l.Value < 0 || !lag && (l.Value == 0 || l.Ratio == 0):
		t.Errorf("not a figure: %s", text)
	case l.Lowest > l.Ratio || l.Ratio > l.Highest:
		t.Errorf("the median lies outside: %s", text)
	}
	return l.Name
}

func mustSummarise(t *testing.T, text string, names []string) {
	t.Helper()
	var s summary
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if s.Name != "summary" || s.Members < 1500 || s.Households == 0 || s.Seconds <= 0 || s.Machine.Cores == 0 || s.Machine.Database == "" {
		t.Errorf("incomplete: %s", text)
	}
	var judged []string
	for _, v := range s.Measures {
		judged = append(judged, v.Name)
		if reported := strings.HasPrefix(v.Name, "lag_") || v.Name == "start" || v.Name == "snapshot_stale"; (v.Floor == nil) != reported {
			t.Errorf("%s: floor %v", v.Name, v.Floor)
		}
	}
	if !slices.Equal(judged, names) {
		t.Errorf("judged %v, measured %v", judged, names)
	}
}

func mustBeEmpty(t *testing.T, dir string) {
	t.Helper()
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func databases(t *testing.T, url string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), `SELECT datname::text FROM pg_database WHERE datname LIKE 'hubbench%' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestARatioIsTheMedianOfThePairsInTurn(t *testing.T) {
	var order []string
	values, baselines := []float64{10, 40, 30, 20, 50}, []float64{5, 10, 10, 20, 10}
	side := func(name string, of []float64) figure {
		at := 0
		return func(context.Context) (float64, error) {
			order, at = append(order, name), at+1
			return of[at-1], nil
		}
	}
	b := &bench{runCmd: runCmd{Pairs: 5}}
	l, err := b.compare(t.Context(), line{Name: "x"}, side("A", values), side("B", baselines))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order, " "); got != "A B A B A B A B A B" {
		t.Errorf("measured %s", got)
	}
	if l.Ratio != 3 || l.Lowest != 1 || l.Highest != 5 || l.Value != 30 || l.Baseline != 10 {
		t.Errorf("got %+v", l)
	}
}

func TestFloorAndAimAreJudgedOnTheirOwn(t *testing.T) {
	g := &goal{floor: ratioAtMost(5), aim: both(ratioAtMost(2), valueAtMost(9))}
	for _, c := range []struct {
		value, ratio number
		floor, aim   bool
	}{{9, 2, true, true}, {10, 2, true, false}, {9, 5, true, false}, {9, 5.1, false, false}} {
		v := g.verdict(line{Value: c.value, Ratio: c.ratio})
		if *v.Floor != c.floor || *v.Aim != c.aim {
			t.Errorf("%+v: floor %t, aim %t", c, *v.Floor, *v.Aim)
		}
	}
	if v := (*goal)(nil).verdict(line{}); v.Floor != nil || v.Aim != nil {
		t.Error("what has no goal was judged")
	}
}

func TestOnlyAHelpWithoutAnEndGetsOne(t *testing.T) {
	for before, after := range map[string]string{
		`{"helpers":[{"name":"a","from":"2019-01-01"}],"x":[]}`:                       `{"helpers":[{"name":"a","from":"2019-01-01","to":"2026-11-23","reason":"虚构工作调动"}],"x":[]}`,
		`{"helpers":[{"from":"2019-01-01","to":"2020-01-01"},{"from":"2020-01-02"}]}`: `{"helpers":[{"from":"2019-01-01","to":"2020-01-01"},{"from":"2020-01-02","to":"2026-11-23","reason":"虚构工作调动"}]}`,
		`{"helpers":[{"from":"2019-01-01","to":"2020-01-01"}]}`:                       `{"helpers":[{"from":"2019-01-01","to":"2020-01-01"}]}`,
		`{"village":"1"}`: `{"village":"1"}`,
	} {
		if got := string(helperEnds([]byte(before), "2026-11-23")); got != after {
			t.Errorf("%s became %s", before, got)
		}
	}
}
