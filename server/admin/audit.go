package admin

import (
	"context"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/store"
)

// auditLine is an entry of the audit log for programs.
type auditLine struct {
	ID         int64          `json:"id"`
	At         int64          `json:"at"`
	Actor      int64          `json:"actor,omitzero"` // absent: the operator
	ActorName  string         `json:"actor_name"`
	Action     string         `json:"action"`
	Room       string         `json:"room,omitzero"`
	TargetKind string         `json:"target_kind,omitzero"`
	TargetID   string         `json:"target_id,omitzero"`
	TargetName string         `json:"target_name,omitzero"`
	Reason     string         `json:"reason,omitzero"`
	Details    jsontext.Value `json:"details,omitzero"`
}

// listAudit shows the newest entries, the newest first.
func listAudit(ctx context.Context, j *job) error {
	const row = "%-20s  %-20s  %-14s  %-20s  %s"
	if !j.json {
		j.row(row, "AT", "BY", "ACTION", "ON", "MORE")
	}
	left := j.count
	for before := (store.AuditEntry{}); ; {
		limit := page
		if j.count > 0 {
			limit = min(page, left)
		}
		entries, err := j.Audit(ctx, before, limit)
		if err != nil {
			return err
		}
		for _, e := range entries {
			before = e
			if j.json {
				err = j.line(auditLine{e.ID, e.At.UnixMilli(), e.By.User, e.By.Name, e.Action, e.Room,
					e.Target.Kind, e.Target.ID, e.Target.Name, e.By.Reason, detailsOf(e)})
			} else {
				j.row(row, stamp(e.At), e.By.Name, e.Action, target(e), more(e))
			}
			if err != nil {
				return err
			}
		}
		left -= len(entries)
		if len(entries) < limit || j.count > 0 && left == 0 {
			return nil
		}
		if err := j.out.Flush(); err != nil {
			return err
		}
	}
}

// detailsOf returns the details of an entry; nil if it has none. An empty value
// that is not nil would be written, and is no JSON.
func detailsOf(e store.AuditEntry) jsontext.Value {
	if e.Details == "" {
		return nil
	}
	return jsontext.Value(e.Details)
}

// target is whom an entry is about. A guest's name is quoted as reasons are.
func target(e store.AuditEntry) string {
	switch t := e.Target; {
	case t.Name == "" && t.ID != "":
		return t.Kind + ":" + t.ID
	case t.Kind == store.TargetGuest:
		return strconv.Quote(t.Name)
	default:
		return t.Name
	}
}

// more is what an entry says besides. The reason was typed by somebody: it is
// quoted, so that no character of it acts on a terminal.
func more(e store.AuditEntry) string {
	var parts []string
	if e.Room != "" {
		parts = append(parts, "room "+strconv.Quote(e.Room))
	}
	if e.By.Reason != "" {
		parts = append(parts, strconv.Quote(e.By.Reason))
	}
	if e.Details != "" {
		parts = append(parts, e.Details)
	}
	return strings.Join(parts, " ")
}
