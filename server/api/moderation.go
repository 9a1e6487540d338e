package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"livechat/server/chat"
	"livechat/server/moderation"
	"livechat/server/store"
)

// Moderation is what those who moderate a room do. Errors for users are
// *chat.Error; moderation.ErrPending: it is done, and holds soon.
type Moderation interface {
	Bans(ctx context.Context, a moderation.Actor, room, kind string) ([]store.Ban, error)
	Add(ctx context.Context, a moderation.Actor, room string, s moderation.Sentence) ([]store.Ban, error)
	Lift(ctx context.Context, a moderation.Actor, room, kind string, w moderation.Who, reason string) error
	Settings(ctx context.Context, a moderation.Actor, room string) (store.RoomSettings, error)
	Set(ctx context.Context, a moderation.Actor, room string, change func(*store.RoomSettings),
		reason string) (
		store.RoomSettings, error)
	// Kick takes a Who, or else the name of somebody who is there.
	Kick(ctx context.Context, a moderation.Actor, room string, w moderation.Who, name, reason string) error
	Delete(ctx context.Context, a moderation.Actor, room string, t chat.Target, reason string) error
	DeleteAll(ctx context.Context, a moderation.Actor, room string, w moderation.Who, since time.Time,
		reason string) (deleted int, more bool, err error)
	Pin(ctx context.Context, a moderation.Actor, room string, t chat.Target, reason string) error
	Unpin(ctx context.Context, a moderation.Actor, room, reason string) error
	Reports
}

// Reports are messages that people report to those who moderate.
type Reports interface {
	// Report returns false if this person has an open report on this message.
	Report(ctx context.Context, by moderation.Reporter, room string, t chat.Target, reason string) (
		isNew bool, err error)
	// Reports returns those of all rooms if room is empty.
	Reports(ctx context.Context, a moderation.Actor, room string, closed bool, before int64, limit int) (
		[]store.Report, error)
	CloseReport(ctx context.Context, a moderation.Actor, room string, id int64, outcome, reason string) (
		store.Report, error)
}

// whoBody names somebody, by one of its members.
type whoBody struct {
	Account string       `json:"account"`
	Author  string       `json:"author"`
	Session string       `json:"session"`
	Message *chat.Target `json:"message"`
}

func (b whoBody) who() moderation.Who {
	return moderation.Who{Account: b.Account, Author: b.Author, Session: b.Session, Message: b.Message}
}

// sentenceBody asks for a mute or a ban.
type sentenceBody struct {
	whoBody
	Minutes int64  `json:"minutes"`
	Ends    int64  `json:"ends"` // Unix milliseconds
	Reason  string `json:"reason"`
	Address bool   `json:"address"`
}

// ends returns the end that the body asks for; zero: never.
func (b sentenceBody) ends() (time.Time, error) {
	switch {
	case b.Minutes != 0 && b.Ends != 0:
		return time.Time{}, chat.Errorf(chat.CodeBadRequest, "Give only one of minutes and ends.")
	case b.Minutes < 0 || b.Minutes > moderation.MaxMinutes || b.Ends < 0 || b.Ends > maxTime:
		return time.Time{}, chat.Errorf(chat.CodeBadRequest,
			"minutes is a number from 1 to %d, ends a time in Unix milliseconds.", moderation.MaxMinutes)
	case b.Minutes > 0:
		return time.Now().Add(time.Duration(b.Minutes) * time.Minute), nil
	case b.Ends > 0:
		return time.UnixMilli(b.Ends), nil
	}
	return time.Time{}, nil
}

// banView is a mute or a ban. Times are Unix milliseconds.
type banView struct {
	Subject string `json:"subject"` // as in the path of a DELETE
	Name    string `json:"name,omitzero"`
	Reason  string `json:"reason,omitzero"`
	By      string `json:"by"`
	At      int64  `json:"at"`
	Ends    int64  `json:"ends,omitzero"` // absent: never
}

func viewBan(b store.Ban) banView {
	v := banView{Subject: b.Subject.Word(), Name: b.Name, Reason: b.Reason, By: b.By,
		At: b.At.UnixMilli()}
	if !b.Ends.IsZero() {
		v.Ends = b.Ends.UnixMilli()
	}
	return v
}

// bansView is a list of mutes or of bans.
type bansView struct {
	Mutes []banView `json:"mutes,omitzero"`
	Bans  []banView `json:"bans,omitzero"`
}

func viewBans(kind string, all []store.Ban) bansView {
	if kind == store.KindMute {
		return bansView{Mutes: viewAll(all, viewBan)}
	}
	return bansView{Bans: viewAll(all, viewBan)}
}

// pending returns the status of a change that was made, and holds already or,
// after ErrPending, soon.
func pending(status int, err error) (int, error) {
	if errors.Is(err, moderation.ErrPending) {
		return http.StatusAccepted, nil
	}
	return status, err
}

