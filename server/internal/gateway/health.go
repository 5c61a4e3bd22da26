package gateway

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// Live answers GET /livez: the process is there and answers. Whoever restarts processes asks
// this; a store that is away for a moment is no reason to.
func Live() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeHealth(w, true) })
}

// Ready answers GET /readyz: calls can be served. Whoever sends calls to processes asks this.
func Ready(conn *grpc.ClientConn) http.Handler {
	client := grpc_health_v1.NewHealthClient(conn)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		res, err := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
		writeHealth(w, err == nil && res.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING)
	})
}

func writeHealth(w http.ResponseWriter, well bool) {
	code, state := http.StatusOK, "SERVING"
	if !well {
		code, state = http.StatusServiceUnavailable, "NOT_SERVING"
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, "{\"status\":%q}\n", state) // the client may be gone
}
