package removal

import (
	"fmt"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// Defaults are the hub's own parameters (version 0), for areas that have set none. The
// shares of the meeting are those of the Villagers' Committee Organisation Law, art. 26;
// seven days is what most public rules have.
func Defaults() Parameters {
	return Parameters{
		From: "2019-01-01", Basis: "《村民委员会组织法》第二十六条；琼打赢脱贫攻坚战指挥部2019-04-21通知一",
		PublicityDays: 7, MajorityPercent: 50, TermEnds: []string{"01-31", "07-31"}, RecentShockDays: 365, WindowDays: 365,
		FlagSharePercent: 30, FlagTimesArea: 3, FlagCasesInMonth: 5, MinCases: 3, StepDays: 10,
	}
}

// Check says what is wrong with parameters that an area wants to set, beyond the bounds
// that the contract states: the terms' ends must be days of every year, and one of them
// must end the school year.
func (p *Parameters) Check() error {
	var wrong []fault.Violation
	if !p.From.Valid() {
		wrong = append(wrong, fault.Bad("parameters.from", fault.Malformed, "form", dayForm))
	}
	summer := false
	for i, end := range p.TermEnds {
		day := date.Date("2019-" + end) // no leap year
		if !day.Valid() {
			wrong = append(wrong, fault.Bad(fmt.Sprintf("parameters.term_ends[%d]", i), fault.Malformed, "form", "MM-DD"))
		}
		summer = summer || (day >= "2019-05-01" && day <= august(2019))
	}
	if !summer {
		wrong = append(wrong, fault.Bad("parameters.term_ends", fault.OutOfRange, "range", "05-01–08-31"))
	}
	return fault.List(fault.InvalidRequest, wrong)
}
