package store

import (
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

// exportAudit is an entry of the audit log. It has no number of its own: the
// lines are in order.
type exportAudit struct {
	Type       string         `json:"type"` // "audit"
	At         int64          `json:"at"`
	Actor      int64          `json:"actor,omitzero"`
	ActorName  string         `json:"actor_name"`
	Action     string         `json:"action"`
	Room       string         `json:"room,omitzero"`
	TargetKind string         `json:"target_kind,omitzero"`
	TargetID   string         `json:"target_id,omitzero"`
	TargetName string         `json:"target_name,omitzero"`
	Reason     string         `json:"reason,omitzero"`
	Details    jsontext.Value `json:"details,omitzero"`
}

const (
	typeAudit = "audit"

	exportAudits = `SELECT id, at, actor, actor_name, action, room, target_kind, target_id, target_name,
		reason, details FROM audit ORDER BY at, id`
)

// scanExportAudit does not call storable: record has.
func scanExportAudit(row scanner) (exportAudit, error) {
	e, err := scanAudit(row)
	return exportAudit{
		Type: typeAudit, At: e.At.UnixMilli(), Actor: e.By.User, ActorName: e.By.Name, Action: e.Action,
		Room: e.Room, TargetKind: e.Target.Kind, TargetID: e.Target.ID, TargetName: e.Target.Name,
		Reason: e.By.Reason, Details: jsonValue(e.Details),
	}, err
}

func (im *importer) audit(e exportAudit) error {
	switch {
	case e.Action == "" || e.ActorName == "":
		return errors.New("action or actor_name is empty")
	case hasZero(e.ActorName, e.Action, e.Room, e.TargetKind, e.TargetID, e.TargetName, e.Reason):
		return errZero
	case len(e.Details) > 0 && e.Details.Kind() != '{':
		return errors.New("details are not an object")
	}
	_, err := im.insert(insertAudit, e.At, e.Actor, e.ActorName, e.Action, e.Room, e.TargetKind, e.TargetID,
		e.TargetName, e.Reason, string(e.Details))
	return err
}
