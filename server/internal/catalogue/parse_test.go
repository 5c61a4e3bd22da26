package catalogue

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// small is a valid catalogue of 42 lines; the tests break it line by line.
const small = `name: small-2020
title: 小目录
title_en: a small catalogue
exit_clause: 一(致富户)
beneficiaries: household.poverty_status == PovertyStatus.LIFTED
fields:
  - {name: head_name, meaning: 户主, meaning_en: head, source: REGISTER, sharing: conditional}
  - {name: name, meaning: 姓名, meaning_en: name, source: REGISTER, sharing: conditional}
  - {name: entitlements, meaning: 政策, meaning_en: policies, source: REGISTER, sharing: conditional}
policies:
  - code: house
    clause: 一(三)
    title: 房
    title_en: house
    department: housing
    grain: household
    due: false
    reach: supported
    from: 2019-01-01
    until: 2020-12-31
    at_removal: at-once
    condition: household.damaged
  - code: pupil
    clause: 一(一)
    title: 学
    title_en: pupil
    department: education
    grain: person
    due: true
    reach: everyone
    from: 2019-01-01
    condition: |
      person.age >= 6 &&
      person.age <= 15
lists:
  - {name: houses, title: 房, title_en: houses, department: housing, grain: household, basis: 一(三), policies: [house], fields: [head_name, entitlements]}
  - name: pupils
    title: 学
    title_en: pupils
    department: education
    grain: person
    basis: 一(一)
    policies: [pupil]
    fields: [name,
             head_name]
`

func TestTheSmallCatalogueIsValid(t *testing.T) {
	c, err := Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if p := c.Policy("house"); p.Condition != "(household.poverty_status == PovertyStatus.LIFTED) && (household.damaged)" {
		t.Errorf("the published condition is the whole one; got %s", p.Condition)
	}
	if len(c.Policy("house").when) != 2 || c.Policy("house").when[0] != c.Policy("pupil").when[0] {
		t.Error("policies do not share the test of their beneficiaries")
	}
	if f := c.List("pupils").Fields[1]; f.Basis != "一(一)" || f.Meaning != "户主" {
		t.Errorf("got %+v", f)
	}
}

