package rpc

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/imports"
	"github.com/bangfuhub/hub/server/internal/wire"
)

const (
	// maxUpload bounds a file, in bytes; it is the bound of room sheet, held before anything is read.
	maxUpload = 512 << 20
	// uploadTime is how long a whole file may take to come; at the greatest size that is 300 kB/s.
	uploadTime = 30 * time.Minute
	// reportPiece is divisible by three, so that the pieces' base64 texts may be joined.
	reportPiece = 192 << 10
)

// files loads what callers send.
type files struct {
	hubv1.UnsafeImportServiceServer
	hub      *hub.Hub
	importer *imports.Importer
	patience time.Duration // between two pieces of a file
}

type importStream = grpc.BidiStreamingServer[hubv1.ImportFileRequest, hubv1.ImportFileResponse]

// ImportFile receives a file, loads it and sends the outcome.
func (s files) ImportFile(stream importStream) error {
	head, mapping, err := s.begin(stream)
	if err != nil {
		return err
	}
	leave, err := s.importer.Enter()
	if err != nil {
		return err
	}
	defer leave()
	file, err := s.importer.Spool()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if err := s.receive(stream, file); err != nil {
		return err
	}
	report, err := s.importer.Spool()
	if err != nil {
		return err
	}
	defer func() { _ = report.Close() }()
	result, err := s.importer.Load(stream.Context(), fileOf(head, mapping, file), imports.Options{
		Caller: caller(stream.Context()), Authorise: true, DryRun: head.GetDryRun(), Progress: progress(stream),
		Rejected: func() (io.Writer, error) { return report, nil },
	})
	leave() // who is slow to read the outcome keeps nobody else waiting
	if err != nil {
		return err
	}
	if err := stream.Send(&hubv1.ImportFileResponse{Part: &hubv1.ImportFileResponse_Result{Result: importResult(result)}}); err != nil {
		return err
	}
	return sendReport(stream, result.Format, report)
}

// begin reads the header, and refuses who may not import before the file is sent.
func (s files) begin(stream importStream) (*hubv1.ImportHeader, *imports.Mapping, error) {
	first, err := stream.Recv()
	if err != nil {
		return nil, nil, received(err)
	}
	head := first.GetHeader()
	if head == nil {
		return nil, nil, wrongPart("header", fault.Required)
	}
	mapping, err := imports.Named(head.GetMapping())
	if err != nil {
		return nil, nil, err
	}
	return head, mapping, s.hub.MayImport(stream.Context(), caller(stream.Context()), mapping.Group)
}

var orders = map[hubv1.RowOrder]imports.Order{
	hubv1.RowOrder_ROW_ORDER_UNSPECIFIED: imports.OrderDetect,
	hubv1.RowOrder_ROW_ORDER_GROUPED:     imports.OrderGrouped,
	hubv1.RowOrder_ROW_ORDER_ANY:         imports.OrderAny,
}

func fileOf(h *hubv1.ImportHeader, m *imports.Mapping, content *imports.Spool) imports.File {
	return imports.File{
		Content: content, Size: content.Size(), Mapping: m, Source: h.GetSource(), AsOf: date.Date(h.GetAsOf()), Order: orders[h.GetOrder()],
	}
}

// receive writes the pieces of a file until the caller has sent the last. A caller who
// sends nothing for a while loses the place, which others wait for.
func (s files) receive(stream importStream, file *imports.Spool) error {
	type piece struct {
		*hubv1.ImportFileRequest
		err error
	}
	pieces := make(chan piece)
	go func() {
		for err := error(nil); err == nil; {
			var m *hubv1.ImportFileRequest
			m, err = stream.Recv()
			select {
			case pieces <- piece{m, err}:
			case <-stream.Context().Done(): // the call has ended
				return
			}
		}
	}()
	silent, late := time.NewTimer(s.patience), time.NewTimer(uploadTime)
	defer silent.Stop()
	defer late.Stop()
	for {
		silent.Reset(s.patience)
		select {
		case p := <-pieces:
			if errors.Is(p.err, io.EOF) {
				return nil
			}
			if p.err != nil {
				return p.err
			}
			if err := keep(p.ImportFileRequest, file); err != nil {
				return err
			}
		case <-silent.C:
			return fault.New(fault.ImportStalled, "seconds", strconv.Itoa(int(s.patience.Seconds())))
		case <-late.C:
			return fault.New(fault.ImportStalled, "seconds", strconv.Itoa(int(uploadTime.Seconds())))
		case <-stream.Context().Done():
			return context.Cause(stream.Context())
		}
	}
}

