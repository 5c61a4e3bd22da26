package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/bangfuhub/hub/server"
)

const loopback = "127.0.0.1:0"

// serveCmd is hubd serve, on a hub of the run and with its clock. It ends with its
// standard input, so that it can't outlive the run.
type serveCmd struct {
	Data, Postgres, Keys string
	Ahead                time.Duration
}

// Run serves until it is told to end.
func (c serveCmd) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // its end is all that matters
		cancel()
	}()
	s, err := server.New(ctx, server.Config{
		Data: c.Data, Postgres: c.Postgres, Keys: c.Keys, GRPC: loopback, HTTP: loopback, Limits: server.Limits{Rate: -1},
		Clock: func() time.Time { return time.Now().Add(c.Ahead) },
	})
	if err != nil {
		return err
	}
	fmt.Println(s.GRPCAddress())
	return errors.Join(s.Run(ctx), s.Close())
}

// child is another process that serves a hub of the run.
type child struct {
	cmd     *exec.Cmd
	stdin   io.Closer
	address string // of gRPC
}

// again makes a command of this very program.
func again(ctx context.Context, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, args...) //nolint:gosec // this program
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	return cmd, nil
}

// spawn serves a hub in another process; it returns when that listens.
func (b *bench) spawn(ctx context.Context, cfg server.Config) (*child, error) {
	args := []string{"serve", "--data", cfg.Data, "--ahead=" + b.clock.ahead().String()}
	if cfg.Postgres != "" {
		args = append(args, "--postgres", cfg.Postgres, "--keys", cfg.Keys)
	}
	cmd, err := again(ctx, args...)
	if err != nil {
		return nil, err
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	address, err := bufio.NewReader(stdout).ReadString('\n')
	c := &child{cmd: cmd, stdin: stdin, address: strings.TrimSpace(address)}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("a hub in another process: %w", err), c.close())
	}
	return c, nil
}

func (c *child) close() error {
	return errors.Join(c.stdin.Close(), c.cmd.Wait())
}
