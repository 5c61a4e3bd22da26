package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// registerOf is what a store holds after all: every household's content, whatever ids
// and transactions it came with.
func (h house) registerOf(t testing.TB, file string) map[string]int {
	t.Helper()
	if r := h.loads(t, 0, file); r.Unchanged != r.Accepted || r.Rejected > 0 {
		t.Fatalf("the whole file should change nothing now: %+v", r)
	}
	return h.counts(t)
}

// counts are the rows of every list.
func (h house) counts(t testing.TB) map[string]int {
	t.Helper()
	db := h.database(t)
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(t.Context(), "SELECT list, count(*) FROM records GROUP BY list")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]int{}
	for rows.Next() {
		var list string
		var n int
		if err := rows.Scan(&list, &n); err != nil {
			t.Fatal(err)
		}
		out[list] = n
	}
	if rows.Err() != nil || len(out) == 0 {
		t.Fatal(rows.Err(), out)
	}
	return out
}

// split tears a file into two, a household's rows staying together or not.
func split(t testing.TB, file string, first func(i int, row string) bool) (a, b string) {
	t.Helper()
	part := func(want bool) string {
		i := -1
		return edit(t, file, func(rows []string) []string {
			return slices.DeleteFunc(rows, func(row string) bool { i++; return first(i, row) != want })
		})
	}
	return part(true), part(false)
}

func TestAFileSplitOverTwoGivesTheSameRegister(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		file := sheetOf(t, "csv", 60)
		whole := newHouse(t, postgres)
		whole.loads(t, 0, file)
		want := whole.registerOf(t, file)
		byHousehold := func(_ int, row string) bool { return parity(row)%2 == 0 }
		a, b := split(t, file, byHousehold)
		parts := newHouse(t, postgres)
		parts.loads(t, 0, b)
		parts.loads(t, 0, a)
		if got := parts.registerOf(t, file); !maps.Equal(got, want) {
			t.Errorf("in two files %v, in one %v", got, want)
		}
	})
}

// parity is a number made of a row's household number.
func parity(row string) (n int) {
	for _, c := range strings.SplitN(row, ",", 9)[:8] {
		for _, r := range c {
			n += int(r)
		}
	}
	return n
}

func TestTwoOfficesAtOnceGiveTheSameRegister(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		file := sheetOf(t, "csv", 60)
		whole := newHouse(t, postgres)
		whole.loads(t, 0, file)
		want := whole.registerOf(t, file)
		// Both hold the whole file, and each its rows in an order of its own.
		both := newHouse(t, postgres)
		var offices sync.WaitGroup
		for i := range 2 {
			shuffled := edit(t, file, func(rows []string) []string {
				rand.New(rand.NewPCG(uint64(i), 1)).Shuffle(len(rows), func(a, b int) { rows[a], rows[b] = rows[b], rows[a] })
				return rows
			})
			offices.Go(func() { both.loads(t, 0, shuffled) })
		}
		offices.Wait()
		if got := both.registerOf(t, file); !maps.Equal(got, want) {
			t.Errorf("two offices at once %v, one %v", got, want)
		}
		both.mustBeDense(t)
	})
}

func TestAKilledImportOfRowsLosesNothingAndTheSameFileLoadsTheRest(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		t.Parallel()
		files := []string{sheetOf(t, "xlsx", 120), edit(t, sheetOf(t, "csv", 120), func(rows []string) []string {
			slices.SortFunc(rows, backwards) // gathered through scratch files
			return rows
		})}
		whole := newHouse(t, postgres)
		all := whole.loads(t, 0, files[0])
		want, transactions := whole.counts(t), whole.transactions(t).read()
		kills(t, func(i int) bool {
			h := newHouse(t, postgres)
			m := h.transactions(t)
			killed, _ := h.importAndKill(t, files[i%2], m, rand.Int64N(transactions))
			m.close()
			rest := h.loads(t, 0, files[i%2])
			if rest.Created+rest.Unchanged != all.Created || rest.Rejected > 0 {
				t.Fatalf("after the kill: %+v", rest)
			}
			if got := h.registerOf(t, files[1-i%2]); !maps.Equal(got, want) {
				t.Errorf("killed and sent again %v, at once %v", got, want)
			}
			h.mustBeDense(t)
			return killed
		})
	})
}

