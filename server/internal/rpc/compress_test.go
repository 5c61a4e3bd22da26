package rpc

import (
	"testing"

	"google.golang.org/grpc/encoding"
)

// No test of this room has a client of the hub beside it, which would know zstd too.
func TestTheServerCanReadAndAnswerInZstd(t *testing.T) {
	if encoding.GetCompressor("zstd") == nil {
		t.Fatal("a client that compresses would be refused")
	}
}
