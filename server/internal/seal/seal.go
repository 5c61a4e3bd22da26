// Package seal holds the hub's data keys: it seals documents before they are
// stored and turns identifiers and names into keyed hashes by which they can be
// found without standing anywhere in plain.
//
// Two tink keysets live in one key file (see Create). The sealing keyset may be
// given further keys with tinkey; old ones keep opening what they sealed. The
// hashing keyset must keep its primary key as long as its hashes are stored.
package seal

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// HashSize is the length of a keyed hash in bytes.
const HashSize = 32

// ErrOpen says that sealed bytes are damaged, or were sealed for another context
// or under keys that the key file doesn't hold. It tells no more on purpose.
var ErrOpen = errors.New("seal: sealed data does not open: damaged, or of another context or key")

// Keys seals and hashes. It is safe for use by several goroutines at once.
type Keys struct {
	aead tink.AEAD
	prf  *prf.Set
}

// Seal encrypts and authenticates plain with AES-256-GCM. The context (which
// row of which table this is) is authenticated but not stored: Open needs the same,
// so that a sealed document cannot be passed off as another's.
func (k *Keys) Seal(plain, context []byte) ([]byte, error) {
	sealed, err := k.aead.Encrypt(plain, context)
	if err != nil {
		return nil, fmt.Errorf("seal: encrypt %d bytes: %w", len(plain), err)
	}
	return sealed, nil
}

// Open gives back what Seal was given with the same context, otherwise ErrOpen.
func (k *Keys) Open(sealed, context []byte) ([]byte, error) {
	plain, err := k.aead.Decrypt(sealed, context)
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// Hash is the keyed hash (HMAC-SHA256, 32 bytes) of a value that the caller has
// normalised. Hashes of one value under two kinds have nothing in common: the kind
// stands before the value with its length, so that no two pairs share an input.
func (k *Keys) Hash(kind, normalisedValue string) []byte {
	input := make([]byte, 0, 96) // on the stack for every usual identifier
	input = binary.BigEndian.AppendUint32(input, uint32(len(kind)))
	input = append(input, kind...)
	input = append(input, normalisedValue...)
	hash, err := k.prf.ComputePrimaryPRF(input, HashSize)
	if err != nil {
		// newKeys has computed one hash with this very key and length.
		panic("seal: keyed hash: " + err.Error())
	}
	return hash
}

func newKeys(sealing, hashing *keyset.Handle) (*Keys, error) {
	a, err := aead.New(sealing)
	if err != nil {
		return nil, fmt.Errorf("sealing keyset: %w", err)
	}
	p, err := prf.NewPRFSet(hashing)
	if err != nil {
		return nil, fmt.Errorf("hashing keyset: %w", err)
	}
	if _, err := p.ComputePrimaryPRF(nil, HashSize); err != nil {
		return nil, fmt.Errorf("hashing keyset gives no %d bytes: %w", HashSize, err)
	}
	return &Keys{aead: a, prf: p}, nil
}

// Fingerprint tells key files apart and says nothing about the keys.
func (k *Keys) Fingerprint() string { return hex.EncodeToString(k.Hash("fingerprint", "")[:8]) }