// keep writes a piece.
func keep(m *hubv1.ImportFileRequest, file *imports.Spool) error {
	if m.GetHeader() != nil {
		return wrongPart("header", fault.Duplicate, "with", "header")
	}
	if file.Size()+int64(len(m.GetData())) > maxUpload {
		return fault.New(fault.FileTooLarge, "limit", "512 MiB")
	}
	_, err := file.Write(m.GetData())
	return err
}

// received is what a caller gets to hear who sends nothing.
func received(err error) error {
	if errors.Is(err, io.EOF) {
		return wrongPart("header", fault.Required)
	}
	return err
}

func wrongPart(field string, r fault.Reason, pairs ...string) error {
	return fault.List(fault.InvalidRequest, []fault.Violation{fault.Bad(field, r, pairs...)})
}

// progress tells the caller now and then how far the import is. That the caller has gone
// shows at the stream's context, which ends the import.
func progress(stream importStream) func(int) {
	var last time.Time
	return func(rows int) {
		if time.Since(last) < time.Second {
			return
		}
		last = time.Now()
		_ = stream.Send(&hubv1.ImportFileResponse{Part: &hubv1.ImportFileResponse_Progress{Progress: &hubv1.ImportProgress{Rows: count(rows)}}})
	}
}

func importResult(r imports.Result) *hubv1.ImportResult {
	out := &hubv1.ImportResult{
		DryRun: r.DryRun, Rows: count(r.Lines), Accepted: count(r.Accepted), Created: count(r.Created), Changed: count(r.Changed),
		Unchanged: count(r.Unchanged), Rejected: count(r.Rejected), Changes: counts(r.Changes), Reasons: counts(r.Reasons), MatchStates: counts(r.Matches),
	}
	for _, village := range slices.Sorted(maps.Keys(r.Villages)) {
		out.Villages = append(out.Villages, &hubv1.VillageChanges{Village: village, Changes: counts(r.Villages[village])})
	}
	return out
}

func sendReport(stream importStream, format string, report *imports.Spool) error {
	in := report.Reader()
	piece := make([]byte, reportPiece)
	for {
		n, err := io.ReadFull(in, piece)
		if n > 0 {
			m := &hubv1.ImportReport{Format: format, Data: piece[:n]}
			if err := stream.Send(&hubv1.ImportFileResponse{Part: &hubv1.ImportFileResponse_Report{Report: m}}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// ListMappings tells which files the hub can read.
func (s files) ListMappings(context.Context, *hubv1.ListMappingsRequest) (*hubv1.ListMappingsResponse, error) {
	out := &hubv1.ListMappingsResponse{}
	for _, m := range imports.Mappings() {
		p := &hubv1.Mapping{Name: m.Name, Title: m.Title, Group: wire.GroupToProto(m.Group)}
		for _, c := range m.Columns {
			p.Columns = append(p.Columns, &hubv1.MappingColumn{Field: c.Field, Headers: c.Headers, Required: c.Required})
		}
		out.Mappings = append(out.Mappings, p)
	}
	return out, nil
}

func counts[K ~string](m map[K]int) map[string]int32 {
	out := make(map[string]int32, len(m))
	for k, n := range m {
		out[string(k)] = count(n)
	}
	return out
}

// count is bounded by the rows of a file.
func count(n int) int32 { return int32(n) } //nolint:gosec // see above
