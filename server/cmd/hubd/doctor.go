package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/bangfuhub/hub/server"
)

var errUnwell = errors.New("something is wrong; see above")

type doctorCmd struct {
	storeFlags
	All  bool `help:"Look at every block and record, not at a sample; that may take minutes."`
	JSON bool `help:"Print the findings as one JSON array." name:"json"`
}

// Run checks a hub, also while it is serving.
func (c doctorCmd) Run(ctx context.Context) error {
	all := server.Doctor(ctx, c.config(), c.All)
	var wrong error
	for _, f := range all {
		state := "OK   "
		if !f.OK {
			state, wrong = "WRONG", errUnwell
			f.Found += "; " + f.Remedy
		}
		if !c.JSON {
			fmt.Printf("%s  %s: %s\n", state, f.Check, f.Found)
		}
	}
	if c.JSON {
		return errors.Join(json.NewEncoder(os.Stdout).Encode(all), wrong)
	}
	return wrong
}
