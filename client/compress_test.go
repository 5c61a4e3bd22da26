package client_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/internal/testhub"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// counted puts a wire before an address and counts the bytes that come back over it.
func counted(t *testing.T, address string) (string, *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var bytes atomic.Int64
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", address)
			if err != nil {
				_ = near.Close()
				return
			}
			go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
			go func() { _, _ = io.Copy(countingWriter{near, &bytes}, far); _ = near.Close() }()
		}
	}()
	return l.Addr().String(), &bytes
}

type countingWriter struct {
	io.Writer
	bytes *atomic.Int64
}

func (w countingWriter) Write(p []byte) (int, error) {
	w.bytes.Add(int64(len(p)))
	return w.Writer.Write(p)
}

// like gives the hub n records that resemble one another, as those of a list do.
func like(h *testhub.Hub, n int) {
	for i := range n {
		key := testhub.Key{List: "education", Household: fmt.Sprintf("hh_%d", i), Person: "p"}
		h.Commit("danzhou", "IMPORT", key.Put(village, &hubv1.Record{Name: "虚拟小学五年级一班"}))
	}
}

// readAll reads everything and gives records and bytes on the wire.
func readAll(t *testing.T, address string, change func(*client.Config)) (records int, bytes int64, err error) {
	t.Helper()
	wire, count := counted(t, address)
	config := client.Config{Target: wire, Insecure: true, Tries: 1}
	change(&config)
	c, err := client.New(config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for p, err := range c.Pages(t.Context(), &hubv1.FollowRequest{}) {
		if err != nil {
			return records, count.Load(), err
		}
		for _, b := range p.GetBlocks() {
			records += len(b.GetRecords())
		}
	}
	return records, count.Load(), nil
}

func TestMessagesAreCompressedOnlyForWhoAsks(t *testing.T) {
	hub, address := testhub.Serve(t, list())
	like(hub, 500)
	n, plain, err := readAll(t, address, func(*client.Config) {})
	if err != nil || n != 500 || plain < 500*20 {
		t.Fatalf("%d records in %d bytes: %v", n, plain, err)
	}
	n, small, err := readAll(t, address, func(c *client.Config) { c.Compress = true })
	if err != nil || n != 500 || small > plain/3 {
		t.Fatalf("%d records in %d bytes, %d without compression: %v", n, small, plain, err)
	}
}

func TestAMessageThatInflatesBeyondTheLimitIsRefused(t *testing.T) {
	hub, address := testhub.Serve(t, list())
	key := testhub.Key{List: "education", Household: "hh_1", Person: "p"}
	hub.Commit("danzhou", "IMPORT", key.Put(village, &hubv1.Record{Name: strings.Repeat("x", 3<<20)}))
	_, bytes, err := readAll(t, address, func(c *client.Config) { c.Compress, c.MaxMessage = true, 1<<20 })
	if e := client.Of(err); e == nil || e.Code != codes.ResourceExhausted || bytes > 1<<16 {
		t.Fatalf("%d bytes on the wire: %v", bytes, err)
	}
}
