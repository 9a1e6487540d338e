package moderation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
	"livechat/server/store"
)

// reported is what DeskOptions.Did gets for a report.
const reported = "report"

// Outcomes are what may be done about a report.
var Outcomes = []string{"dismissed", "deleted", "muted", "banned", "other"}

// Reporter is who reports a message: an account or a guest.
type Reporter struct {
	Subject chat.Subject
	Name    string // of an account
	Author  string // of its messages
}

var (
	errReported = &chat.Error{
		Code: chat.CodeUnavailable, Message: "this room has as many open reports as it can have; try again later",
		Retryable: true, RetryAfterMS: time.Minute.Milliseconds(),
	}
	errOwnReport = chat.Errorf(chat.CodeBadRequest, "this is your own message: delete it")
)

// reportDetails are the details in the audit log of a report that was closed.
type reportDetails struct {
	Report  int64  `json:"report"`
	Outcome string `json:"outcome"`
	Seq     uint64 `json:"seq"`
	ID      string `json:"id"`
}

// Report reports a message of a room. isNew is false if this person has an open
// report on it. Codes: bad_request, too_long, unknown_message, unavailable.
func (d *Desk) Report(ctx context.Context, by Reporter, room string, t chat.Target, reason string) (
	isNew bool, err error) {
	if err := CheckRoom(room); err != nil {
		return false, err
	}
	if err := checkReason(reason); err != nil {
		return false, err
	}
	m, err := d.message(ctx, room, t)
	switch {
	case err != nil:
		return false, err
	case m.IsDeletedMessage():
		return false, ErrUnknown
	case m.Author != "" && m.Author == by.Author:
		return false, errOwnReport
	}
	isNew, err = d.o.Store.AddReport(ctx, store.Report{
		Room: room, Message: m, Reporter: by.Subject, ReporterName: by.Name, Reason: reason, At: time.Now(),
	})
	if errors.Is(err, store.ErrTooManyReports) {
		return false, errReported
	}
	if isNew {
		d.o.Did(reported)
	}
	return isNew, err
}

// Reports returns reports of a room or, for an admin, of all rooms if room is
// empty; open or closed ones, those before a number or, if that is 0, the
// newest.
func (d *Desk) Reports(ctx context.Context, a Actor, room string, closed bool, before int64, limit int) (
	[]store.Report, error) {
	if room != "" {
		if _, err := d.May(ctx, a, room); err != nil {
			return nil, err
		}
	} else if a.Role != store.RoleAdmin {
		return nil, errNotAdmin
	}
	return d.o.Store.Reports(ctx, room, closed, before, limit)
}

var errNotAdmin = chat.Errorf(chat.CodeForbidden, "only admins may do that")

// CloseReport closes a report of a room: outcome, one of Outcomes, says what was
// done about it, by other requests. Code: not_found.
func (d *Desk) CloseReport(ctx context.Context, a Actor, room string, id int64, outcome, reason string) (
	store.Report, error) {
	if _, err := d.May(ctx, a, room); err != nil {
		return store.Report{}, err
	}
	if !slices.Contains(Outcomes, outcome) {
		return store.Report{}, chat.Errorf(chat.CodeBadRequest, "outcome is one of %s",
			strings.Join(Outcomes, ", "))
	}
	if err := checkReason(reason); err != nil {
		return store.Report{}, err
	}
	r, err := d.o.Store.CloseReport(ctx, room, id, time.Now(), a.Name, outcome, func(r store.Report) store.Also {
		return func(ctx context.Context, tx *store.Tx) error {
			details, err := json.Marshal(reportDetails{r.ID, outcome, r.Message.Seq, r.Message.ID})
			if err != nil {
				return fmt.Errorf("write the details of a report: %w", err)
			}
			return tx.Record(ctx, store.AuditEntry{
				By: a.by(reason), Action: store.ActionReport, Room: room, Details: string(details),
				Target: store.AuditTarget{Name: r.Message.Name},
			})
		}
	})
	if errors.Is(err, store.ErrNotFound) {
		return r, chat.Errorf(chat.CodeNotFound, "there is no such open report in this room")
	}
	return r, d.did(store.ActionReport, err)
}
