package main

import (
	"context"
	"fmt"

	"github.com/bangfuhub/hub/server"
)

type backupCmd struct {
	storeFlags
	Folder string `arg:"" help:"Folder to make." type:"path"`
}

// Run copies the embedded store, also while a hub serves it.
func (c backupCmd) Run(ctx context.Context) error {
	return c.with(ctx, func(s *server.Server) error {
		m, err := s.Backup(ctx, c.Folder)
		if err != nil {
			return err
		}
		for _, f := range m.Files {
			fmt.Printf("%s\t%d bytes\tsha256 %s\n", f.Name, f.Bytes, f.SHA256)
		}
		fmt.Printf("Not in it: the key file (fingerprint %s), and the evidence in %s. Copy both; evidence after this.\n", m.Keys, s.EvidenceFolder())
		return nil
	})
}

type restoreCmd struct {
	Folder string `arg:"" help:"Folder that hubd backup made." type:"existingdir"`
	Data   string `help:"Folder of the store to make. The key file must lie in it, or --keys say where." type:"path" required:""`
	Keys   string `help:"File of the data keys. Default: keys.json in --data." type:"path"`
}

// Run makes a store out of a backup.
func (c restoreCmd) Run(ctx context.Context) error {
	m, err := server.Restore(ctx, server.Config{Data: c.Data, Keys: c.Keys}, c.Folder)
	if err == nil {
		fmt.Printf("restored as of %s, under a new epoch: mirrors load anew by themselves\n", m.Made.Format("2006-01-02 15:04:05 MST"))
	}
	return err
}

type restoredCmd struct{ storeFlags }

// Run gives a restored database a new epoch.
func (c restoredCmd) Run(ctx context.Context) error {
	return c.with(ctx, func(s *server.Server) error {
		err := s.Restored(ctx)
		if err == nil {
			fmt.Println("a new epoch has begun: mirrors load anew by themselves")
		}
		return err
	})
}
