package api

import (
	"net/http"
	"strconv"

	"livechat/server/chat"
	"livechat/server/moderation"
	"livechat/server/store"
)

// reportView is a report as those who moderate see it. Times are Unix
// milliseconds.
type reportView struct {
	ID      int64        `json:"id"`
	Room    string       `json:"room"`
	Message reportedView `json:"message"`
	By      string       `json:"by"` // a subject
	ByName  string       `json:"by_name,omitzero"`
	Reason  string       `json:"reason"`
	At      int64        `json:"at"`

	Closed   int64  `json:"closed,omitzero"`
	ClosedBy string `json:"closed_by,omitzero"`
	Outcome  string `json:"outcome,omitzero"`
}

// reportedView is the message that a report is about.
type reportedView struct {
	Seq     uint64 `json:"seq"`
	ID      string `json:"id"`
	Session string `json:"session"`
	Author  string `json:"author,omitzero"`
	Name    string `json:"name"`
	Text    string `json:"text"` // as it was then; empty once it is deleted
}

func viewReport(r store.Report) reportView {
	m := r.Message
	v := reportView{
		ID: r.ID, Room: r.Room, Message: reportedView{m.Seq, m.ID, m.Session, m.Author, m.Name, m.Text},
		By: r.Reporter.Word(), ByName: r.ReporterName, Reason: r.Reason, At: r.At.UnixMilli(),
		ClosedBy: r.ClosedBy, Outcome: r.Outcome,
	}
	if !r.Closed.IsZero() {
		v.Closed = r.Closed.UnixMilli()
	}
	return v
}

// reporter returns who reports: a guest with a key, else the account of the
// cookie.
func (a *api) reporter(r *http.Request) (by moderation.Reporter, err error) {
	o, err := a.uploader(r)
	switch {
	case err != nil:
		return by, err
	case o.User != 0:
		name := o.Author[len(chat.AccountAuthor("")):]
		return moderation.Reporter{Subject: chat.AccountSubject(o.User), Name: name, Author: o.Author}, nil
	case o.Author != "":
		return moderation.Reporter{Subject: chat.GuestSubject(o.Author), Author: o.Author}, nil
	}
	return by, chat.Errorf(chat.CodeUnauthorized, "Log in, or send the key of a guest as %s.", guestHeader)
}

func (a *api) report(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Message *chat.Target `json:"message"`
		Reason  string       `json:"reason"`
	}
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	if body.Message == nil {
		return chat.Errorf(chat.CodeBadRequest, "message is missing.")
	}
	by, err := a.reporter(r)
	if err != nil {
		return err
	}
	if err := a.AllowReport(string(by.Subject), a.ClientAddr(r)); err != nil {
		return err
	}
	if moderation.CheckRoom(r.PathValue("room")) == nil {
		if _, mayRead, err := a.readerOf(r, r.PathValue("room")); err != nil {
			return err
		} else if !mayRead {
			return moderation.ErrUnknown
		}
	}
	isNew, err := a.Moderation.Report(r.Context(), by, r.PathValue("room"), *body.Message, body.Reason)
	if err != nil {
		return err
	}
	return answer(w, r, created(isNew), struct {
		Reported bool `json:"reported"`
	}{true})
}

// reports lists the reports of a room or, without one, of all.
func (a *api) reports(w http.ResponseWriter, r *http.Request, me store.User) error {
	q, limit, err := pageQuery(r)
	if err != nil {
		return err
	}
	before, err := q.number("before", 1, chat.MaxSeq)
	if err != nil {
		return err
	}
	state := q.get("state")
	if q.has("state") && state != "open" && state != "closed" {
		return chat.Errorf(chat.CodeBadRequest, "state must be open or closed.")
	}
	all, err := a.Moderation.Reports(r.Context(), moderation.ActorOf(me), r.PathValue("room"),
		state == "closed", before, limit)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Reports []reportView `json:"reports"`
	}{viewAll(all, viewReport)})
}

func (a *api) closeReport(w http.ResponseWriter, r *http.Request, me store.User) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return chat.Errorf(chat.CodeNotFound, "not found")
	}
	var body struct {
		Outcome string `json:"outcome"`
		Reason  string `json:"reason"`
	}
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	closed, err := a.Moderation.CloseReport(r.Context(), moderation.ActorOf(me), r.PathValue("room"), id,
		body.Outcome, body.Reason)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, viewReport(closed))
}