// A clerk gets damaged cells and broken rules in one round, each at its row, also where
// the hub keeps the members in another order.
func TestOneRoundNamesAllThatIsWrongAtItsRow(t *testing.T) {
	h := newHouse(t, false)
	file := sheetOf(t, "csv", 40)
	h.loads(t, 0, file)
	var sexOf, numberOf int // lines of the report
	spoilt := edit(t, file, func(rows []string) []string {
		rows = largest(rows)
		slices.Reverse(rows)
		head := strings.Split(rows[len(rows)-1], ",")
		for i, row := range rows {
			if cells := strings.Split(row, ","); i == 0 && len(cells) == len(head) {
				rows[i], sexOf = swapSex(row), i
			}
		}
		numberOf = len(rows) - 1
		for cell := range strings.SplitSeq(rows[numberOf], ",") {
			if cell = strings.Trim(cell, "\""); len(cell) == 18 && strings.HasPrefix(cell, "99") {
				rows[numberOf] = strings.Replace(rows[numberOf], cell, "9.90E+17", 1)
			}
		}
		return rows
	})
	r := h.loads(t, 3, spoilt)
	if r.Rejected != 1 || r.Reasons["NUMBER_ROUNDED"] != 1 || r.Reasons["ID_SEX"] != 1 {
		t.Fatalf("%+v", r)
	}
	text, err := os.ReadFile(spoilt + ".rejected.csv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")[1:]
	for i, line := range lines {
		if strings.Contains(line, "性别与证件号码不一致") != (i == sexOf) || strings.Contains(line, "科学计数") != (i == numberOf) {
			t.Errorf("line %d: %s", i, line[max(0, len(line)-120):])
		}
	}
}

// largest gives the rows of the household with the most members.
func largest(rows []string) []string {
	by := map[string][]string{}
	most := ""
	for _, row := range rows {
		number := householdNumber(row)
		by[number] = append(by[number], row)
		if len(by[number]) > len(by[most]) {
			most = number
		}
	}
	return by[most]
}

// householdNumber is the cell of a row that says which household it belongs to.
func householdNumber(row string) string {
	for cell := range strings.SplitSeq(row, ",") {
		if cell = strings.Trim(cell, "\""); len(cell) == 16 {
			return cell
		}
	}
	return ""
}

func swapSex(row string) string {
	if strings.Contains(row, ",男,") {
		return strings.Replace(row, ",男,", ",女,", 1)
	}
	return strings.Replace(row, ",女,", ",男,", 1)
}

func TestWhoOwnsAFactKeepsItThroughTheOthersImports(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		h := newHouse(t, postgres)
		h.agree(t, "builders", "housing", "--groups", "HOUSING")
		file := sheetOf(t, "csv", 20)
		h.loads(t, 0, file)
		var number string
		edit(t, file, func(rows []string) []string { number = householdNumber(rows[0]); return rows })
		grades := filepath.Join(t.TempDir(), "grades.csv")
		grade := func(g string) {
			t.Helper()
			text := fmt.Sprintf("户编号,危房等级,鉴定日期,鉴定单位\n%s,%s级,%s,甲鉴定站\n", number, g, today())
			if err := os.WriteFile(grades, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		grade("D")
		if r := h.loads(t, 0, "--mapping", "housing-appraisals", "--agency", "builders", grades); r.Changed != 1 || r.Matches["MATCHED"] != 1 {
			t.Fatalf("housing's file: %+v", r)
		}
		// The office's next file says something else about the same house, and something new about the household.
		office := edit(t, file, func(rows []string) []string {
			for i, row := range rows {
				if householdNumber(row) == number {
					rows[i] = strings.ReplaceAll(row, ",因病,", ",因学,")
				}
			}
			return rows
		})
		h.loads(t, 0, office)
		if r := h.loads(t, 0, "--mapping", "housing-appraisals", "--agency", "builders", grades); r.Unchanged != 1 {
			t.Errorf("the office's file changed housing's facts: %+v", r)
		}
		grade("B")
		h.loads(t, 0, "--mapping", "housing-appraisals", "--agency", "builders", grades)
		if r := h.loads(t, 0, office); r.Changed != 0 || r.Rejected != 0 {
			t.Errorf("housing's file changed the office's facts: %+v", r)
		}
		// The office itself may not write what housing owns.
		if out := h.hubd(t, 1, "import", "--mapping", "housing-appraisals", grades); !strings.Contains(out.stderr, "GROUP_NOT_OWNED") {
			t.Errorf("%s", out.stderr)
		}
	})
}
