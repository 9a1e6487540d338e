package moderation

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
	"livechat/server/store"
)

// Details of entries of the audit log. Times are Unix milliseconds.
type (
	banDetails struct {
		Until int64 `json:"until"`
	}
	rulesDetails struct {
		SlowMS     int64 `json:"slow_ms"`
		Registered bool  `json:"registered"`
		Paused     bool  `json:"paused"`
		Words      int   `json:"words,omitzero"` // how many are blocked
	}
)

var targets = map[string]string{
	chat.SubjectAccount: store.TargetUser, chat.SubjectGuest: store.TargetGuest,
	chat.SubjectAddress: store.TargetAddress,
}

// Audit writes a record to the audit log of the database, as Options.Audit.
func Audit(ctx context.Context, tx *store.Tx, r Record) error {
	e := store.AuditEntry{At: r.At, By: r.By, Action: r.Action, Room: r.Room}
	if kind, id := r.Subject.Split(); kind != "" {
		e.Target = store.AuditTarget{Kind: targets[kind], ID: id, Name: r.Name}
	}
	var details any
	switch {
	case r.Action == store.ActionRules:
		details = rulesDetails{r.Rules.Slow.Milliseconds(), r.Rules.Registered, r.Rules.Paused,
			len(chat.WordsOf(r.Rules.Words))}
	case r.Pin != nil:
		e.Target.Name = r.Pin.Name
		details = deleteDetails{r.Pin.Target.Seq, r.Pin.Target.ID}
	case !r.Ends.IsZero():
		details = banDetails{r.Ends.UnixMilli()}
	}
	if details != nil {
		text, err := json.Marshal(details)
		if err != nil {
			return fmt.Errorf("write the details of a change of rules: %w", err)
		}
		e.Details = string(text)
	}
	return tx.Record(ctx, e)
}
