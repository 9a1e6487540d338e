package api

import (
	"net/http"
	"time"

	"livechat/server/chat"
	"livechat/server/moderation"
	"livechat/server/store"
)

// eraseMessage deletes a message of a room, named by its id and its seq.
func (a *api) eraseMessage(w http.ResponseWriter, r *http.Request, me store.User) error {
	id, err := chatID(r)
	if err != nil {
		return err
	}
	q, err := parseQuery(r)
	if err != nil {
		return err
	}
	seq, err := q.number("seq", 1, chat.MaxSeq)
	if err != nil {
		return err
	}
	why, err := reason(w, r)
	if err != nil {
		return err
	}
	if seq == 0 {
		return chat.Errorf(chat.CodeBadRequest, "seq is missing: a message is named by its seq and its id.")
	}
	return done(w, a.Moderation.Delete(r.Context(), moderation.ActorOf(me), r.PathValue("room"),
		chat.Target{Seq: uint64(seq), ID: id}, why))
}

// eraseMessages deletes the messages of somebody since a time: the last hour, if
// none is given.
func (a *api) eraseMessages(w http.ResponseWriter, r *http.Request, me store.User) error {
	q, err := parseQuery(r)
	if err != nil {
		return err
	}
	since := time.Now().Add(-time.Hour)
	if q.has("since") {
		if since, err = q.time("since"); err != nil {
			return err
		}
	}
	why, err := reason(w, r)
	if err != nil {
		return err
	}
	who := moderation.Who{Account: q.get("account"), Author: q.get("author"), Session: q.get("session")}
	deleted, more, err := a.Moderation.DeleteAll(r.Context(), moderation.ActorOf(me), r.PathValue("room"), who,
		since, why)
	status, err := pending(http.StatusOK, err)
	if err != nil {
		return err
	}
	return answer(w, r, status, struct {
		Deleted int  `json:"deleted"`
		More    bool `json:"more"`
	}{deleted, more})
}

// pin pins a message of a room, in the place of the one before.
func (a *api) pin(w http.ResponseWriter, r *http.Request, me store.User) error {
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
	return done(w, a.Moderation.Pin(r.Context(), moderation.ActorOf(me), r.PathValue("room"), *body.Message,
		body.Reason))
}

func (a *api) unpin(w http.ResponseWriter, r *http.Request, me store.User) error {
	why, err := reason(w, r)
	if err != nil {
		return err
	}
	return done(w, a.Moderation.Unpin(r.Context(), moderation.ActorOf(me), r.PathValue("room"), why))
}
