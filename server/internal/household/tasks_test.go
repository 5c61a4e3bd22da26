package household

import (
	"fmt"
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// tasked is a household of three with a task about the last of them, one about all,
// and a closed one.
func tasked(prefix string) *Household {
	h := household(prefix, 3, false)
	h.Tasks = []Task{
		{ID: "t1" + prefix, Kind: TaskMismatch, Group: GroupEducation, Person: h.Persons[2].ID, Fields: []string{"name"}, OpenedOn: "2020-02-01"},
		{ID: "t2" + prefix, Kind: TaskAmbiguous, Group: GroupHousing, OpenedOn: "2020-02-02"},
		{ID: "t3" + prefix, Kind: TaskAmbiguous, Group: GroupHousing, OpenedOn: "2020-02-03", ClosedOn: "2020-02-04", ClosedReason: "核实"},
	}
	return h
}

func taskIDs(h *Household) (out []string) {
	for _, t := range h.Tasks {
		out = append(out, t.ID)
	}
	slices.Sort(out)
	return out
}

func TestTasksGoWithTheirPersonAndHousehold(t *testing.T) {
	a, b := tasked("a"), household("b", 2, false)
	rest, off := mustSplit(t, a, shell(), Splitting{Leaving: map[string]Relation{a.Persons[2].ID: RelationHead}, On: parting, Document: paper})
	if got, want := taskIDs(rest), []string{"t2a", "t3a"}; !slices.Equal(got, want) {
		t.Errorf("the old household has %v, not %v", got, want)
	}
	if got, want := taskIDs(off), []string{"t1a"}; !slices.Equal(got, want) {
		t.Errorf("the new household has %v, not %v", got, want)
	}
	closed, united := mustAbsorb(t, a, b, Union{On: parting, Document: paper})
	if got, want := taskIDs(united), []string{"t1a", "t2a"}; !slices.Equal(got, want) {
		t.Errorf("the united household has %v, not %v", got, want)
	}
	if got, want := taskIDs(closed), []string{"t2a", "t3a"}; !slices.Equal(got, want) {
		t.Errorf("the closed household has %v, not %v", got, want)
	}
}

func TestWhoArrivesBringsTheOpenTasks(t *testing.T) {
	from, to := tasked("a"), household("b", 2, false)
	p := &from.Persons[2]
	p.LeftOn, p.LeaveReason = parting, LeaveMarriage
	to.Persons = append(to.Persons, p.Arriving())
	to.TakeAlong(from, p.ID, parting)
	if got, want := taskIDs(to), []string{"t1a"}; !slices.Equal(got, want) {
		t.Errorf("got %v, not %v", got, want)
	}
}

func TestOnlyTheOfficeClosesTasksAndNobodyElseChangesThem(t *testing.T) {
	h := tasked("a")
	in := h.Clone()
	in.Tasks[0].Kind, in.Tasks[0].ClosedOn, in.Tasks[0].ClosedReason = TaskNotApplicable, "2020-03-01", "姓名已更正"
	if out := mustMerge(t, h, in, []Group{GroupHousing}, minter()); !Equal(out, h) {
		t.Error("another group closed a task")
	}
	out := mustMerge(t, h, in, []Group{GroupRegister}, minter())
	want := h.Tasks[0]
	want.ClosedOn, want.ClosedReason = "2020-03-01", "姓名已更正"
	if got := out.Tasks[0]; got.ClosedOn != want.ClosedOn || got.ClosedReason != want.ClosedReason || got.Kind != want.Kind {
		t.Errorf("got %+v", got)
	}
	if out := mustMerge(t, out, h, []Group{GroupRegister}, minter()); out.Tasks[0].ClosedOn == "" {
		t.Error("an older state opened it again")
	}
	in.Tasks[0].ID = "t9"
	_, bad := Merge(h, in, []Group{GroupRegister}, minter())
	if len(bad) != 1 || bad[0].Reason != fault.OutOfRange {
		t.Errorf("an unknown task: %v", bad)
	}
}

func TestAClosedTaskSaysWhatWasFound(t *testing.T) {
	h := tasked("a")
	h.Tasks[0].ClosedOn = "2020-01-01"
	var got []string
	for _, v := range Validate(h, "2020-06-01", village) {
		got = append(got, v.Field+" "+string(v.Reason))
	}
	if want := []string{"tasks[0].closed_on DATE_ORDER", "tasks[0].closed_reason REQUIRED"}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestATaskIsOpenedOnce(t *testing.T) {
	h := tasked("a")
	for _, task := range h.Clone().Tasks {
		if h.OpenTask(task) {
			t.Errorf("%s was opened again", task.ID)
		}
	}
	for i := range MaxElements {
		h.OpenTask(Task{ID: fmt.Sprint(i), Kind: TaskAmbiguous, OpenedOn: "2020-02-01"})
	}
	if len(h.Tasks) != MaxElements || slices.Contains(taskIDs(h), "t3a") || !slices.Contains(taskIDs(h), "t2a") {
		t.Errorf("%d tasks; a closed one makes room, an open one does not", len(h.Tasks))
	}
}
