package main

import (
	"time"

	"github.com/bangfuhub/hub/server"
)

// limitFlags bound what callers may ask of hubd serve.
type limitFlags struct {
	MaxRequest      int           `help:"Greatest request, in bytes." default:"4194304" placeholder:"BYTES"`
	MaxCalls        int           `help:"Calls at a time on one gRPC connection." default:"256"`
	MaxHeader       int           `help:"Greatest header of a request, in bytes." default:"32768" placeholder:"BYTES"`
	HeaderTimeout   time.Duration `help:"In which the header of a REST request must have come." default:"10s"`
	ConnectionAge   time.Duration `help:"When gRPC clients are asked to connect anew, so that they spread over several processes; 0s: never." default:"30m"`
	ConnectionGrace time.Duration `help:"How long what runs on the old connection may go on." default:"30m"`
	Keepalive       time.Duration `help:"How often a silent gRPC connection is probed." default:"2m"`
	KeepaliveWait   time.Duration `help:"How long the answer to that may take." default:"20s"`
	MinPing         time.Duration `help:"How often gRPC clients may probe their connection at most." default:"20s"`
	RateLimit       float64       `help:"Calls a second of each client of an agency; 0: as many as it likes." default:"500"`
	RateBurst       int           `help:"Calls that it may make at once after a pause." default:"1000"`
}

func (f limitFlags) limits() server.Limits {
	return server.Limits{
		MaxRequest: f.MaxRequest, MaxCalls: f.MaxCalls, MaxHeader: f.MaxHeader, ReadHeader: f.HeaderTimeout,
		ConnectionAge: orNone(f.ConnectionAge), ConnectionGrace: f.ConnectionGrace,
		Keepalive: f.Keepalive, KeepaliveWait: f.KeepaliveWait, MinPing: f.MinPing, Rate: orNone(f.RateLimit), Burst: f.RateBurst,
	}
}

// orNone turns the 0 that a user gives for "none" into what Limits wants for it: there, 0 is the default.
func orNone[T time.Duration | float64](v T) T {
	if v == 0 {
		return -1
	}
	return v
}
