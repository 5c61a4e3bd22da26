// Package zstd lets gRPC messages be compressed by zstd on their way (grpc-encoding:
// zstd). Importing it is enough: a server answers in kind whoever compresses its requests.
//
// Blocks come packed already, and zstd makes them smaller by two fifths once more, which
// costs half as much as reading them: worth it on a thin line, a waste beside the hub. So
// it is for the client to ask.
package zstd

import (
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc/encoding"
)

// Name is what stands in grpc-encoding.
const Name = "zstd"

const (
	// window is how far back an encoder looks: a page's texts repeat within much less.
	window = 512 << 10
	// maxWindow bounds the memory that a message can make a decoder take, whatever it
	// claims. How much may come out of it, gRPC bounds itself, as it reads.
	maxWindow = 8 << 20
)

func init() { encoding.RegisterCompressor(&compressor{}) }

// compressor keeps encoders and decoders to be used again.
type compressor struct{ encoders, decoders sync.Pool }

// Name is called by gRPC.
func (*compressor) Name() string { return Name }

// Compress gives a writer that compresses to w until it is closed.
func (c *compressor) Compress(w io.Writer) (io.WriteCloser, error) {
	if e, ok := c.encoders.Get().(*encoder); ok {
		e.Reset(w)
		return e, nil
	}
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	return &encoder{z, c}, nil
}

type encoder struct {
	*zstd.Encoder
	home *compressor
}

// Close ends the message.
func (e *encoder) Close() error {
	err := e.Encoder.Close()
	e.Reset(nil)
	e.home.encoders.Put(e)
	return err
}

// Decompress gives a reader of what r was compressed from.
func (c *compressor) Decompress(r io.Reader) (io.Reader, error) {
	if d, ok := c.decoders.Get().(*decoder); ok {
		return d, d.Reset(r)
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return &decoder{z, c}, nil
}

type decoder struct {
	*zstd.Decoder
	home *compressor
}

// Read gives the decoder back at the end of the message; one that is not read to its end,
// being too large or damaged, is left to the garbage collector.
func (d *decoder) Read(p []byte) (int, error) {
	n, err := d.Decoder.Read(p)
	if err == io.EOF { //nolint:errorlint // a reader gives io.EOF itself
		_ = d.Reset(nil) // lets go of the message
		d.home.decoders.Put(d)
	}
	return n, err
}
