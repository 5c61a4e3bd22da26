package invented

import (
	"fmt"
	"strings"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

var (
	familyNames = strings.Split("虚 拟 设 例 样 仿 构 试", " ")
	givenNames  = strings.Split("石 竹 松 梅 兰 菊 荷 桂 杉 柏 山 川 江 湖 海 云 雨 雪 霜 露 日 月 星 辰 春 夏 秋 冬 东 南 西 北 金 木 水 田 禾 麦 桑 棉 茶", " ")
	groups      = strings.Split("虚构一组 虚构二组 虚构三组 虚构四组 虚构五组", " ")
)

func householdNumber(n int) string { return fmt.Sprintf("9900%012d", n) }

// idNumber is the number of the k-th person of the n-th household. The four digits
// of the area and the sequence number together count all invented persons of a sex,
// so no two persons share a number whatever their birth dates.
func idNumber(prefix string, n, k int, born date.Date, sex household.Sex) string {
	count := n*maxPersons + k
	sequence := count % 500 * 2 // even for women
	if sex == household.Male {
		sequence++
	}
	s := fmt.Sprintf("%s%04d%s%03d", prefix, count/500, strings.ReplaceAll(string(born), "-", ""), sequence)
	return s + string(household.CheckCharacter(s))
}

func phone(n, k int) string { return fmt.Sprintf("100%08d", n*maxPersons+k) }

// name gives the k-th person of a household a name that no other one there has.
func (m *maker) name(family string, k int) string {
	at := m.given + k
	return family + givenNames[at/len(givenNames)%len(givenNames)] + givenNames[at%len(givenNames)]
}

// identify gives a person numbers. About three in a hundred have no ID number yet,
// mostly small children; some had another one before.
func (m *maker) identify(p *household.Person, k int) {
	p.PersonNumber = fmt.Sprintf("%s%02d", m.h.HouseholdNumber, k)
	missing := 15
	if m.on.YearsSince(p.BirthDate) < 3 {
		missing = 250
	}
	if m.chance(missing) {
		return
	}
	p.IDNumber = idNumber("99", m.n, k, p.BirthDate, p.Sex)
	born := p.BirthDate.Year()
	switch {
	case m.chance(10): // once registered elsewhere
		p.FormerIDNumbers = []string{idNumber("98", m.n, k, p.BirthDate, p.Sex)}
	case born < 1985 && m.chance(100): // the 15 digits of the first generation
		p.FormerIDNumbers = []string{p.IDNumber[:6] + p.IDNumber[8:17]}
	}
	if m.on.YearsSince(p.BirthDate) >= 16 && m.chance(700) {
		p.Phone = phone(m.n, k)
	}
}
