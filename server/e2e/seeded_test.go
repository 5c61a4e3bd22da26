package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSeededMistakesAreCaught makes classic mistakes, one at a time, and expects the
// test named in each patch to fail. The mistakes are made in copies: a patch is applied
// to copies of the files that it touches, and the go command reads those in place of the
// tree's own. A property test is not named in a patch: it would leave its counterexample
// in the tree. That the tests pass on the tree itself, the rest of the run shows.
func TestSeededMistakesAreCaught(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the tests of some rooms again and again")
	}
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed; it applies the patches")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	patches, err := filepath.Glob(filepath.Join("testdata", "seeded", "*.patch"))
	if err != nil || len(patches) < 10 {
		t.Fatalf("%d patches, %v; want at least ten", len(patches), err)
	}
	for _, patch := range patches {
		t.Run(strings.TrimSuffix(filepath.Base(patch), ".patch"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(patch) //nolint:gosec // one of ours
			if err != nil {
				t.Fatal(err)
			}
			m := parseMistake(t, string(text))
			m.expectCaught(t, root, m.overlay(t, root))
		})
	}
}

// mistake is one patch: its comment says what the mistake is and which test catches it.
type mistake struct {
	patch string
	what  string
	room  string   // package with the test
	test  string   // its name, with those of subtests
	files []string // that it touches, from the top of the tree
}

var (
	caughtBy = regexp.MustCompile(`(?m)\A# (.+)\n# caught by: (\./\S+) (Test\S+)\n`)
	touches  = regexp.MustCompile(`(?m)^\+\+\+ b/(\S+)$`)
)

func parseMistake(t *testing.T, patch string) mistake {
	t.Helper()
	head, files := caughtBy.FindStringSubmatch(patch), touches.FindAllStringSubmatch(patch, -1)
	if head == nil || len(files) == 0 {
		t.Fatal("the patch does not begin with two lines, \"# mistake\" and \"# caught by: ./room TestName\", or touches no file")
	}
	m := mistake{patch: patch, what: head[1], room: head[2], test: head[3]}
	for _, f := range files {
		m.files = append(m.files, f[1])
	}
	return m
}

// overlay makes the mistake in copies of the files and gives the file that tells the
// go command about them.
func (m mistake) overlay(t *testing.T, root string) string {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for _, name := range m.files {
		own, copied := filepath.Join(root, filepath.FromSlash(name)), filepath.Join(dir, filepath.FromSlash(name))
		text, err := os.ReadFile(own) //nolint:gosec // of the tree
		if err == nil {
			err = os.MkdirAll(filepath.Dir(copied), 0o700)
		}
		if err == nil {
			err = os.WriteFile(copied, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		replace[own] = copied
	}
	apply := exec.CommandContext(t.Context(), "git", "apply", "-p1", "-")
	apply.Dir, apply.Stdin = dir, strings.NewReader(m.patch)
	apply.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir)) // the copies belong to no repository
	if out, err := apply.CombinedOutput(); err != nil {
		t.Fatalf("the patch no longer applies (%v); make the same mistake in the code as it is now:\n%s", err, out)
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (m mistake) expectCaught(t *testing.T, root, overlay string) {
	t.Helper()
	names := strings.Split(m.test, "/")
	for i, name := range names {
		names[i] = "^" + regexp.QuoteMeta(name) + "$"
	}
	test := exec.CommandContext(t.Context(), "go", "test", "-v", "-vet=off", "-failfast", "-timeout=2m", //nolint:gosec // the arguments are of our own patches
		"-overlay="+overlay, "-run="+strings.Join(names, "/"), m.room)
	test.Dir = root
	out, err := test.CombinedOutput()
	switch says := func(s string) bool { return strings.Contains(string(out), s+m.test+" (") }; {
	case says("--- SKIP: "):
		t.Skipf("%s is skipped here:\n%s", m.test, out)
	case err == nil && says("--- PASS: "):
		t.Errorf("not caught: %s passes in %s, though: %s", m.test, m.room, m.what)
	case !says("--- FAIL: "):
		t.Fatalf("%s did not run in %s (%v):\n%s", m.test, m.room, err, out)
	default:
		t.Logf("caught: %s\n%s", m.what, out)
	}
}
