package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
)

// certified makes a certificate with this serial number, and its key, as PEM.
func certified(t testing.TB, serial int64) (chain, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"hub.example"},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// mustShow shakes hands on both ports of a hub and looks at the certificate.
func mustShow(t testing.TB, h *hubtest.Hub, serial int64) {
	t.Helper()
	for _, address := range []string{h.GRPCAddress(), h.HTTPAddress()} {
		d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12}} //nolint:gosec // looked at below
		conn, err := d.DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.Int64(); got != serial {
			t.Errorf("%s shows certificate %d, want %d", address, got, serial)
		}
		_ = conn.Close()
	}
}

func put(t testing.TB, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestANewCertificateIsUsedWithoutARestartAndABadOneIsNot(t *testing.T) {
	chain, key := filepath.Join(t.TempDir(), "chain.pem"), filepath.Join(t.TempDir(), "key.pem")
	firstChain, firstKey := certified(t, 1)
	secondChain, secondKey := certified(t, 2)
	put(t, chain, firstChain)
	put(t, key, firstKey)
	h := hubtest.Start(t, hubtest.Config{Change: func(c *server.Config) { c.Certificate, c.CertificateKey = chain, key }})
	mustShow(t, h, 1)
	put(t, chain, secondChain) // its key is still to come
	mustShow(t, h, 1)
	put(t, key, secondKey)
	mustShow(t, h, 2)
	put(t, chain, []byte("half a cert"))
	mustShow(t, h, 2)
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	mustShow(t, h, 2)
	if said := strings.Count(h.Log.String(), "the one before is still used"); said != 3 {
		t.Errorf("said %d times that a pair is no good, want once for each of three:\n%s", said, h.Log)
	}
	put(t, key, firstKey)
	put(t, chain, firstChain)
	mustShow(t, h, 1)
}

func TestAHubDoesNotStartWithABadCertificate(t *testing.T) {
	chain, key := filepath.Join(t.TempDir(), "chain.pem"), filepath.Join(t.TempDir(), "key.pem")
	firstChain, _ := certified(t, 1)
	_, secondKey := certified(t, 2)
	put(t, chain, firstChain)
	put(t, key, secondKey)
	got := mustRun(t, 1, "hubd", "serve", "--data", t.TempDir(), "--certificate", chain, "--certificate-key", key)
	if !strings.Contains(got.stderr, "TLS certificate") {
		t.Errorf("it does not say why: %s", got.stderr)
	}
}
