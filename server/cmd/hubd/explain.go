package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/bangfuhub/hub/server"
)

// explainCmd takes no identifier as a flag: flags are seen in the process list.
type explainCmd struct {
	storeFlags
	Household string      `help:"The hub's id of a household." xor:"subject"`
	Person    string      `help:"The hub's id of a person. Without --household and --person an identifier is read from standard input." xor:"subject"`
	Kind      string      `help:"Kind of the identifier on standard input." enum:"ID_NUMBER,HOUSEHOLD_NUMBER,PERSON_NUMBER,STUDENT_NUMBER" default:"ID_NUMBER"`
	Policy    string      `help:"Only this policy."`
	Date      server.Date `help:"Day asked about, YYYY-MM-DD. Today by default."`
	Agency    string      `help:"Agency that asks; its agreement decides what is answered." default:"office"`
	JSON      bool        `help:"One JSON object a policy." name:"json"`
}

// Run prints the answers.
func (c explainCmd) Run(ctx context.Context) error {
	q := server.Question{Subject: server.Subject{Household: c.Household, Person: c.Person}, Policy: c.Policy, On: c.Date}
	if c.Household == "" && c.Person == "" {
		value, err := readLine(os.Stdin)
		if err != nil {
			return err
		}
		q.Subject = server.Subject{Kind: c.Kind, Value: value}
	}
	return c.with(ctx, func(s *server.Server) error {
		all, err := s.Explain(ctx, server.Caller{Agency: c.Agency, Client: "hubd"}, q)
		if err != nil {
			return err
		}
		if c.JSON {
			return explainJSON(os.Stdout, all)
		}
		return explainText(os.Stdout, all)
	})
}

// readLine reads an identifier.
func readLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", err
	}
	return strings.TrimSpace(line), nil
}

// explained is one policy, as --json prints it.
type explained struct {
	Match          string        `json:"match"`
	Policy         string        `json:"policy"`
	Title          string        `json:"title"`
	Clause         string        `json:"clause"`
	Due            bool          `json:"due"`
	Entitled       bool          `json:"entitled"`
	Since          server.Date   `json:"since,omitempty"`
	Until          server.Date   `json:"until,omitempty"`
	Reason         string        `json:"reason,omitempty"`
	Message        string        `json:"message,omitempty"`
	Chinese        string        `json:"chinese,omitempty"`
	DecisionNumber string        `json:"decision_number,omitempty"`
	Condition      string        `json:"condition,omitempty"`
	Tests          []explainTest `json:"tests,omitempty"`
}

type explainTest struct {
	Test  string            `json:"test"`
	Held  bool              `json:"held"`
	Facts map[string]string `json:"facts"`
	Words []string          `json:"words"` // the facts as a clerk calls them, in Chinese
}

func explainJSON(w io.Writer, all []server.EntitlementAnswer) error {
	out := json.NewEncoder(w)
	for _, a := range all {
		e := explained{
			Match: string(a.Match), Policy: a.Policy.Code, Title: a.Policy.Title, Clause: a.Policy.Clause, Due: a.Policy.Due, Entitled: a.Entitled,
			Since: a.Since, Until: a.Until, Reason: a.Why.Code, Message: a.Why.English, Chinese: a.Why.Chinese, DecisionNumber: a.Why.DecisionNumber,
			Condition: a.Why.Condition,
		}
		for _, t := range a.Tests {
			test := explainTest{Test: t.Test, Held: t.Held, Facts: map[string]string{}}
			for _, f := range t.Facts {
				test.Facts[f.Name] = f.Value
				test.Words = append(test.Words, f.Label.Chinese+"："+f.Text.Chinese)
			}
			e.Tests = append(e.Tests, test)
		}
		if err := out.Encode(e); err != nil {
			return err
		}
	}
	return nil
}

func explainText(w io.Writer, all []server.EntitlementAnswer) error {
	var b strings.Builder
	for _, a := range all {
		fmt.Fprintf(&b, "%s %s (%s, %s)\n", a.Policy.Clause, a.Policy.Title, a.Policy.TitleEnglish, a.Policy.Code)
		if a.Entitled {
			fmt.Fprintf(&b, "  是 yes, since %s until %s\n", a.Since, orOpen(a.Until))
		} else {
			fmt.Fprintf(&b, "  否 no, %s\n  %s\n  %s\n", a.Why.Code, a.Why.Chinese, a.Why.English)
		}
		for _, t := range a.Tests {
			mark := "✓"
			if !t.Held {
				mark = "✗"
			}
			fmt.Fprintf(&b, "    %s %s\n", mark, t.Test)
			for _, f := range t.Facts {
				fmt.Fprintf(&b, "        %s：%s / %s: %s (%s = %s)\n", f.Label.Chinese, f.Text.Chinese, f.Label.English, f.Text.English, f.Name, f.Value)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
