// Command layering proves that .golangci.yml holds the layering of the house. It
// builds an empty house with the same rooms, lets every room import every other one
// (and some of the outside world), and compares what the linter refuses with the
// tables below, arrow by arrow. Argument: the golangci-lint program.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	module   = "github.com/bangfuhub/hub/"
	internal = "server/internal/"
	gen      = "gen/bangfu/hub/v1"
)

// arrow is one import: the file that stands in from names the path to.
type arrow struct{ from, to string }

func main() {
	if err := prove(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "layering:", err)
		os.Exit(1)
	}
}

func prove(linter string) error {
	down, up := map[arrow]bool{}, map[arrow]bool{}
	for i, from := range rooms {
		if from == gen { // generated, not linted
			continue
		}
		for k, to := range rooms {
			if from == to || from == serverGo && to == "server" || impossible(from, to) {
				continue
			}
			// Imports in a ring do not load, so the arrows upwards get a house of their own.
			house := down
			if k > i {
				house = up
			}
			house[arrow{from, module + to}] = slices.Contains(allowed(from), to)
		}
		for _, to := range outside {
			down[arrow{from, to.path}] = slices.Contains(to.rooms, from)
		}
	}
	maps.Copy(down, others)
	for _, house := range []map[arrow]bool{down, up} {
		if err := compare(linter, house); err != nil {
			return err
		}
	}
	fmt.Printf("layering: the linter judges %d arrows between %d rooms as it should\n", len(down)+len(up), len(rooms))
	return nil
}

// impossible says whether Go itself refuses an import: the server's internal rooms
// to who is not of the server, and programs to everybody.
func impossible(from, to string) bool {
	hidden := !strings.HasPrefix(from, "server") && strings.HasPrefix(to, internal)
	return hidden || strings.Contains(to, "/cmd/") || to == serverGo
}

// compare builds a house with these arrows and runs the linter over it.
func compare(linter string, want map[arrow]bool) error {
	dir, err := os.MkdirTemp("", "layering")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := build(dir, want); err != nil {
		return err
	}
	refused, err := lint(linter, dir)
	if err != nil {
		return err
	}
	var errs []error
	for a, ok := range want {
		if ok == refused[a] {
			errs = append(errs, fmt.Errorf("%s -> %s: want allowed %t, refused is %t", a.from, a.to, ok, refused[a]))
		}
	}
	return errors.Join(errs...)
}

// build lays out the empty rooms, and in each one file that imports what it is told to.
func build(dir string, arrows map[arrow]bool) error {
	files := map[string]string{}
	for _, room := range append([]string{"server/hubtest", "server/hubtest/pgtest"}, rooms...) {
		if !strings.HasSuffix(room, ".go") {
			files[room+"/x.go"] = "package x\n"
		}
	}
	for _, name := range []string{".golangci.yml", "go.mod", "go.sum"} {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files[name] = string(text)
	}
	for a := range arrows {
		name := file(a.from)
		if files[name] == "" {
			files[name] = "package x\n"
			if strings.HasSuffix(name, "_test.go") {
				files[name] = "package x_test\n"
			}
		}
		if a.to == clock {
			files[filepath.Dir(name)+"/clock.go"] = "package x\n\nimport \"time\"\n\nvar now = time.Now()\n"
			continue
		}
		files[name] += fmt.Sprintf("import _ %q\n", a.to)
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// file is where a room's imports stand; a "room" may also be one named file.
func file(room string) string {
	if strings.HasSuffix(room, ".go") {
		return room
	}
	return room + "/imports.go"
}

var imported = regexp.MustCompile(`^import '([^']+)' is not allowed`)

// lint gives the arrows that the linter refuses. Any complaint of another kind is an error.
func lint(linter, dir string) (map[arrow]bool, error) {
	cmd := exec.Command(linter, "run", "--enable-only=depguard,forbidigo",
		"--output.text.path=stderr", "--output.json.path=stdout", "--show-stats=false", "--issues-exit-code=0", "./...")
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, stderr.String())
	}
	var report struct {
		Issues []struct {
			FromLinter, Text string
			Pos              struct{ Filename string }
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, stderr.String())
	}
	refused := map[arrow]bool{}
	for _, issue := range report.Issues {
		from := strings.TrimSuffix(filepath.ToSlash(issue.Pos.Filename), "/imports.go")
		match := imported.FindStringSubmatch(issue.Text)
		switch {
		case match != nil:
			refused[arrow{from, match[1]}] = true
		case issue.FromLinter == "forbidigo":
			refused[arrow{filepath.Dir(issue.Pos.Filename), clock}] = true
		default:
			return nil, fmt.Errorf("%s: %s", issue.Pos.Filename, issue.Text)
		}
	}
	return refused, nil
}
