package wire

import (
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

func taskToProto(t household.Task) *hubv1.Task {
	return &hubv1.Task{
		Id: t.ID, Kind: taskKinds.number(t.Kind), Group: groups.number(t.Group), Person: t.Person, Fields: t.Fields,
		OpenedOn: string(t.OpenedOn), ClosedOn: string(t.ClosedOn), ClosedReason: t.ClosedReason,
	}
}

func taskFromProto(p *hubv1.Task) household.Task {
	return household.Task{
		ID: p.GetId(), Kind: taskKinds.text(p.GetKind()), Group: groups.text(p.GetGroup()), Person: p.GetPerson(), Fields: p.GetFields(),
		OpenedOn: date.Date(p.GetOpenedOn()), ClosedOn: date.Date(p.GetClosedOn()), ClosedReason: p.GetClosedReason(),
	}
}
