package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "gocloud.dev/blob/memblob" // buckets mem://

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/seal"
)

const document = "会议记录:到会 41 人,同意 38 人"

func newKeys(t *testing.T) *seal.Keys {
	t.Helper()
	keys, err := seal.Create(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func open(t *testing.T, where string, keys *seal.Keys) *Vault {
	t.Helper()
	v, err := New(t.Context(), where, keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	return v
}

func put(t *testing.T, v *Vault, area, household, content string) string {
	t.Helper()
	digest, err := v.Put(t.Context(), area, household, []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func check(t *testing.T, v *Vault, area, household, digest, want string) {
	t.Helper()
	got, err := v.Get(t.Context(), area, household, digest)
	if err != nil || string(got) != want {
		t.Errorf("got %d bytes, error %v", len(got), err)
	}
}

func refused(t *testing.T, what string, err error, want fault.Reason) {
	t.Helper()
	if f := (*fault.Fault)(nil); !errors.As(err, &f) || f.Reason != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}

// files are the paths of everything in a folder.
func files(t *testing.T, folder string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestADocumentIsGivenBackByItsDigest(t *testing.T) {
	keys, folder := newKeys(t), filepath.Join(t.TempDir(), "data", "evidence")
	v := open(t, folder, keys)
	digest := put(t, v, "A", "h1", document)
	if sum := sha256.Sum256([]byte(document)); digest != hex.EncodeToString(sum[:]) {
		t.Errorf("digest %s", digest)
	}
	put(t, v, "A", "h1", "another")
	check(t, v, "A", "h1", digest, document)
	check(t, open(t, folder, keys), "A", "h1", digest, document)
	check(t, open(t, "file://"+filepath.ToSlash(folder), keys), "A", "h1", digest, document)
}

func TestADocumentIsAnAreasAndAHouseholdsAlone(t *testing.T) {
	folder := t.TempDir()
	v := open(t, folder, newKeys(t))
	digest := put(t, v, "A", "h1", document)
	for _, x := range []struct {
		area, household, digest string
		there                   bool
	}{
		{"A", "h1", digest, true}, {"B", "h1", digest, false}, {"A", "h2", digest, false}, {"A", "h1", strings.Repeat("0", 64), false},
	} {
		if found, err := v.Has(t.Context(), x.area, x.household, x.digest); found != x.there || err != nil {
			t.Errorf("area %s has %s of %s: %v, error %v", x.area, x.digest[:4], x.household, found, err)
		}
		_, err := v.Get(t.Context(), x.area, x.household, x.digest)
		if x.there && err != nil {
			t.Error(err)
		}
		if !x.there {
			refused(t, "another's", err, fault.EvidenceNotFound)
		}
	}
	put(t, v, "B", "h1", document)
	put(t, v, "A", "h2", document)
	if n := len(files(t, folder)); n != 3 {
		t.Errorf("%d files; that two have the same document can be seen", n)
	}
}

func TestTheFolderTellsNothing(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "evidence")
	v := open(t, folder, newKeys(t))
	digest := put(t, v, "460400", "h1", document)
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, error %v", info.Mode(), err)
	}
	list := files(t, folder)
	if len(list) != 1 {
		t.Fatalf("files: %v", list)
	}
	if name := filepath.Base(list[0]); name == digest || strings.Contains(name, "460400") || len(name) != 64 {
		t.Errorf("the name %s tells something", name)
	}
	content, err := os.ReadFile(list[0])
	if err != nil || bytes.Contains(content, []byte("会议记录")) || bytes.Contains(content, []byte(digest)) {
		t.Errorf("the content tells something, error %v", err)
	}
}

func TestDamageIsSeenAndHealedByPuttingTheSameAgain(t *testing.T) {
	folder := t.TempDir()
	v := open(t, folder, newKeys(t))
	digest := put(t, v, "A", "h1", document)
	path := files(t, folder)[0]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	for what, content := range map[string][]byte{"empty": {}, "cut": whole[:len(whole)-1], "flipped": flipped} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := v.Get(t.Context(), "A", "h1", digest)
		refused(t, what, err, fault.EvidenceDamaged)
		put(t, v, "A", "h1", document)
		check(t, v, "A", "h1", digest, document)
	}
	if n := len(files(t, folder)); n != 1 {
		t.Errorf("%d files for one document", n)
	}
}

// A document that is laid under another's name must not pass for it.
func TestWhatWasSealedForAnotherDigestHouseholdAreaOrKeyIsDamaged(t *testing.T) {
	keys, folder := newKeys(t), t.TempDir()
	v := open(t, folder, keys)
	digest, other := put(t, v, "A", "h1", document), put(t, v, "A", "h1", "another document")
	content := []byte("of another digest")
	sealed, err := keys.Seal(content, sealContext("A", "h1", digest))
	if err != nil {
		t.Fatal(err)
	}
	swap := func(area, household, from string) func() error {
		return func() error {
			return v.bucket.Copy(t.Context(), v.name(area, household, digest), v.name("A", "h1", from), nil)
		}
	}
	for _, c := range []struct {
		what, area, household string
		lay                   func() error
	}{
		{"another area's", "B", "h1", swap("B", "h1", digest)},
		{"another household's", "A", "h2", swap("A", "h2", digest)},
		{"another document", "A", "h1", swap("A", "h1", other)},
		{"other content under the right seal", "A", "h1", func() error {
			return v.bucket.WriteAll(t.Context(), v.name("A", "h1", digest), sealed, nil)
		}},
	} {
		if err := c.lay(); err != nil {
			t.Fatal(err)
		}
		_, err := v.Get(t.Context(), c.area, c.household, digest)
		refused(t, c.what, err, fault.EvidenceDamaged)
	}
	stranger := &Vault{bucket: v.bucket, keys: newKeys(t)}
	sealed, err = stranger.keys.Seal([]byte(document), sealContext("A", "h1", digest))
	if err != nil {
		t.Fatal(err)
	}
	if err := v.bucket.WriteAll(t.Context(), v.name("A", "h1", digest), sealed, nil); err != nil {
		t.Fatal(err)
	}
	_, err = v.Get(t.Context(), "A", "h1", digest)
	refused(t, "another key", err, fault.EvidenceDamaged)
}

func TestADocumentHasAtLeastOneByteAndAtMostTheLimit(t *testing.T) {
	folder := t.TempDir()
	v := open(t, folder, newKeys(t))
	for size, allowed := range map[int]bool{0: false, 1: true, MaxSize: true, MaxSize + 1: false} {
		_, err := v.Put(t.Context(), "A", "h1", make([]byte, size))
		if allowed && err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		if !allowed {
			refused(t, "size", err, fault.EvidenceSize)
		}
	}
	if n := len(files(t, folder)); n != 2 {
		t.Errorf("%d files", n)
	}
}

func TestManyPutTheSameAtOnce(t *testing.T) {
	folder := t.TempDir()
	v := open(t, folder, newKeys(t))
	digest := put(t, v, "A", "h1", document)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := v.Put(t.Context(), "A", "h1", []byte(document)); err != nil {
				t.Error(err)
			}
			check(t, v, "A", "h1", digest, document)
		})
	}
	all.Wait()
	if list := files(t, folder); len(list) != 1 {
		t.Errorf("files: %v", list)
	}
}

func TestABucketTakesThePlaceOfTheFolder(t *testing.T) {
	if _, err := New(t.Context(), "nowhere://evidence", newKeys(t)); err == nil {
		t.Error("a bucket of an unknown kind was opened")
	}
	v := open(t, "mem://evidence", newKeys(t))
	check(t, v, "A", "h1", put(t, v, "A", "h1", document), document)
}
