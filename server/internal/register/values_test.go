package register

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/fault"
)

func TestDamageIsRecognised(t *testing.T) {
	for _, c := range []struct {
		field, cell, want string
		reason            fault.Reason
	}{
		{"id_number", "9.9E+17", "", fault.NumberRounded},
		{"id_number", "9.9010119900101099E+17", "", fault.NumberRounded},
		{"id_number", "990101199001011000", "", fault.NumberRounded},
		{"id_number", "99010119900101109", "", fault.LeadingZeroLost},
		{"id_number", "９９０１０１ 19900101１０９ｘ\u200b", "99010119900101109X", ""},
		{"village", "60100000001", "", fault.LeadingZeroLost},
		{"village", "460106100201.0", "460106100201", ""},
		{"phone", "1.0012345678E+10", "10012345678", ""},
		{"phone", "1.0E+10", "", fault.NumberRounded},
		{"birth_date", "43529", "2019-03-05", ""},
		{"birth_date", "43529.5", "2019-03-05", ""},
		{"birth_date", "2019/3/5", "2019-03-05", ""},
		{"birth_date", "2019年3月5日", "2019-03-05", ""},
		{"birth_date", "20190305", "2019-03-05", ""},
		{"birth_date", "2019-03-05 00:00:00", "2019-03-05", ""},
		{"birth_date", "5/3/2019", "", fault.DateAmbiguous},
		{"birth_date", "2019", "", fault.DateAmbiguous},
		{"birth_date", "2019年3月", "", fault.DateAmbiguous},
		{"birth_date", "2019-02-30", "", fault.Malformed},
		{"lifted_year", "2018年", "2018", ""},
		{"income_wage", "1,234.50", "123450", ""},
		{"income_wage", "１，２３４．５", "123450", ""},
		{"income_wage", "0.07", "7", ""},
		{"income_business", "-12.3", "-1230", ""},
		{"income_wage", "1.005", "", fault.Malformed},
		{"safe_water", " 是 ", "YES", ""},
		{"relation", "01", "HEAD", ""},
		{"main_cause", "因懒", "", fault.LabelUnknown},
		{"other_causes", "因学、缺水", "SCHOOLING LACK_OF_WATER", ""},
		{"name", "虚　拟\ufeff", "虚拟", ""},
	} {
		got, wrong := national().canonical(c.field, c.cell)
		if wrong == nil && (c.reason != "" || got != c.want) || wrong != nil && wrong.reason != c.reason {
			t.Errorf("%s %q: %q, %+v", c.field, c.cell, got, wrong)
		}
	}
}

func TestSourcesNumberCausesDifferently(t *testing.T) {
	county, err := LoadMapping("county-system")
	if err != nil {
		t.Fatal(err)
	}
	a, _ := national().canonical("main_cause", "1")
	b, _ := county.canonical("main_cause", "1")
	if a != "ILLNESS" || b != "DISASTER" {
		t.Error(a, b)
	}
}
