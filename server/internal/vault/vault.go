// Package vault keeps evidence: the documents about a household behind its removal cases,
// by the SHA-256 of their content. They lie sealed in a folder or an object store, under names that tell
// nothing, and are verified whenever they are read.
package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/seal"
)

// MaxSize is the most bytes that a document may have.
const MaxSize = 3 << 20

// Vault is an open bucket. Its methods may be called at the same time.
type Vault struct {
	bucket *blob.Bucket
	folder string // "" for an object store, which is durable by itself
	keys   *seal.Keys
}

// New opens a folder, which is made where it doesn't exist, or a bucket by its URL.
func New(ctx context.Context, where string, keys *seal.Keys) (*Vault, error) {
	u, err := url.Parse(where)
	if err == nil && u.Scheme == fileblob.Scheme {
		where = filepath.FromSlash(u.Path)
	} else if strings.Contains(where, "://") {
		bucket, err := blob.OpenBucket(ctx, where)
		if err != nil {
			return nil, fmt.Errorf("vault: %w", err)
		}
		return &Vault{bucket: bucket, keys: keys}, nil
	}
	folder, err := filepath.Abs(where)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	// A temporary file of another file system could not be renamed into place.
	bucket, err := fileblob.OpenBucket(folder, &fileblob.Options{NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return &Vault{bucket: bucket, folder: folder, keys: keys}, nil
}

// Put stores a document about a household in an area and gives the SHA-256 of its content in hexadecimal.
// When it returns, the document survives a power cut. Putting the same again is
// harmless, and heals what was damaged.
func (v *Vault) Put(ctx context.Context, area, household string, content []byte) (string, error) {
	if len(content) == 0 || len(content) > MaxSize {
		return "", fault.New(fault.EvidenceSize, "limit", strconv.Itoa(MaxSize))
	}
	sum := sha256.Sum256(content)
	digest := hex.EncodeToString(sum[:])
	sealed, err := v.keys.Seal(content, sealContext(area, household, digest))
	if err != nil {
		return "", err
	}
	name := v.name(area, household, digest)
	if err := v.bucket.WriteAll(ctx, name, sealed, nil); err != nil {
		return "", fmt.Errorf("vault: write: %w", err)
	}
	return digest, v.sync(name)
}

// Get gives a document back, verified: a fault EVIDENCE_NOT_FOUND where the area has none
// about the household with this SHA-256, EVIDENCE_DAMAGED where it is not what was stored.
func (v *Vault) Get(ctx context.Context, area, household, digest string) ([]byte, error) {
	sealed, err := v.bucket.ReadAll(ctx, v.name(area, household, digest))
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fault.New(fault.EvidenceNotFound, "sha256", digest)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: read: %w", err)
	}
	content, err := v.keys.Open(sealed, sealContext(area, household, digest))
	if err != nil {
		return nil, fault.New(fault.EvidenceDamaged, "sha256", digest)
	}
	// The seal holds the digest; this holds the digest to the content.
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != digest {
		return nil, fault.New(fault.EvidenceDamaged, "sha256", digest)
	}
	return content, nil
}

// Has tells whether the area has a document about the household with this SHA-256, without
// reading it.
func (v *Vault) Has(ctx context.Context, area, household, digest string) (bool, error) {
	found, err := v.bucket.Exists(ctx, v.name(area, household, digest))
	if err != nil {
		return false, fmt.Errorf("vault: look up: %w", err)
	}
	return found, nil
}

// Close closes the bucket.
func (v *Vault) Close() error { return v.bucket.Close() }

// name tells nobody without the keys which document lies under it, nor that two households
// have the same one. A document is its household's alone: who knows the SHA-256 of another's
// gets nothing by naming it.
func (v *Vault) name(area, household, digest string) string {
	return hex.EncodeToString(v.keys.Hash("evidence", area+"\x00"+household+"\x00"+digest))
}

func sealContext(area, household, digest string) []byte {
	return []byte("evidence\x00" + area + "\x00" + household + "\x00" + digest)
}

// sync makes a file and its name survive a power cut: the bucket itself only renames.
func (v *Vault) sync(name string) error {
	if v.folder == "" {
		return nil
	}
	for _, path := range []string{filepath.Join(v.folder, name), v.folder} {
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("vault: %w", err)
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return fmt.Errorf("vault: sync: %w", err)
		}
	}
	return nil
}

// probe is the name of what Check writes; no document has such a name.
const probe = "probe"

// Check tells whether documents can be written and read back.
func (v *Vault) Check(ctx context.Context) error {
	want := []byte("a document could stand here")
	if err := v.bucket.WriteAll(ctx, probe, want, nil); err != nil {
		return fmt.Errorf("vault: write: %w", err)
	}
	got, err := v.bucket.ReadAll(ctx, probe)
	if err == nil && !bytes.Equal(got, want) {
		err = errors.New("what was written is not read back")
	}
	return errors.Join(err, v.bucket.Delete(ctx, probe))
}
