package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/seal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// manifestFile is written last: a folder without one is no backup.
const manifestFile = "manifest.json"

// manifestForm is the form of Manifest that this program writes and reads.
const manifestForm = 1

// Manifest says what a backup consists of.
type Manifest struct {
	Form  int            `json:"form"`
	Made  time.Time      `json:"made"`
	Epoch string         `json:"epoch"`
	Keys  string         `json:"keys"` // fingerprint of the data keys, which are not in it
	Files []BackedUpFile `json:"files"`
}

// BackedUpFile is a file of a backup.
type BackedUpFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Backup copies the embedded store into a folder, which it makes, while the hub goes on.
func (s *Server) Backup(ctx context.Context, dir string) (Manifest, error) {
	m := Manifest{Form: manifestForm, Made: s.cfg.Clock().UTC(), Keys: s.keys.Fingerprint()}
	engine, ok := s.engine.(interface {
		Backup(ctx context.Context, dir string) error
	})
	if !ok {
		return m, errors.New("a PostgreSQL database is backed up by its own means (pg_dump, or base backup and WAL); after a restore run hubd restored")
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return m, err
	}
	err := s.store.View(ctx, func(r store.Reader) error {
		meta, err := r.Meta(ctx)
		m.Epoch = meta.Epoch
		return err
	})
	if err != nil {
		return m, err
	}
	if err := engine.Backup(ctx, dir); err != nil {
		return m, err
	}
	for _, name := range embeddedFiles {
		f, err := describe(filepath.Join(dir, name))
		if err != nil {
			return m, err
		}
		m.Files = append(m.Files, f)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	return m, writeDurably(filepath.Join(dir, manifestFile), append(text, '\n'))
}

// Restored gives a store that was restored from a backup a new epoch: mirrors that are ahead
// of it notice, and load anew by themselves.
func (s *Server) Restored(ctx context.Context) error {
	return hub.NewEpoch(ctx, s.store, store.AuditEntry{Time: s.cfg.Clock()})
}

// Restore makes an embedded store out of a backup, in cfg.Data, where the key file of the
// backup must lie and no store may. The new store has a new epoch before it is in place.
func Restore(ctx context.Context, cfg Config, dir string) (m Manifest, err error) {
	cfg = cfg.withDefaults()
	if m, err = readManifest(dir); err != nil {
		return m, err
	}
	keys, err := seal.Load(cfg.Keys)
	if err != nil {
		return m, fmt.Errorf("%w; put the copy of the key file there first", err)
	}
	if keys.Fingerprint() != m.Keys {
		return m, fmt.Errorf("the backup was made under other keys (%s) than those in %s (%s)", m.Keys, cfg.Keys, keys.Fingerprint())
	}
	if err := cfg.vacant(); err != nil {
		return m, err
	}
	staging, err := os.MkdirTemp(cfg.Data, "restore-")
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(staging)) }()
	for _, f := range m.Files {
		if err := copyFile(filepath.Join(staging, f.Name), filepath.Join(dir, f.Name)); err != nil {
			return m, err
		}
	}
	if err := cfg.renew(ctx, staging); err != nil {
		return m, err
	}
	for i := range embeddedFiles { // hub.db last: with it there is a hub
		name := embeddedFiles[len(embeddedFiles)-1-i]
		if err := os.Rename(filepath.Join(staging, name), filepath.Join(cfg.Data, name)); err != nil {
			return m, err
		}
	}
	return m, syncFolder(cfg.Data)
}

// vacant refuses a folder with a store, or with what is left of one: SQLite would take a
// journal of another database for this one's.
func (cfg Config) vacant() error {
	for _, name := range embeddedFiles {
		for _, ending := range []string{"", "-wal", "-shm", "-journal"} {
			if _, err := os.Lstat(filepath.Join(cfg.Data, name+ending)); err == nil {
				return fmt.Errorf("%s is there already: move the old store's files away first", filepath.Join(cfg.Data, name+ending))
			}
		}
	}
	return nil
}

// renew opens the copy, which brings it to this program's schema, and gives it a new epoch.
func (cfg Config) renew(ctx context.Context, staging string) error {
	copied, err := Config{Data: staging}.open(ctx)
	if err != nil {
		return err
	}
	err = errors.Join(hub.NewEpoch(ctx, copied, store.AuditEntry{Time: cfg.Clock()}), copied.Close())
	if err != nil {
		return err
	}
	for _, name := range embeddedFiles {
		if _, err := os.Lstat(filepath.Join(staging, name+"-wal")); err == nil {
			return fmt.Errorf("%s could not be completed", name)
		}
	}
	return nil
}

func readManifest(dir string) (m Manifest, err error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return m, fmt.Errorf("no complete backup: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil || m.Form != manifestForm || len(m.Files) != len(embeddedFiles) {
		return m, fmt.Errorf("%s is not in a form that this program knows", manifestFile)
	}
	for i, want := range m.Files {
		got, err := describe(filepath.Join(dir, embeddedFiles[i]))
		if err != nil {
			return m, err
		}
		if got != want {
			return m, fmt.Errorf("%s is not what was backed up: it is damaged; take another backup", want.Name)
		}
	}
	return m, nil
}

func describe(path string) (f BackedUpFile, err error) {
	in, err := os.Open(filepath.Clean(path))
	if err != nil {
		return f, err
	}
	defer func() { _ = in.Close() }()
	sum := sha256.New()
	n, err := io.Copy(sum, in)
	return BackedUpFile{Name: filepath.Base(path), Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

func copyFile(to, from string) error {
	in, err := os.Open(filepath.Clean(from))
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(filepath.Clean(to), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

func writeDurably(path string, content []byte) error {
	out, err := os.OpenFile(filepath.Clean(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(content)
	return errors.Join(err, out.Sync(), out.Close(), syncFolder(filepath.Dir(path)))
}

func syncFolder(path string) error {
	d, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
