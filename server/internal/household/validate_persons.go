package household

import (
	"errors"
	"strconv"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

func (c *checker) persons() {
	if len(c.h.Persons) == 0 && !c.h.closed() {
		c.violate("persons", fault.Required)
	}
	c.most("persons", len(c.h.Persons), MaxMembers)
	for i := range c.h.Persons {
		f := at("persons", i) + "."
		p := &c.h.Persons[i]
		c.personFacts(f, p)
		c.idNumbers(f, p)
		c.membership(f, p)
		c.education(f+"education.", p.Education)
		c.insurances(f+"insurances", p.Insurances)
	}
	c.heads()
	c.distinct()
}

func (c *checker) personFacts(f string, p *Person) {
	c.text(f+"person_number", p.PersonNumber, maxName)
	c.required(f+"name", p.Name)
	c.text(f+"name", p.Name, maxName)
	c.required(f+"sex", string(p.Sex))
	c.code(f+"sex", "Sex", string(p.Sex))
	c.required(f+"birth_date", string(p.BirthDate))
	c.past(f+"birth_date", p.BirthDate)
	c.required(f+"relation", string(p.Relation))
	c.code(f+"relation", "Relation", string(p.Relation))
	if p.EthnicGroup != "" && !ethnicForm.MatchString(p.EthnicGroup) {
		c.violate(f+"ethnic_group", fault.Malformed, "form", "01–58 (GB/T 3304)")
	}
	c.code(f+"education_level", "EducationLevel", string(p.EducationLevel))
	c.code(f+"school_stage", "SchoolStage", string(p.SchoolStage))
	c.code(f+"health", "Health", string(p.Health))
	c.code(f+"labour_ability", "LabourAbility", string(p.LabourAbility))
	c.code(f+"work_place", "WorkPlace", string(p.WorkPlace))
	if p.WorkMonths < 0 || p.WorkMonths > 12 {
		c.violate(f+"work_months", fault.OutOfRange, "range", "0–12")
	}
	c.phone(f+"phone", p.Phone)
	c.code(f+"active_military", "Answer", string(p.ActiveMilitary))
}

func (c *checker) idNumbers(f string, p *Person) {
	if p.IDNumber != "" {
		id, err := ParseIDNumber(p.IDNumber)
		c.idNumber(f+"id_number", err, "18 (GB 11643)")
		if err == nil && p.BirthDate != "" && p.BirthDate != id.BirthDate {
			c.violate(f+"birth_date", fault.IDBirthDate)
		}
		if err == nil && p.Sex != "" && p.Sex != id.Sex {
			c.violate(f+"sex", fault.IDSex)
		}
	}
	c.most(f+"former_id_numbers", len(p.FormerIDNumbers), MaxElements)
	for i, former := range p.FormerIDNumbers {
		_, err := ParseFormerIDNumber(former)
		c.idNumber(f+at("former_id_numbers", i), err, "18, 15 (GB 11643)")
	}
	if p.DisabilityCard != "" {
		_, err := ParseDisabilityCard(p.DisabilityCard)
		c.idNumber(f+"disability_card", err, "18+2")
	}
}

func (c *checker) idNumber(field string, err error, form string) {
	switch {
	case errors.Is(err, ErrIDForm), errors.Is(err, ErrIDBirthDate):
		c.violate(field, fault.Malformed, "form", form)
	case errors.Is(err, ErrIDChecksum):
		c.violate(field, fault.IDChecksum)
	}
}

// membership: how a person came and left; a death needs its own evidence (law 6).
func (c *checker) membership(f string, p *Person) {
	c.past(f+"joined_on", p.JoinedOn)
	c.order(f+"joined_on", p.JoinedOn, "birth_date", p.BirthDate)
	c.code(f+"join_reason", "JoinReason", string(p.JoinReason))
	c.past(f+"left_on", p.LeftOn)
	c.order(f+"left_on", p.LeftOn, "joined_on", p.JoinedOn)
	c.order(f+"left_on", p.LeftOn, "birth_date", p.BirthDate)
	c.code(f+"leave_reason", "LeaveReason", string(p.LeaveReason))
	c.text(f+"leave_evidence", p.LeaveEvidence, maxText)
	switch {
	case p.LeftOn != "" && p.LeaveReason == "":
		c.violate(f+"leave_reason", fault.Required)
	case p.LeftOn == "" && p.LeaveReason != "":
		c.violate(f+"left_on", fault.Required)
	}
	if (p.LeaveReason == LeaveDuplicate) != (p.DuplicateOf != "") {
		c.violate(f+"leave_reason", fault.SetByUseCase, "call", "MergePersons, SeparatePersons")
	}
	if p.LeaveReason == LeaveDeath && p.LeaveEvidence == "" {
		c.violate(f+"leave_evidence", fault.EvidenceMissing, "what", "leave_evidence")
	}
}

func (c *checker) education(f string, e *Education) {
	if e == nil {
		return
	}
	if e.StudentNumber != "" && !studentForm.MatchString(e.StudentNumber) {
		c.violate(f+"student_number", fault.Malformed, "form", "G/J/L + 18")
	}
	c.text(f+"school_name", e.SchoolName, maxName)
	c.code(f+"stage", "SchoolStage", string(e.Stage))
	c.code(f+"enrolment", "Enrolment", string(e.Enrolment))
	c.code(f+"study_place", "StudyPlace", string(e.StudyPlace))
	c.past(f+"as_of", e.AsOf)
}

func (c *checker) insurances(list string, insurances []Insurance) {
	c.most(list, len(insurances), MaxElements)
	seen := seen{c: c, list: list, field: ".year"}
	for i, e := range insurances {
		f := at(list, i) + "."
		if e.Year == 0 {
			c.violate(f+"year", fault.Required)
		}
		c.year(f+"year", e.Year, c.on.Year()+1) // next year's cover is taken out in autumn
		seen.once(i, strconv.Itoa(e.Year))
		c.code(f+"basic", "Answer", string(e.Basic))
		c.code(f+"critical_illness", "Answer", string(e.CriticalIllness))
		c.code(f+"medical_assistance", "Answer", string(e.MedicalAssistance))
	}
}

// heads: exactly one present member is the head, unless the household is closed or
// nobody is left in it: then it goes on until it is closed with its own evidence.
func (c *checker) heads() {
	if c.h.closed() || len(c.h.PresentOn(c.on)) == 0 {
		return
	}
	if n := c.h.heads(c.on); n != 1 {
		c.violate("persons", fault.OneHead, "heads", strconv.Itoa(n))
	}
}

func (h *Household) heads(on date.Date) int {
	n := 0
	for _, p := range h.PresentOn(on) {
		if p.Relation == RelationHead {
			n++
		}
	}
	return n
}

// distinct: no two persons can be taken for one another, otherwise the next import
// could not tell which of them it means.
func (c *checker) distinct() {
	ids := seen{c: c, list: "persons", field: ".id"}
	persons := seen{c: c, list: "persons", field: ".person_number"}
	students := seen{c: c, list: "persons", field: ".education.student_number"}
	for i := range c.h.Persons {
		p := &c.h.Persons[i]
		ids.once(i, p.ID)
		if p.DuplicateOf != "" {
			continue
		}
		persons.once(i, p.PersonNumber)
		if p.Education != nil {
			students.once(i, p.Education.StudentNumber)
		}
		for j := range c.h.Persons[:i] {
			if q := &c.h.Persons[j]; shared(p, q) {
				c.violate(at("persons", i)+".id_number", fault.Duplicate, "with", at("persons", j))
			} else if sameByName(p, q) {
				c.violate(at("persons", i)+".name", fault.Duplicate, "with", at("persons", j))
			}
		}
	}
}
