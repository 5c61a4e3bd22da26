package pages

import "github.com/bangfuhub/hub/server/internal/date"

// AnnouncementData is what is posted about the households of one village: a 公示, while
// they may still be objected to, or, where Final, a 公告 of what was decided.
type AnnouncementData struct {
	Final       bool
	Place       string // names from the province down to the township
	VillageName string
	Basis       string // what the procedure rests on
	ObjectTo    string // who takes objections, where and when
	Issuer      string // who posts it, e.g. 某某村村民委员会
	Issued      date.Date
	Households  []AnnouncedHousehold
}

// AnnouncedHousehold is a household as it may be named in public.
type AnnouncedHousehold struct {
	VillageGroup string // 自然村(组)
	HeadName     string
	Persons      int // persons concerned

	From, Until date.Date // 公示: first day, and last day on which to object

	EffectiveOn    date.Date // 公告: first day without support
	DecisionNumber string    // 公告
}

// Persons is how many persons the announcement is about.
func (d AnnouncementData) Persons() (n int) {
	for _, h := range d.Households {
		n += h.Persons
	}
	return n
}

// Announcement makes the page to post.
func Announcement(d AnnouncementData) ([]byte, error) { return render(announcement, d) }
