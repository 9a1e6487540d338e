package api

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/chat"
	"livechat/server/store"
)

// auditView is an entry of the audit log.
type auditView struct {
	ID         int64          `json:"id"`
	At         int64          `json:"at"`             // Unix milliseconds
	By         string         `json:"by"`             // the name of the account, or operator
	Actor      int64          `json:"actor,omitzero"` // its id; absent: the operator
	Action     string         `json:"action"`
	Room       string         `json:"room,omitzero"`
	TargetKind string         `json:"target_kind,omitzero"`
	TargetID   string         `json:"target_id,omitzero"`
	Target     string         `json:"target,omitzero"` // its name
	Reason     string         `json:"reason,omitzero"`
	Details    jsontext.Value `json:"details,omitzero"`
}

func viewAudit(e store.AuditEntry) auditView {
	v := auditView{
		ID: e.ID, At: e.At.UnixMilli(), By: e.By.Name, Actor: e.By.User, Action: e.Action, Room: e.Room,
		TargetKind: e.Target.Kind, TargetID: e.Target.ID, Target: e.Target.Name, Reason: e.By.Reason,
	}
	if e.Details != "" {
		v.Details = jsontext.Value(e.Details)
	}
	return v
}

// actionPattern matches an action, and what is before its dot.
var actionPattern = regexp.MustCompile(`^[a-z]{1,32}(\.[a-z]{1,32})?$`)

// maxTarget is the greatest length of a name or an id in the audit log.
const maxTarget = 64

func (a *api) adminAudit(w http.ResponseWriter, r *http.Request, _ store.User) error {
	q, limit, err := pageQuery(r)
	if err != nil {
		return err
	}
	var of store.AuditFilter
	for name, into := range map[string]*string{
		"action": &of.Action, "target": &of.Target, "by": &of.Actor, "room": &of.Room,
	} {
		if *into, err = q.text(name, maxTarget); err != nil {
			return err
		}
	}
	if of.Action != "" && !actionPattern.MatchString(of.Action) {
		return chat.Errorf(chat.CodeBadRequest, "action must be one such as user.role, or what is before the dot.")
	}
	var before store.AuditEntry
	if q.has("before") {
		if before, err = parseAuditCursor(q.get("before")); err != nil {
			return err
		}
	}
	entries, err := a.Admin.FindAudit(r.Context(), of, before, limit+1)
	if err != nil {
		return err
	}
	next := ""
	if len(entries) > limit {
		entries = entries[:limit]
		last := entries[limit-1]
		next = strconv.FormatInt(last.At.UnixMilli(), 10) + "-" + strconv.FormatInt(last.ID, 10)
	}
	return answer(w, r, http.StatusOK, struct {
		Entries []auditView `json:"entries"`
		Next    string      `json:"next,omitempty"`
	}{viewAll(entries, viewAudit), next})
}

func parseAuditCursor(text string) (e store.AuditEntry, err error) {
	at, id, _ := strings.Cut(text, "-")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || ms < 0 || ms > maxTime {
		return e, errBefore
	}
	if e.ID, err = strconv.ParseInt(id, 10, 64); err != nil || e.ID < 1 {
		return e, errBefore
	}
	e.At = time.UnixMilli(ms)
	return e, nil
}

// Setting is a setting of this process.
type Setting struct {
	Name   string `json:"name"`
	About  string `json:"about"`
	Value  string `json:"value"`           // empty: not set, or a secret
	Secret bool   `json:"secret,omitzero"` // it is set, and not shown
	// Changed says that the value is not the one that it has without being set.
	Changed bool `json:"changed,omitzero"`
}

func (a *api) adminSettings(w http.ResponseWriter, r *http.Request, _ store.User) error {
	return answer(w, r, http.StatusOK, struct {
		Settings []Setting `json:"settings"`
	}{a.Admin.Settings()})
}