func TestWhatIsWrongIsNamedWithItsLine(t *testing.T) {
	tests := []struct{ name, old, with, field, message string }{
		{"unknown key", "    clause: 一(三)", "    claus: 一(三)", "line 12: policies[0].claus", "known are code, clause,"},
		{"missing key", "    title: 房\n", "", "line 11: policies[0].title", "must be given"},
		{"empty key", "    title: 房\n", "    title:\n", "line 11: policies[0].title", "must be given"},
		{"unknown key at the top", "title: 小目录", "titel: 小目录", "line 2: titel", "known are name, title,"},
		{"unknown key of a list", "    basis: 一(一)", "    bases: 一(一)", "line 42: lists[1].bases", "known are"},
		{"unknown key of a field", "name: name, meaning: 姓名", "name: name, sense: 姓名", "line 8: fields[1].sense", "known are"},
		{"key twice", "    clause: 一(三)", "    clause: 一(三)\n    clause: 一", "line 13", "already defined"},
		{"no YAML", "title: 小目录", "\ttitle: 小目录", "line 2", "is not YAML"},
		{"an alias", "title: 小目录", "title: *t", "line 2: title", "a text"},
		{"a mapping for a text", "title: 小目录", "title: {a: b}", "line 2: title", "a text"},
		{"a text for a sequence", "    policies: [pupil]", "    policies: pupil", "line 43: lists[1].policies", "a sequence"},
		{"a text for an entry", "  - {name: houses", "  - houses\n  - {name: houses", "line 36: lists[0]", "a mapping"},
		{"no lists", small[strings.Index(small, "lists:"):], "", "line 1: lists", "must be given"},

		{"CEL syntax", "condition: household.damaged", "condition: household.damaged &&", "line 22: policies[0].condition", "column "},
		{"CEL syntax in a block", "person.age <= 15", "person.age <= ", "line 34: policies[1].condition", "column "},
		{"misspelt fact", "household.damaged", "household.damages", "line 22: policies[0].condition", "column 10: undeclared reference"},
		{"misspelt code", "PovertyStatus.LIFTED", "PovertyStatus.LIFTD", "line 5: beneficiaries", "did you mean 'PovertyStatus.LIFTED'"},
		{"code as a text", "PovertyStatus.LIFTED", "'LIFTED'", "line 5: beneficiaries", "(PovertyStatus, string)"},
		{"code among texts", "== PovertyStatus.LIFTED", "in [PovertyStatus.LIFTED, 'LIFTED']", "line 5: beneficiaries", "expected type 'PovertyStatus'"},
		{"code of another list", "PovertyStatus.LIFTED", "Grade.C", "line 5: beneficiaries", "(PovertyStatus, Grade)"},
		{"not true or false", "household.damaged", "household.member_count", "line 22: policies[0].condition", "gives int"},
		{"what can fail", "household.damaged", "1 / household.member_count == 1", "line 22: policies[0].condition", "'_/_'"},
		{"person fact at household grain", "household.damaged", "household.damaged && person.age > 3", "line 22: policies[0].condition", "column 28: person.age is a fact about a person"},
		{"person fact of the beneficiaries", "household.poverty_status ==", "person.age > 3 && household.poverty_status ==", "line 5: beneficiaries", "a fact about a person"},
		{"support asked by a policy", "household.damaged", "household.support_status == SupportStatus.SUPPORTED", "line 22: policies[0].condition", "use reach"},
		{"support asked by a policy for persons", "person.age <= 15", "!person.unsupported", "line 34: policies[1].condition", "use reach"},

		{"unknown field", "fields: [name,", "fields: [nam,", "line 44: lists[1].fields[0]", "codes of fields"},
		{"field not in the vocabulary", "{name: head_name,", "{name: head,", "line 7: fields[0].name", "codes of Record"},
		{"field of persons at household grain", "fields: [head_name, entitlements]", "fields: [name, entitlements]", "line 36: lists[0].fields[0]", "grain: household"},
		{"entitlements without policies", "policies: [house]", "condition: household.damaged", "line 36: lists[0].fields[1]", "policies"},
		{"field twice in a list", "             head_name]", "             name]", "line 45: lists[1].fields[1]", "lists[1].fields[0]"},
		{"field defined twice", "{name: name,", "{name: head_name,", "line 8: fields[1].name", "fields[0]"},
		{"unknown source", "source: REGISTER", "source: REGISTRY", "line 7: fields[0].source", "REGISTER, HOUSING"},
		{"unknown policy", "policies: [pupil]", "policies: [pupils]", "line 43: lists[1].policies[0]", "codes of policies"},
		{"policy of another grain", "policies: [pupil]", "policies: [house]", "line 43: lists[1].policies[0]", "grain: person"},
		{"policy twice in a list", "policies: [pupil]", "policies: [pupil, pupil]", "line 43: lists[1].policies[1]", "policies[0]"},
		{"policy twice", "code: pupil", "code: house", "line 23: policies[1].code", "policies[0]"},
		{"list twice", "  - name: pupils", "  - name: houses", "line 37: lists[1].name", "lists[0]"},
		{"list without a rule", "    policies: [pupil]\n", "", "line 37: lists[1].condition", "must be given"},
		{"name that fits no URL", "name: small-2020", "name: Small 2020", "line 1: name", "lower-case"},
		{"bad date", "from: 2019-01-01", "from: 2019-02-29", "line 19: policies[0].from", "YYYY-MM-DD"},
		{"date that is none", "until: 2020-12-31", "until: end of 2020", "line 20: policies[0].until", "YYYY-MM-DD"},
		{"dates out of order", "until: 2020-12-31", "until: 2018-12-31", "line 20: policies[0].until", "lies before from"},
		{"no first day", "    from: 2019-01-01\n", "", "line 11: policies[0].from", "must be given"},
		{"neither due nor not", "due: false", "due: perhaps", "line 17: policies[0].due", "true, false"},
		{"unknown grain", "    grain: household", "    grain: village", "line 16: policies[0].grain", "household, person"},
		{"unknown reach", "reach: everyone", "reach: all", "line 30: policies[1].reach", "supported, unsupported, everyone"},
		{"at_removal of what no removal ends", "    reach: everyone", "    reach: everyone\n    at_removal: at-once", "line 31: policies[1].at_removal", "reach: supported"},
		{"supported without at_removal", "    at_removal: at-once\n", "", "line 11: policies[0].at_removal", "must be given"},
		{"no condition at all", "beneficiaries: household.poverty_status == PovertyStatus.LIFTED\nfields:", "fields:", "", ""},
		{"a policy for everybody, unasked", "beneficiaries: household.poverty_status == PovertyStatus.LIFTED", "", "line 11: policies[0].condition", "must be given"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(small, tt.old, tt.with, 1)
			if text == small {
				t.Fatal("nothing was changed")
			}
			if tt.name == "a policy for everybody, unasked" {
				text = strings.Replace(text, "    condition: household.damaged\n", "", 1)
			}
			_, err := Parse([]byte(text))
			if tt.field == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			f := fault.Of(err)
			if f == nil || f.Reason != fault.CatalogueInvalid {
				t.Fatalf("got %v", err)
			}
			found := slices.ContainsFunc(f.Violations, func(v fault.Violation) bool {
				return v.Field == tt.field && strings.Contains(v.Message, tt.message) && v.Chinese != "" && v.Chinese != v.Message
			})
			if !found {
				t.Errorf("not named: %v", f)
			}
		})
	}
}

