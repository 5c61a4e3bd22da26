package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"modernc.org/sqlite/vfs"

	"github.com/bangfuhub/hub/client"
)

// imageInbox holds rows as the image of a database with the lists' tables. Rows that are
// too long for one are kept as they are.
type imageInbox struct {
	image *image
	begun map[*table]bool // tables of which there are rows, each in one go
	long  map[*table][][]any
}

// inbox takes over the space of one that was stored.
func (s *sqlite) inbox() inbox {
	return &imageInbox{image: newImage(spare(s.spares)), begun: map[*table]bool{}, long: map[*table][][]any{}}
}

func (in *imageInbox) add(t *table, key client.Key, texts []string, number int64, hash client.Hash) {
	if !in.begun[t] {
		in.image.begin(t.name(loading), createSQLite(t, loading))
		in.begun[t] = true
	}
	m := in.image
	m.row()
	for _, text := range [...]string{key.Area, key.Village, key.Household, key.Person} {
		m.text(text)
	}
	for i, text := range texts {
		m.value(t.columns[keyColumns+i].sqlType, text)
	}
	m.integer(number)
	m.blob(hash[:])
	if !m.end() {
		in.long[t] = append(in.long[t], t.row(key, texts, number, hash))
	}
}

// value writes a field's text in its column's type.
func (m *image) value(sqlType, text string) {
	switch kind, n := cellOf(sqlType, text); kind {
	case textCell:
		m.text(text)
	case truthCell, numberCell:
		m.integer(n)
	case nullCell:
		m.null()
	}
}

// append lets SQLite read the image as a database beside its own.
func (t *sqliteTx) append(ctx context.Context, tb *table, in inbox) error {
	rows, ok := in.(*imageInbox)
	if !ok {
		return errors.New("mirror: rows made for another database")
	}
	if !rows.begun[tb] {
		return nil // blocks without records
	}
	if err := t.attach(ctx, rows); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "INSERT INTO main."+tb.on(loading)+" SELECT * FROM "+attached+"."+tb.on(loading)); err != nil {
		return err
	}
	_, err := t.each(ctx, "INSERT INTO "+tb.on(loading)+" ("+tb.names+") "+tb.placeholders(), rows.long[tb])
	return err
}

// attached is the name under which an image is read.
const attached = "hub_inbox"

// attach does it once a transaction, in which one page is stored; detach follows it.
func (t *sqliteTx) attach(ctx context.Context, rows *imageInbox) error {
	if t.attached {
		return nil
	}
	t.sink.images.set(rows.image.bytes())
	_, err := t.exec(ctx, "ATTACH '"+t.sink.images.uri()+"' AS "+attached)
	t.attached = err == nil
	return err
}

// detach is done when the transaction has ended.
func (t *sqliteTx) detach(ctx context.Context) error {
	if !t.attached {
		return nil
	}
	_, err := t.conn.ExecContext(ctx, "DETACH "+attached)
	if err == nil {
		giveBack(t.sink.spares, t.sink.images.set(nil))
	}
	return err
}

// images is a folder with one file, which is no file but the image that is being stored.
type images struct {
	name   string // under which SQLite knows the folder
	folder *vfs.FS
	mu     sync.Mutex
	now    []byte
}

func newImages() (*images, error) {
	i := &images{}
	var err error
	if i.name, i.folder, err = vfs.New(i); err != nil {
		return nil, fmt.Errorf("mirror: %w", err)
	}
	return i, nil
}

func (i *images) uri() string { return "file:image?vfs=" + i.name + "&mode=ro&immutable=1" }

// set replaces the image and gives the one before.
func (i *images) set(image []byte) (old []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	old, i.now = i.now, image
	return old
}

// Open is called by SQLite.
func (i *images) Open(string) (fs.File, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.now == nil {
		return nil, fs.ErrNotExist
	}
	return imageFile{bytes.NewReader(i.now)}, nil
}

// imageFile is an image as a file, and its own description.
type imageFile struct{ *bytes.Reader }

func (f imageFile) Stat() (fs.FileInfo, error) { return f, nil }
func (imageFile) Close() error                 { return nil }
func (imageFile) Name() string                 { return "image" }
func (imageFile) Mode() fs.FileMode            { return 0o400 }
func (imageFile) ModTime() time.Time           { return time.Time{} }
func (imageFile) IsDir() bool                  { return false }
func (imageFile) Sys() any                     { return nil }
