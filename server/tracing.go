package server

import (
	"context"
	"errors"
	"os"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc/filters"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
)

// lastSpans is how long the end of the hub waits for a collector.
const lastSpans = 2 * time.Second

// TracingAsked tells whether the standard environment variables name where traces go to.
func TracingAsked() bool {
	return os.Getenv("OTEL_SDK_DISABLED") != "true" &&
		(os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "")
}

// startTracing gives the option that traces every call, and what sends the last spans. A span
// names method, outcome and the caller's address, never what was asked or answered.
func (s *Server) startTracing(ctx context.Context) (traced grpc.ServerOption, end func(), err error) {
	if !s.cfg.Tracing {
		return grpc.EmptyServerOption{}, func() {}, nil
	}
	exporter, err := otlptracegrpc.New(ctx)
	if err != nil {
		return nil, nil, err
	}
	provider, err := provide(exporter)
	if err != nil {
		return nil, nil, errors.Join(err, exporter.Shutdown(ctx))
	}
	end = func() {
		last, cancel := context.WithTimeout(context.Background(), lastSpans)
		defer cancel()
		if err := provider.Shutdown(last); err != nil {
			s.cfg.Log.Warn("the last spans were not sent", "error", err)
		}
	}
	return grpc.StatsHandler(otelgrpc.NewServerHandler(
		otelgrpc.WithTracerProvider(provider), otelgrpc.WithPropagators(propagation.TraceContext{}),
		otelgrpc.WithFilter(filters.Not(filters.HealthCheck())),
	)), end, nil
}

// provide names the service hubd unless the environment has another name for it.
func provide(exporter trace.SpanExporter) (*trace.TracerProvider, error) {
	named := resource.NewSchemaless(attribute.String("service.name", "hubd"))
	merged, err := resource.Merge(named, resource.Environment())
	if err != nil {
		return nil, err
	}
	return trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithResource(merged)), nil
}