func TestAllProblemsComeAtOnce(t *testing.T) {
	text := strings.NewReplacer("clause: 一(三)", "claus: 一(三)", "household.damaged", "household.damages + 1", "policies: [pupil]", "policies: [child]").Replace(small)
	_, err := Parse([]byte(text))
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Violations) < 5 {
		t.Errorf("got %v", err)
	}
}

func TestATextThatIsNoCatalogueIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "a comment": "# 目录", "a sequence": "- a", "a scalar": "a", "two documents": small + "---\n" + small,
		"too long": strings.Repeat("#\n", maxText), "no UTF-8": "name: \xff",
	} {
		if _, err := Parse([]byte(text)); fault.Of(err) == nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTheVersionNamesTheText(t *testing.T) {
	a, err := Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse([]byte(small + "# a remark\n"))
	if err != nil {
		t.Fatal(err)
	}
	if a.Version != "small-2020@"+a.Version[len(a.Version)-12:] || a.Version == b.Version {
		t.Errorf("versions %s and %s", a.Version, b.Version)
	}
}

func TestEntitlementsStandInTheOrderOfTheCatalogue(t *testing.T) {
	text := strings.Replace(string(Hainan2019()), "[housing-need, housing-renovation]", "[housing-renovation, housing-need]", 1)
	c, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := policies(t, c, needy(), "housing", ""); !slices.Equal(got, []string{"housing-need", "housing-renovation"}) {
		t.Errorf("got %v", got)
	}
}

func TestTheFingerprintTellsFieldSetsApart(t *testing.T) {
	of := func(old, with string) string {
		c, err := Parse([]byte(strings.Replace(small, old, with, 1)))
		if err != nil {
			t.Fatal(err)
		}
		return c.Lists[1].Fingerprint
	}
	same := of("", "")
	if of("title_en: pupils", "title_en: children") != same {
		t.Error("a title is no field")
	}
	for old, with := range map[string]string{
		"- name: pupils": "- name: children", "[name,\n             head_name]": "[head_name, name]", "[name,\n             head_name]\n": "[name]\n",
	} {
		if of(old, with) == same {
			t.Errorf("%q for %q: the same fingerprint", with, old)
		}
	}
}

var (
	atLine  = regexp.MustCompile(`^line [1-9]\d*\b`)
	innards = regexp.MustCompile(`%!|\.go\b|0x[0-9a-f]{6}|runtime error|goroutine|reflect|interface *\{|<nil>|<input>|github\.com|catalogue\.`)
)

func FuzzParse(f *testing.F) {
	f.Add(Hainan2019())
	f.Add([]byte(small))
	f.Add([]byte("a: &b [*b]\n<<: *b\n? {c: d}\n: !!str |+2\n   e"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse(bytes.Clone(text))
		if err != nil {
			shown := fault.Of(err)
			if shown == nil {
				t.Fatalf("no fault: %v", err)
			}
			for _, v := range shown.Violations {
				if m := innards.FindString(v.Message + v.Chinese); !atLine.MatchString(v.Field) || m != "" && !bytes.Contains(text, []byte(m)) {
					t.Fatalf("no line is named, or the program's own affairs are: %+v", v)
				}
			}
			return
		}
		rows, err := c.Derive(area, needy(), today) // what parses derives
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if len(r.Values) != len(r.List.Fields) {
				t.Errorf("%s: %d values for %d fields", r.List.Name, len(r.Values), len(r.List.Fields))
			}
		}
	})
}
