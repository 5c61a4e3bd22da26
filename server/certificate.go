package server

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

// certificate is a certificate with its key, read again when the files change: every
// handshake looks at them, which costs little beside the handshake itself.
type certificate struct {
	chain, key string // files
	log        *slog.Logger

	mu   sync.Mutex
	seen [sha256.Size]byte // of what was last found in the files
	pair *tls.Certificate
}

// loadCertificate is an error where the files hold no certificate with its key.
func loadCertificate(chain, key string, log *slog.Logger) (*certificate, error) {
	c := &certificate{chain: filepath.Clean(chain), key: filepath.Clean(key), log: log}
	if err := c.read(); err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	return c, nil
}

// config is TLS with whatever certificate is good at the time of a handshake.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return c.current(), nil
	}}
}

// current is the certificate in the files, or where they are no good the last one that was.
func (c *certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.read(); err != nil {
		c.log.Error("the TLS certificate or its key is no good; the one before is still used", "error", err)
	}
	return c.pair
}

// read takes up a new pair. What was no good before is no error a second time.
func (c *certificate) read() error {
	chain, err := os.ReadFile(c.chain)
	key, keyErr := os.ReadFile(c.key)
	err = errors.Join(err, keyErr)
	found := sha256.Sum256(fmt.Appendf(nil, "%d %s %s %v", len(chain), chain, key, err))
	if found == c.seen {
		return nil
	}
	c.seen = found
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return err
	}
	if c.pair != nil {
		c.log.Info("a new TLS certificate is used", "until", pair.Leaf.NotAfter)
	}
	c.pair = &pair
	return nil
}
