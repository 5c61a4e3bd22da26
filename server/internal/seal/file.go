package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
)

// file is the key file. Both members are keysets in tink's own JSON form, so that
// tinkey can read and extend them.
type file struct {
	Sealing json.RawMessage `json:"sealing"` // AEAD, AES256-GCM
	Hashing json.RawMessage `json:"hashing"` // PRF, HMAC-SHA256
}

// Create makes fresh keys and writes them to path, readable by the owner alone.
// The file appears complete or not at all, and an existing one is never
// overwritten: then the error is fs.ErrExist. Whoever loses the file loses the data.
func Create(path string) (*Keys, error) {
	keys, content, err := generate()
	if err != nil {
		return nil, fmt.Errorf("seal: make keys: %w", err)
	}
	if err := writeNew(path, content); err != nil {
		return nil, fmt.Errorf("seal: write key file: %w", err)
	}
	return keys, nil
}

// Load reads the key file at path; fs.ErrNotExist where there is none.
func Load(path string) (*Keys, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("seal: read key file: %w", err)
	}
	keys, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("seal: key file %s: %w", path, err)
	}
	return keys, nil
}

// LoadOrCreate loads the key file at path and makes it where there is none.
// Processes that start at once all end up with the same keys.
func LoadOrCreate(path string) (*Keys, error) {
	keys, err := Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	keys, err = Create(path)
	if errors.Is(err, fs.ErrExist) {
		return Load(path)
	}
	return keys, err
}

func generate() (*Keys, []byte, error) {
	sealing, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, nil, err
	}
	hashing, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		return nil, nil, err
	}
	var f file
	if f.Sealing, err = marshal(sealing); err != nil {
		return nil, nil, err
	}
	if f.Hashing, err = marshal(hashing); err != nil {
		return nil, nil, err
	}
	content, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, nil, err
	}
	keys, err := newKeys(sealing, hashing)
	return keys, append(content, '\n'), err
}

func parse(content []byte) (*Keys, error) {
	var f file
	if err := json.Unmarshal(content, &f); err != nil {
		return nil, errors.New("is not a key file (JSON with the keysets \"sealing\" and \"hashing\")")
	}
	sealing, err := unmarshal(f.Sealing)
	if err != nil {
		return nil, errors.New("keyset \"sealing\" is missing or damaged")
	}
	hashing, err := unmarshal(f.Hashing)
	if err != nil {
		return nil, errors.New("keyset \"hashing\" is missing or damaged")
	}
	return newKeys(sealing, hashing)
}

func marshal(h *keyset.Handle) (json.RawMessage, error) {
	var buf bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&buf)); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func unmarshal(raw json.RawMessage) (*keyset.Handle, error) {
	return insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
}

// writeNew writes content beside path and then links it there: a link, unlike a
// rename, refuses to replace what exists.
func writeNew(path string, content []byte) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".keys-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = tmp.Write(content)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the new name survive a power cut: data sealed under keys that are
// gone would be lost.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
