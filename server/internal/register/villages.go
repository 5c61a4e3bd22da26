package register

import (
	"slices"
	"strings"

	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// villages finds villages by the names of the divisions that they lie in.
type villages struct {
	byName map[string][]string // short name → codes
	tree   *division.Tree
}

func villagesOf(tree *division.Tree) villages {
	v := villages{byName: map[string][]string{}, tree: tree}
	for _, top := range tree.Children("") {
		for _, code := range tree.Villages(top) {
			path := tree.Path(code)
			short := shortName(path[len(path)-1])
			v.byName[short] = append(v.byName[short], code)
		}
	}
	return v
}

// shortName drops what offices write or leave out: 新村村委会, 新村村, 新村.
func shortName(s string) string {
	s = plainNumber(s)
	for _, end := range []string{"村民委员会", "居民委员会", "社区居委会", "村委会", "居委会", "社区"} {
		if rest, ok := strings.CutSuffix(s, end); ok && rest != "" {
			s = rest
			break
		}
	}
	if rest, ok := strings.CutSuffix(s, "村"); ok && rest != "" {
		return rest
	}
	return s
}

// find lists the villages that fit all names that are given.
func (v *villages) find(names [4]string) []string {
	return slices.DeleteFunc(slices.Clone(v.byName[shortName(names[3])]), func(code string) bool {
		above := v.tree.Path(code)
		for _, name := range names[:3] {
			if name = plainNumber(name); name != "" && !slices.ContainsFunc(above, func(a string) bool { return strings.HasPrefix(a, name) }) {
				return true
			}
		}
		return false
	})
}

// village fills the code in from the names where the file has none.
func (u *Unit) village(d *draft) {
	if d.Village != "" || d.names[3] == "" {
		return
	}
	codes := u.file.find(d.names)
	if len(codes) != 1 {
		u.problem(u.Rows[0], u.file.placeOf("village_name"), fault.VillageAmbiguous)
		return
	}
	d.Village = codes[0]
}
