package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/bangfuhub/hub/client/mirror"
)

// listed is how many villages or areas a summary names before it only counts them.
const listed = 10

// opMeaning says what an operation means for the people concerned.
var opMeaning = map[string]string{
	mirror.OpUpsert:    "new or changed",
	mirror.OpEnded:     "support ended",
	mirror.OpMoved:     "moved to another village",
	mirror.OpLeftScope: "left the list; says nothing about support",
	mirror.OpReload:    "by a full load",
	mirror.OpHeal:      "by healing",
}

// summarise writes a report for people. Errors of the writer have nobody to be told.
func summarise(out io.Writer, r report) {
	var b strings.Builder
	if r.Result != nil {
		summariseResult(&b, r)
	}
	if v := r.Verification; v != nil {
		fmt.Fprintf(&b, "%d rows verified, %d village(s) differ\n", v.Rows, len(v.Differing))
		villages(&b, "  differs: ", v.Differing)
		if len(v.Behind) > 0 {
			fmt.Fprintf(&b, "the hub is ahead in %s; pull first to compare these with it\n", some(v.Behind))
		}
	}
	summariseLetters(&b, r)
	_, _ = io.WriteString(out, b.String())
}

func summariseResult(b *strings.Builder, r report) {
	table(b, r.Result.Counts)
	for _, why := range r.Result.Reloads {
		fmt.Fprintf(b, "loaded anew: %s\n", why)
	}
	villages(b, "healed: ", r.Result.Healed)
	if held := r.Result.Held; held != nil {
		fmt.Fprintln(b, "HELD, nothing of this was applied:")
		table(b, held.Counts)
		for _, l := range held.Lists {
			fmt.Fprintf(b, "  %s: %d of %d rows would go, %d may go unasked\n", l.List, l.Removed, l.Rows, l.Limit)
		}
		fmt.Fprintln(b, "If that is right, run again with --accept-shrink.")
	}
	switch {
	case r.Result.Current && r.Result.Rows() == 0:
		fmt.Fprintln(b, "current, nothing new")
	case r.Result.Current:
		fmt.Fprintf(b, "current, %d rows\n", r.Result.Rows())
	}
	if len(r.Late) > 0 {
		fmt.Fprintf(b, "the hub has not derived its lists for %s yet in %s\n", r.Date, some(r.Late))
	}
	if end := r.Result.End; end != nil && end.AgreementEndsOn != "" {
		fmt.Fprintf(b, "a sharing agreement ends on %s\n", end.AgreementEndsOn)
	}
}

// summariseLetters says what became of each letter, and what a person has to do.
func summariseLetters(b *strings.Builder, r report) {
	for _, o := range r.Letters {
		name := o.Number
		if name == "" {
			name = o.ID
		}
		switch {
		case o.becameDisputed() && strings.HasSuffix(r.Command, "dispute"):
			fmt.Fprintf(b, "letter %s: objected to; the office will answer\n", name)
		case o.becameDisputed():
			fmt.Fprintf(b, "letter %s: DISPUTED, it differs from what was reported; the office was told\n", name)
		case o.Error != "":
			fmt.Fprintf(b, "letter %s: not done: %s\n", name, o.Error)
		default:
			fmt.Fprintf(b, "letter %s: %s\n", name, strings.ToLower(o.State))
		}
	}
	switch {
	case r.Waiting == 1:
		fmt.Fprintln(b, "1 letter waits for acknowledgement: hubsync letters list")
	case r.Waiting > 1:
		fmt.Fprintf(b, "%d letters wait for acknowledgement: hubsync letters list\n", r.Waiting)
	}
	if r.File != "" {
		fmt.Fprintf(b, "written to %s\n", r.File)
	}
}

func table(b *strings.Builder, counts []mirror.Count) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, c := range counts {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%d\t%s\n", c.List, c.Op, c.Cause, c.Rows, opMeaning[c.Op])
	}
	_ = w.Flush() // into memory
}

func villages(b *strings.Builder, label string, list []mirror.Village) {
	for i, v := range list {
		if i == listed {
			fmt.Fprintf(b, "%sand %d more\n", label, len(list)-listed)
			return
		}
		fmt.Fprintf(b, "%s%s in %s (%s)\n", label, v.List, v.Village, v.Area)
	}
}

func some(names []string) string {
	if len(names) <= listed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:listed], ", "), len(names)-listed)
}
