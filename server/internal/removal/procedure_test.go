package removal

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write PROCEDURE.md anew")

// procedure writes the procedure for people, from the table.
func procedure() string {
	var b strings.Builder
	b.WriteString("# 停止帮扶程序 · The removal procedure\n\n")
	b.WriteString("由 table.go 生成，勿手工修改。 Written from table.go by `go test ./server/internal/removal -update`; do not edit.\n\n")
	b.WriteString("```mermaid\nstateDiagram-v2\n")
	for _, s := range states {
		fmt.Fprintf(&b, "  %s: %s %s\n", s, s.Label().Chinese, s.Label().English)
	}
	for _, r := range table {
		from := r.From
		if slices.Contains(from, Announced) { // which EFFECTIVE is stored as
			from = append(slices.Clone(from), Effective)
		}
		for _, from := range from {
			name := string(from)
			if from == "" {
				name = "[*]"
			}
			fmt.Fprintf(&b, "  %s --> %s: %s %s\n", name, r.To, r.Step.Label().Chinese, r.Step.Label().English)
			if r.Else != "" {
				fmt.Fprintf(&b, "  %s --> %s: %s %s\n", name, r.Else, r.Why.Chinese, r.Why.English)
			}
		}
	}
	fmt.Fprintf(&b, "  %s --> %s: 生效日到 its day has come\n", Announced, Effective)
	for _, s := range states {
		if len(Possible(s)) == 0 && s != Effective {
			fmt.Fprintf(&b, "  %s --> [*]\n", s)
		}
	}
	b.WriteString("```\n\n")
	b.WriteString("每一步须由个人办理；提议人、审核人、审定人为三个不同的人。除撤回、撤销外，该户须仍在帮扶中。\n")
	b.WriteString("Every step needs a person; proposer, reviewer and confirmer are three different persons. But for withdrawing and\nreversing, the household must still be under support.\n\n")
	b.WriteString("| 步骤 Step | 从 From | 到 To | 由谁 By | 材料 Evidence | 还须 Also needed |\n|---|---|---|---|---|---|\n")
	for _, r := range table {
		b.WriteString(row(&r))
	}
	return b.String()
}

var states = []State{
	Proposed, Assessed, Appraised, InPublicity, Objected, Reviewed, Confirmed, Announced, Effective, NotPassed, Upheld, Withdrawn, Reversed,
}

func row(r *Rule) string {
	var from, by, papers, needs []string
	for _, s := range r.From {
		from = append(from, s.Label().Chinese+" "+s.Label().English)
	}
	for _, role := range r.Roles {
		by = append(by, role.Label().Chinese+" "+role.Label().English)
	}
	if r.Part != "" {
		by = append(by, "("+partWords[r.Part].Chinese+" "+partWords[r.Part].English+")")
	}
	for _, k := range r.Evidence {
		papers = append(papers, k.Label().Chinese+" "+k.Label().English)
	}
	for _, n := range r.Needs {
		needs = append(needs, n.Chinese+" "+n.English)
	}
	to := r.To.Label().Chinese + " " + r.To.Label().English
	if r.Else != "" {
		to += "<br>或 or " + r.Else.Label().Chinese + " " + r.Else.Label().English + " (" + r.Why.Chinese + " " + r.Why.English + ")"
	}
	cells := []string{r.Step.Label().Chinese + " " + string(r.Step), list(from), to, list(by), list(papers), list(needs)}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

func list(parts []string) string { return strings.Join(parts, "<br>") }

func TestTheDocumentIsTheTable(t *testing.T) {
	if *update {
		if err := os.WriteFile("PROCEDURE.md", []byte(procedure()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if was, err := os.ReadFile("PROCEDURE.md"); err != nil || string(was) != procedure() {
		t.Errorf("PROCEDURE.md differs from table.go: run go test -update (%v)", err)
	}
}

func TestEveryWordIsKnown(t *testing.T) {
	var all []labelled
	for _, s := range states {
		all = append(all, s)
	}
	for _, r := range table {
		all = append(all, r.Step)
		for _, role := range r.Roles {
			all = append(all, role)
		}
		for _, k := range r.Evidence {
			all = append(all, k)
		}
		for _, n := range r.Needs {
			if n.check == nil || !chinese.MatchString(n.Chinese) || !english.MatchString(n.English) {
				t.Errorf("%s: need %q %q", r.Step, n.Chinese, n.English)
			}
		}
	}
	for _, k := range HoldKinds {
		all = append(all, k)
	}
	for _, one := range all {
		if l := one.Label(); !chinese.MatchString(l.Chinese) || !english.MatchString(l.English) {
			t.Errorf("%v: %+v", one, l)
		}
	}
	if len(table) != len(stepWords) || len(HoldKinds) != len(holdWords) || len(states)+1 != len(stateWords) {
		t.Error("a word without its step, hold or state")
	}
}
