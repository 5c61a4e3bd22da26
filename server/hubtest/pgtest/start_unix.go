//go:build unix

package pgtest

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
)

// settings make the server light and reachable only by its socket. fsync stays on.
const settings = `
listen_addresses = ''
max_connections = 200
shared_buffers = 32MB
`

// guard waits for its standard input to end, which it does when the test process is gone,
// even by kill -9; then it stops the server and removes the folder.
const guard = `read -r _; "$1" -D "$2/data" -m immediate stop; rm -rf "$2"`

// start makes a database cluster in a temporary folder and starts a server on it.
func start() (*url.URL, error) {
	c, err := newCluster()
	if err != nil {
		return nil, err
	}
	held.Lock()
	held.all = append(held.all, c.guard)
	held.Unlock()
	if err := launch(c.attr, c.pgctl, c.dir); err != nil {
		return nil, err
	}
	return c.url(), nil
}

// cluster is a database cluster in a folder of its own.
type cluster struct {
	pgctl, dir string
	attr       *syscall.SysProcAttr
	guard      io.Closer // as long as it is open the folder stays
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *cluster) url() *url.URL {
	query := url.Values{"host": {c.dir}, "sslmode": {"disable"}}
	return &url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres", RawQuery: query.Encode()}
}

func newCluster() (*cluster, error) {
	initdb, pgctl, err := binaries()
	if err != nil {
		return nil, err
	}
	attr, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest-")
	if err != nil {
		return nil, err
	}
	c := &cluster{pgctl: pgctl, dir: dir, attr: attr}
	if attr.Credential != nil {
		if err := os.Chown(dir, int(attr.Credential.Uid), int(attr.Credential.Gid)); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	if c.guard, err = startGuard(attr, pgctl, dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := run(attr, dir, initdb, "-D", c.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"); err != nil {
		return nil, errors.Join(err, c.guard.Close())
	}
	if err := c.configure(); err != nil {
		return nil, errors.Join(err, c.guard.Close())
	}
	return c, nil
}

func (c *cluster) configure() error {
	conf, err := os.OpenFile(filepath.Join(c.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(conf, "%sunix_socket_directories = '%s'\n", settings, c.dir)
	return errors.Join(err, conf.Close())
}

// launch starts the server of such a folder and waits until it answers.
func launch(attr *syscall.SysProcAttr, pgctl, dir string) error {
	return run(attr, dir, pgctl, "-D", filepath.Join(dir, "data"), "-l", filepath.Join(dir, "log"), "-w", "start")
}

// asStandby stops the server at an address that start gave, and starts it again as a standby.
func asStandby(base *url.URL) error {
	_, pgctl, err := binaries()
	if err != nil {
		return err
	}
	attr, err := unprivileged()
	if err != nil {
		return err
	}
	dir := base.Query().Get("host")
	if err := run(attr, dir, pgctl, "-D", filepath.Join(dir, "data"), "-m", "fast", "-w", "stop"); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "standby.signal"), nil, 0o644); err != nil { //nolint:gosec // the server reads it as another user
		return err
	}
	return launch(attr, pgctl, dir)
}

// binaries finds initdb and pg_ctl on PATH, or the newest ones in Debian's versioned folders.
func binaries() (initdb, pgctl string, err error) {
	initdb, err1 := exec.LookPath("initdb")
	pgctl, err2 := exec.LookPath("pg_ctl")
	if err1 == nil && err2 == nil {
		return initdb, pgctl, nil
	}
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(folders) == 0 {
		return "", "", errMissing
	}
	newest := filepath.Dir(slices.MaxFunc(folders, func(a, b string) int { return version(a) - version(b) }))
	return filepath.Join(newest, "initdb"), filepath.Join(newest, "pg_ctl"), nil
}

// version is the number in /usr/lib/postgresql/15/bin/initdb; 0 where there is none.
func version(path string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	if err != nil {
		return 0
	}
	return n
}

// unprivileged runs a process in a group of its own, so that an interrupt in the terminal
// doesn't reach it, and, where we are root, as PostgreSQL's own user: it refuses to be root.
func unprivileged() (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 {
		return attr, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("as root a user named postgres is needed: %w", err)
	}
	uid, err1 := strconv.ParseUint(account.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, nil
}

// held are the guards' standard inputs. They stay referenced, and so open, as long as we live.
var held struct {
	sync.Mutex
	all []io.Closer
}

func startGuard(attr *syscall.SysProcAttr, pgctl, dir string) (io.Closer, error) {
	cmd := exec.Command("/bin/sh", "-c", guard, "pgtest-guard", pgctl, dir) //nolint:gosec // our own text and paths
	cmd.SysProcAttr, cmd.Dir = attr, "/"
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	// Neither output is ours: go test would wait for whoever still holds it.
	return pipe, cmd.Start()
}

// run runs a program and gives its output with its error. The output goes through a file,
// since a server that is started would hold a pipe open.
func run(attr *syscall.SysProcAttr, dir, program string, args ...string) error {
	out, err := os.CreateTemp(dir, "out-")
	if err != nil {
		return err
	}
	cmd := exec.Command(program, args...) //nolint:gosec // PostgreSQL's own programs
	cmd.SysProcAttr, cmd.Dir = attr, dir
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	if err != nil {
		text, _ := os.ReadFile(out.Name()) // only explains the error
		err = fmt.Errorf("%s: %w: %s", filepath.Base(program), err, text)
	}
	return errors.Join(err, out.Close())
}
