package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// binaries is the folder that the programs are built into; TestMain removes it.
var binaries string

func TestMain(m *testing.M) {
	code := func() int {
		var err error
		if binaries, err = os.MkdirTemp("", "bangfu-e2e-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(binaries) }()
		flag.Parse()
		shorten()
		return m.Run()
	}()
	os.Exit(code)
}

var build = sync.OnceValue(func() error {
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", binaries+string(filepath.Separator),
		"github.com/bangfuhub/hub/server/cmd/hubd", "github.com/bangfuhub/hub/client/cmd/hubsync")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return nil
})

// program makes a command of the real hubd or hubsync, built with the first call.
// Nothing of this process's own settings reaches it.
func program(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(binaries, name), args...) //nolint:gosec // built above
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "LANG=C.UTF-8"}
	return cmd
}

// outcome is what a program that ended said.
type outcome struct {
	stdout, stderr string
	exit           int
}

// finish runs a command to its end, whatever its exit code; a killed one has -1.
func finish(t testing.TB, cmd *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var ended *exec.ExitError
	late := errors.Is(err, context.Canceled) && cmd.ProcessState != nil // it had ended by itself when it was to be killed
	if err != nil && !errors.As(err, &ended) && !late {
		t.Fatal(err)
	}
	return outcome{stdout: stdout.String(), stderr: stderr.String(), exit: cmd.ProcessState.ExitCode()}
}

// mustRun runs a program that has to end with a certain exit code.
func mustRun(t testing.TB, exit int, name string, args ...string) outcome {
	t.Helper()
	got := finish(t, program(t, name, args...))
	if got.exit != exit {
		t.Fatalf("%s %s: exit %d, want %d\n%s%s", name, strings.Join(args, " "), got.exit, exit, got.stdout, got.stderr)
	}
	return got
}

// served is a running hubd serve.
type served struct {
	cmd        *exec.Cmd
	grpc, rest string        // addresses
	ended      chan struct{} // closed when its output ends
}

var announced = regexp.MustCompile(`gRPC on (\S+), REST on (\S+),`)

// serve starts hubd serve on ports of its own and waits until it says which. It is
// killed when the test ends, if it has not ended before.
func serve(t testing.TB, args ...string) *served {
	t.Helper()
	cmd := program(t, "hubd", append([]string{"serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"}, args...)...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &served{cmd: cmd, ended: make(chan struct{})}
	t.Cleanup(s.kill)
	var said strings.Builder
	lines := bufio.NewScanner(stderr)
	for s.grpc == "" && lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if m := announced.FindStringSubmatch(lines.Text()); m != nil {
			s.grpc, s.rest = m[1], m[2]
		}
	}
	if s.grpc == "" {
		close(s.ended)
		t.Fatalf("hubd serve did not start: %s", said.String())
	}
	go func() { // so that it never waits for a reader of its log
		defer close(s.ended)
		for lines.Scan() {
			continue
		}
	}()
	return s
}

// kill is kill -9, by the process's own id; the program is gone when it returns.
func (s *served) kill() {
	if s.cmd.ProcessState != nil {
		return
	}
	_ = s.cmd.Process.Kill() // it may have ended by itself
	<-s.ended
	_ = s.cmd.Wait() // killed
}

// interrupt ends the program as Ctrl-C does and gives its exit code.
func (s *served) interrupt(t testing.TB) int {
	t.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	_ = s.cmd.Wait() // the exit code says it
	return s.cmd.ProcessState.ExitCode()
}
