// Package invented makes up the households of a province, to try the hub on. Nobody in
// them exists. They are spread over real villages and follow the plausible shapes of
// the registers' literature (sizes, ages, causes, school stages), nothing more.
//
// What could be taken for a real person's is taken from ranges that were never given
// to anybody, so that an invented household is recognised wherever it turns up:
//
//   - ID numbers have a correct check character, but their first two digits are 99
//     (former ones: 98). No province has these codes, GB/T 2260 ends with 82.
//   - Names are Chinese characters, but the family names are words such as 虚 and 拟
//     ("unreal", "supposed"); helpers are all called 帮 ("help").
//   - Telephone numbers begin with 100, which no mobile number does.
//   - Household and person numbers begin with 9900, bank accounts with 9999.
//   - Schools, units, banks and documents have 虚构 ("invented") in their names.
package invented

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/household"
)

// MaxHouseholds is the number of households for which the ranges of ID numbers suffice.
const MaxHouseholds = 500_000

// maxPersons is the most that one invented household has, left members included.
const maxPersons = 10

// Config says what to make up.
type Config struct {
	Households int            // how many; at most MaxHouseholds are made
	Seed       uint64         // another seed gives other people
	On         date.Date      // the day as of which they are described; from 2018 on
	Tree       *division.Tree // over whose villages they are spread
}

// Generate makes up households one after the other. The n-th household depends only on
// the seed, the day and the tree, so more households begin with the same ones. They have no
// hub ids; elements name persons by person number. Each is valid once normalised.
func Generate(c Config) iter.Seq[*household.Household] {
	return func(yield func(*household.Household) bool) {
		var villages []string
		for _, top := range c.Tree.Children("") {
			villages = append(villages, c.Tree.Villages(top)...)
		}
		if len(villages) == 0 {
			return
		}
		slices.Sort(villages)
		for n := range min(c.Households, MaxHouseholds) {
			m := &maker{rng: rand.New(rand.NewPCG(c.Seed, uint64(n))), later: rand.New(rand.NewPCG(^c.Seed, uint64(n))), on: c.On, n: n}
			if !yield(m.household(villages)) {
				return
			}
		}
	}
}

// maker makes up one household.
type maker struct {
	rng *rand.Rand
	// later is for what the generator learnt afterwards: the same seed goes on making the
	// same people.
	later *rand.Rand
	on    date.Date
	n     int // which household

	h          *household.Household
	identified date.Date // when the household came into the register
	family     string    // family name
	ethnic     string
	given      int // where the given names of this household begin
}

func (m *maker) household(villages []string) *household.Household {
	m.identified = date.New(min(2014+m.between(0, 2), m.on.Year()-3), 1, m.between(1, 365))
	m.family = pick(m, familyNames)
	m.ethnic = weighted(m, []string{"01", "19", "06"}, []int{55, 40, 5})
	m.given = m.between(0, len(givenNames)*len(givenNames)-1)
	m.h = &household.Household{
		HouseholdNumber: householdNumber(m.n),
		Village:         villages[m.village(len(villages))],
		VillageGroup:    pick(m, groups),
		Persons:         make([]household.Person, 0, maxPersons),
		Sources:         make(map[household.Group]household.Provenance),
	}
	m.people()
	m.register()
	m.incomes()
	m.helpers()
	m.needs()
	m.shocks()
	m.housing()
	m.assistance()
	m.legacyDecision()
	m.close()
	m.rng = m.later
	m.thisYear()
	m.lapses()
	m.benefits()
	for _, g := range household.Codes["Group"] {
		m.h.Sources[household.Group(g)] = household.Provenance{Owner: "invented", Source: "generate", AsOf: m.on}
	}
	return m.h
}

// village chooses unevenly, as registers are: a tenth of the villages have about a
// third of the households. The stride spreads the favoured ones over the province.
func (m *maker) village(count int) int {
	const stride = 7919 // a prime, so that every village is reached
	u := m.rng.Float64()
	return int(math.Floor(u*u*float64(count))) * stride % count
}

// chance is true in so many of a thousand cases.
func (m *maker) chance(perMille int) bool { return m.rng.IntN(1000) < perMille }

// between is a number from a to b, both included.
func (m *maker) between(a, b int) int { return a + m.rng.IntN(b-a+1) }

// day is a day from a to b, both included; a where b lies before it.
func (m *maker) day(a, b date.Date) date.Date {
	return a.AddDays(m.between(0, max(0, b.DaysSince(a))))
}

func pick[T any](m *maker, from []T) T { return from[m.rng.IntN(len(from))] }

// weighted picks with weights, one for each value.
func weighted[T any](m *maker, from []T, weights []int) T {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	at := m.rng.IntN(sum)
	for i, w := range weights {
		if at -= w; at < 0 {
			return from[i]
		}
	}
	return from[len(from)-1]
}
