package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// toxicLine is a TCP line through a proxy that spoils it.
type toxicLine struct {
	name  string
	proxy *toxiproxy.Proxy
}

func newToxicLine(t *testing.T, name, target string) toxicLine {
	t.Helper()
	control := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := toxicLine{name, toxiproxy.NewProxy(control, name, "127.0.0.1:0", target)}
	if err := l.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.proxy.Stop)
	return l
}

func (l toxicLine) address() string { return l.proxy.Listen }

// toxic is one fault, as toxiproxy reads it.
type toxic struct {
	Type       string         `json:"type"`
	Stream     string         `json:"stream"` // "upstream" is what is asked, "downstream" what is answered
	Toxicity   float64        `json:"toxicity"`
	Attributes map[string]any `json:"attributes"`
}

// spoil lets a line have faults, on the connections that cross it and on those to come.
func (l toxicLine) spoil(t *testing.T, all []toxic) {
	t.Helper()
	for _, x := range all {
		text, err := json.Marshal(x)
		if err == nil {
			_, err = l.proxy.Toxics.AddToxicJson(bytes.NewReader(text))
		}
		if err != nil {
			t.Fatalf("%s: %v: %v", l.name, x, err)
		}
	}
}

// mend takes all faults away. Connections on which bytes were lost are closed by that.
func (l toxicLine) mend() { l.proxy.Toxics.ResetToxics(context.Background()) }

// faultKinds are the ways in which a line is spoiled. Reset connections are those begun
// meanwhile; what crossed before is cut off.
var faultKinds = map[string]func(*rand.Rand) map[string]any{
	"reset_peer": func(r *rand.Rand) map[string]any { return map[string]any{"timeout": r.IntN(50)} },
	"latency": func(r *rand.Rand) map[string]any {
		return map[string]any{"latency": 2 + r.IntN(40), "jitter": r.IntN(20)}
	},
	"slicer": func(r *rand.Rand) map[string]any {
		size := 40 + r.IntN(400)
		return map[string]any{"average_size": size, "size_variation": size / 2, "delay": 10}
	},
	"timeout":    func(*rand.Rand) map[string]any { return map[string]any{"timeout": 0} }, // half open: nothing comes through, nothing ends
	"limit_data": func(r *rand.Rand) map[string]any { return map[string]any{"bytes": 1 + r.IntN(20_000)} },
}

// anyFault is one fault, of what is asked, of what is answered, or of both.
func anyFault(r *rand.Rand) []toxic {
	kinds := []string{"reset_peer", "latency", "slicer", "timeout", "limit_data"}
	kind := kinds[r.IntN(len(kinds))]
	attributes := faultKinds[kind](r)
	up, down := toxic{kind, "upstream", 1, attributes}, toxic{kind, "downstream", 1, attributes}
	return [][]toxic{{up}, {down}, {up, down}}[r.IntN(3)]
}
