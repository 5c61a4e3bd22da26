package household

import (
	"slices"
	"strconv"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// Caps on what one household may hold; they bound its document.
const (
	MaxElements = 100 // of each kind: helpers, needs, shocks, …
	maxEnds     = 1000
	maxName     = 100 // runes in names and numbers
	maxText     = 500 // runes in other texts
)

// Validate finds every problem of a normalised household as of a day, each with its
// field as the contract spells it (persons[2].id_number). It is given the whole
// household, so a partial update is merged first. villageKnown may be nil. The hub's
// own ids are not required, so that a household can be judged before it has any.
func Validate(h *Household, on date.Date, villageKnown func(string) bool) []fault.Violation {
	c := &checker{h: h, on: on}
	c.household(villageKnown)
	c.register()
	c.persons()
	c.incomes()
	c.helpers()
	c.needs()
	c.shocks()
	c.housing()
	c.assistance()
	c.benefits()
	c.tasks()
	c.decisions()
	c.closing()
	return c.bad
}

type checker struct {
	h   *Household
	on  date.Date
	bad []fault.Violation
}

func (c *checker) household(villageKnown func(string) bool) {
	c.required("household_number", c.h.HouseholdNumber)
	c.text("household_number", c.h.HouseholdNumber, maxName)
	c.required("village", c.h.Village)
	if c.h.Village != "" && villageKnown != nil && !villageKnown(c.h.Village) {
		c.violate("village", fault.VillageUnknown)
	}
	c.text("village_group", c.h.VillageGroup, maxName)
	c.most("former_household_numbers", len(c.h.FormerHouseholdNumbers), MaxElements)
}

func (c *checker) register() {
	r, f := &c.h.Register, "register."
	c.code(f+"identification_standard", "IdentificationStandard", string(r.IdentificationStandard))
	c.code(f+"attribute", "Attribute", string(r.Attribute))
	c.required(f+"poverty_status", string(r.PovertyStatus))
	c.code(f+"poverty_status", "PovertyStatus", string(r.PovertyStatus))
	c.causes(r)
	c.past(f+"first_identified_on", r.FirstIdentifiedOn)
	c.year(f+"lifted_year", r.LiftedYear, c.on.Year())
	c.phone(f+"phone", r.Phone)
	c.text(f+"bank", r.Bank, maxName)
	c.text(f+"account", r.Account, maxName)
	c.code(f+"safe_water", "Answer", string(r.SafeWater))
	c.code(f+"military_family", "Answer", string(r.MilitaryFamily))
	c.code(f+"monitor_type", "MonitorType", string(r.MonitorType))
	c.past(f+"risk_identified_on", r.RiskIdentifiedOn)
	c.past(f+"risk_eliminated_on", r.RiskEliminatedOn)
	c.order(f+"risk_eliminated_on", r.RiskEliminatedOn, "risk_identified_on", r.RiskIdentifiedOn)
	c.code(f+"structure", "Structure", string(r.Structure))
	c.year(f+"built_year", r.BuiltYear, c.on.Year())
	if r.HousingArea != "" && !areaForm.MatchString(r.HousingArea) {
		c.violate(f+"housing_area", fault.Malformed, "form", "86.5")
	}
}

// causes: exactly one main cause and at most two others (domain 3.1).
func (c *checker) causes(r *Register) {
	if r.MainCause == "" || slices.Contains(r.OtherCauses, r.MainCause) {
		c.violate("register.main_cause", fault.OneMainCause)
	}
	c.code("register.main_cause", "Cause", string(r.MainCause))
	c.most("register.other_causes", len(r.OtherCauses), 2)
	for i, cause := range r.OtherCauses {
		f := at("register.other_causes", i)
		c.required(f, string(cause))
		c.code(f, "Cause", string(cause))
		if j := slices.Index(r.OtherCauses, cause); j < i {
			c.violate(f, fault.Duplicate, "with", at("register.other_causes", j))
		}
	}
}

func (c *checker) incomes() {
	c.most("incomes", len(c.h.Incomes), MaxElements)
	seen := seen{c: c, list: "incomes", field: ".year"}
	for i, e := range c.h.Incomes {
		f := at("incomes", i) + "."
		if e.Year == 0 {
			c.violate(f+"year", fault.Required)
		}
		c.year(f+"year", e.Year, c.on.Year())
		seen.once(i, strconv.Itoa(e.Year))
		c.fen(f+"wage", e.Wage, 0)
		c.fen(f+"business", e.Business, -maxFen) // a business can lose money
		c.fen(f+"transfer", e.Transfer, 0)
		c.fen(f+"property", e.Property, 0)
		c.fen(f+"production_cost", e.ProductionCost, 0)
		c.fen(f+"per_capita_net", e.PerCapitaNet, -maxFen)
	}
}

// closing: a closed or removed household has its own evidence, and only such a one
// (law 6).
func (c *checker) closing() {
	status, closing := c.h.Register.PovertyStatus, c.h.Closing
	if closing == nil {
		if c.h.closed() {
			c.violate("closing", fault.EvidenceMissing, "what", "closing")
		}
		return
	}
	c.required("closing.kind", string(closing.Kind))
	c.code("closing.kind", "ClosingKind", string(closing.Kind))
	c.required("closing.on", string(closing.On))
	c.past("closing.on", closing.On)
	c.document("closing.document", closing.Document)
	want := Closed
	if closing.Kind == ClosingError {
		want = Removed
	}
	if status != want {
		c.violate("register.poverty_status", fault.OutOfRange, "range", string(want))
	}
}

// closed tells whether the household's status says that it no longer exists as such.
func (h *Household) closed() bool {
	return h.Register.PovertyStatus == Closed || h.Register.PovertyStatus == Removed
}