// done answers a change about which there is nothing to tell.
func done(w http.ResponseWriter, err error) error {
	status, err := pending(http.StatusNoContent, err)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	return nil
}

func (a *api) bans(kind string) handler {
	return a.user(func(w http.ResponseWriter, r *http.Request, me store.User) error {
		all, err := a.Moderation.Bans(r.Context(), moderation.ActorOf(me), r.PathValue("room"), kind)
		if err != nil {
			return err
		}
		return answer(w, r, http.StatusOK, viewBans(kind, all))
	})
}

func (a *api) addBan(kind string) handler {
	return a.user(func(w http.ResponseWriter, r *http.Request, me store.User) error {
		var body sentenceBody
		if err := readBody(w, r, &body); err != nil {
			return err
		}
		ends, err := body.ends()
		if err != nil {
			return err
		}
		added, err := a.Moderation.Add(r.Context(), moderation.ActorOf(me), r.PathValue("room"),
			moderation.Sentence{Kind: kind, Who: body.who(), Ends: ends, Reason: body.Reason,
				Address: body.Address})
		status, err := pending(http.StatusCreated, err)
		if err != nil {
			return err
		}
		return answer(w, r, status, viewBans(kind, added))
	})
}

// reason reads the body of a request that needs none: it may have a reason.
func reason(w http.ResponseWriter, r *http.Request) (string, error) {
	var body struct {
		Reason string `json:"reason"`
	}
	raw, err := readAll(w, r)
	if err != nil || len(raw) == 0 {
		return "", err
	}
	return body.Reason, decode(raw, &body)
}

func (a *api) liftBan(kind string) handler {
	return a.user(func(w http.ResponseWriter, r *http.Request, me store.User) error {
		why, err := reason(w, r)
		if err != nil {
			return err
		}
		err = a.Moderation.Lift(r.Context(), moderation.ActorOf(me), r.PathValue("room"), kind,
			moderation.Who{Subject: r.PathValue("subject")}, why)
		return done(w, err)
	})
}

// rulesView is the rules of a room other than mutes and bans.
type rulesView struct {
	Slow       int64    `json:"slow_s"` // 0: no slow mode
	Registered bool     `json:"registered"`
	Paused     bool     `json:"paused"`
	Words      []string `json:"words"` // blocked ones
}

func viewRules(s store.RoomSettings) rulesView {
	return rulesView{int64(s.Slow.Seconds()), s.Registered, s.Paused, chat.WordsOf(s.Words)}
}

func (a *api) rules(w http.ResponseWriter, r *http.Request, me store.User) error {
	s, err := a.Moderation.Settings(r.Context(), moderation.ActorOf(me), r.PathValue("room"))
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, viewRules(s))
}

func (a *api) setRules(w http.ResponseWriter, r *http.Request, me store.User) error {
	var body struct {
		Slow       *int64    `json:"slow_s"`
		Registered *bool     `json:"registered"`
		Paused     *bool     `json:"paused"`
		Words      *[]string `json:"words"`
		Reason     string    `json:"reason"`
	}
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	if body.Slow == nil && body.Registered == nil && body.Paused == nil && body.Words == nil {
		return chat.Errorf(chat.CodeBadRequest, "Give slow_s, registered, paused or words.")
	}
	if body.Slow != nil && (*body.Slow < 0 || *body.Slow > int64(chat.MaxSlow.Seconds())) {
		return chat.Errorf(chat.CodeBadRequest, "slow_s must be a number from 0 to %d.",
			int64(chat.MaxSlow.Seconds()))
	}
	var words string
	if body.Words != nil {
		var err error
		if words, err = moderation.Words(*body.Words); err != nil {
			return err
		}
	}
	now, err := a.Moderation.Set(r.Context(), moderation.ActorOf(me), r.PathValue("room"),
		func(s *store.RoomSettings) {
			if body.Slow != nil {
				s.Slow = time.Duration(*body.Slow) * time.Second
			}
			if body.Registered != nil {
				s.Registered = *body.Registered
			}
			if body.Paused != nil {
				s.Paused = *body.Paused
			}
			if body.Words != nil {
				s.Words = words
			}
		}, body.Reason)
	status, err := pending(http.StatusOK, err)
	if err != nil {
		return err
	}
	return answer(w, r, status, viewRules(now))
}

func (a *api) kick(w http.ResponseWriter, r *http.Request, me store.User) error {
	var body struct {
		whoBody
		Name   string `json:"name"`
		Reason string `json:"reason"`
	}
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	if err := a.Moderation.Kick(r.Context(), moderation.ActorOf(me), r.PathValue("room"), body.who(),
		body.Name,
		body.Reason); err != nil {
		return err
	}
	return noContent(w)
}
