package rpc

import (
	"context"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/imports"
)

// pieces is a caller who sends some pieces and then, unless the last is nil, nothing more.
type pieces struct {
	grpc.ServerStream
	ctx  context.Context
	left [][]byte
}

func (p *pieces) Context() context.Context { return p.ctx }

func (p *pieces) Send(*hubv1.ImportFileResponse) error { return nil }

func (p *pieces) Recv() (*hubv1.ImportFileRequest, error) {
	if len(p.left) == 0 {
		<-p.ctx.Done()
		return nil, p.ctx.Err()
	}
	data := p.left[0]
	if p.left = p.left[1:]; data == nil {
		return nil, io.EOF
	}
	return &hubv1.ImportFileRequest{Part: &hubv1.ImportFileRequest_Data{Data: data}}, nil
}

// A caller who falls silent must not keep others from importing.
func TestASilentCallerLosesThePlace(t *testing.T) {
	m := imports.New(imports.Config{Scratch: t.TempDir()})
	for name, test := range map[string]struct {
		left     [][]byte
		patience time.Duration
		want     fault.Reason
	}{
		"silent":   {[][]byte{[]byte("a")}, time.Millisecond, fault.ImportStalled},
		"complete": {[][]byte{[]byte("a"), []byte("b"), nil}, time.Hour, ""},
	} {
		spool, err := m.Spool()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		err = files{patience: test.patience}.receive(&pieces{ctx: ctx, left: test.left}, spool)
		cancel()
		if (err == nil) != (test.want == "") || err != nil && !fault.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if text, _ := io.ReadAll(spool.Reader()); test.want == "" && string(text) != "ab" {
			t.Errorf("%s: received %q", name, text)
		}
		if err := spool.Close(); err != nil {
			t.Error(err)
		}
	}
}
