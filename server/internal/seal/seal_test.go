package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func newFile(t testing.TB) (*Keys, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	keys, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return keys, path
}

func mustSeal(t testing.TB, k *Keys, plain, context string) []byte {
	t.Helper()
	sealed, err := k.Seal([]byte(plain), []byte(context))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestOpenGivesBackWhatWasSealed(t *testing.T) {
	keys, _ := newFile(t)
	for _, plain := range []string{"", "x", strings.Repeat("长", 20_000)} {
		sealed := mustSeal(t, keys, plain, "households/hh_1/3")
		if len(plain) > 10 && bytes.Contains(sealed, []byte(plain[:9])) {
			t.Fatal("sealed bytes contain the plaintext")
		}
		got, err := keys.Open(sealed, []byte("households/hh_1/3"))
		if err != nil || string(got) != plain {
			t.Fatalf("opened %d bytes, %v; want %d", len(got), err, len(plain))
		}
	}
}

func TestEveryTamperedByteIsRefusedWithoutTellingThePlaintext(t *testing.T) {
	keys, _ := newFile(t)
	const plain = "公民身份号码"
	sealed := mustSeal(t, keys, plain, "c")
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		got, err := keys.Open(bad, []byte("c"))
		if !errors.Is(err, ErrOpen) || got != nil {
			t.Fatalf("byte %d flipped: opened %d bytes, %v", i, len(got), err)
		}
		if strings.Contains(err.Error(), plain) {
			t.Fatal("the error tells the plaintext")
		}
	}
	for n := range sealed {
		if _, err := keys.Open(sealed[:n], []byte("c")); !errors.Is(err, ErrOpen) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
}

func TestAnotherContextOrKeyDoesNotOpen(t *testing.T) {
	keys, _ := newFile(t)
	other, _ := newFile(t)
	sealed := mustSeal(t, keys, "document", "households/hh_1/3")
	if _, err := keys.Open(sealed, []byte("households/hh_1/4")); !errors.Is(err, ErrOpen) {
		t.Errorf("another context: %v", err)
	}
	if _, err := other.Open(sealed, []byte("households/hh_1/3")); !errors.Is(err, ErrOpen) {
		t.Errorf("another key: %v", err)
	}
}

func TestHashesAreStableAcrossReloadsAndDifferByKindValueAndKey(t *testing.T) {
	keys, path := newFile(t)
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	h := keys.Hash("ID_NUMBER", "11010519491231002X")
	if len(h) != HashSize {
		t.Fatalf("hash has %d bytes", len(h))
	}
	if !bytes.Equal(h, again.Hash("ID_NUMBER", "11010519491231002X")) {
		t.Error("the reloaded keys hash differently")
	}
	other, _ := newFile(t)
	for name, x := range map[string][]byte{
		"value":                keys.Hash("ID_NUMBER", "110105194912310021"),
		"kind":                 keys.Hash("PERSON_NUMBER", "11010519491231002X"),
		"border kind to value": keys.Hash("ID_NUMBER1", "1010519491231002X"),
		"key":                  other.Hash("ID_NUMBER", "11010519491231002X"),
	} {
		if bytes.Equal(h, x) {
			t.Errorf("another %s gives the same hash", name)
		}
	}
}

func TestReloadedKeysOpenWhatWasSealedBefore(t *testing.T) {
	keys, path := newFile(t)
	again, err := LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Open(mustSeal(t, keys, "document", "c"), []byte("c")); err != nil || string(got) != "document" {
		t.Fatalf("opened %q, %v", got, err)
	}
}

func TestKeyFileIsTheOwnersAloneAndNothingElseIsLeftBehind(t *testing.T) {
	_, path := newFile(t)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files in the folder, %v", len(entries), err)
	}
}

func TestCreateNeverOverwrites(t *testing.T) {
	_, path := newFile(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("second Create: %v", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Fatalf("the key file changed, %v", err)
	}
}

func TestADamagedOrMissingKeyFileIsAnErrorNotNewKeys(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	_, path := newFile(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	swapped := bytes.ReplaceAll(whole, []byte(`"sealing"`), []byte(`"unknown"`))
	for name, content := range map[string][]byte{"empty": {}, "cut": whole[:len(whole)/2], "no sealing keyset": swapped} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadOrCreate(path); err == nil {
			t.Errorf("%s key file was accepted", name)
		}
	}
}

func TestProcessesThatStartAtOnceEndUpWithTheSameKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	hashes := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range hashes {
		wg.Go(func() {
			keys, err := LoadOrCreate(path)
			if err != nil {
				t.Error(err)
				return
			}
			hashes[i] = keys.Hash("k", "v")
		})
	}
	wg.Wait()
	for i, h := range hashes {
		if !bytes.Equal(h, hashes[0]) {
			t.Fatalf("starter %d has other keys", i)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	keys, _ := newFile(t)
	want := keys.Hash("k", "v")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 200 {
				context := fmt.Append(nil, i)
				sealed, err := keys.Seal(context, context)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := keys.Open(sealed, context); err != nil || !bytes.Equal(got, context) {
					t.Errorf("opened %q, %v", got, err)
				}
				if !bytes.Equal(keys.Hash("k", "v"), want) {
					t.Error("hash differs")
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkSeal(b *testing.B) {
	keys, _ := newFile(b)
	context := []byte("records/danzhou/education/460400100200/hh_1/pp_1")
	for _, size := range []int{200, 40_000} {
		plain := bytes.Repeat([]byte{'x'}, size)
		sealed := mustSeal(b, keys, string(plain), string(context))
		b.Run(fmt.Sprintf("seal %d B", size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := keys.Seal(plain, context); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("open %d B", size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := keys.Open(sealed, context); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("hash", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			keys.Hash("ID_NUMBER", "11010519491231002X")
		}
	})
}
