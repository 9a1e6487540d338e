package api

import (
	"net/http"
	"time"

	"livechat/server/chat"
	"livechat/server/rooms"
	"livechat/server/store"
)

// roomView is a made room as somebody sees it. Times are Unix milliseconds.
type roomView struct {
	Name        string        `json:"name"`
	Title       string        `json:"title"`
	Topic       string        `json:"topic"`
	Access      chat.Access   `json:"access"`
	Listed      bool          `json:"listed"`
	Owner       string        `json:"owner,omitzero"` // absent: the operator
	Role        chat.RoomRole `json:"role,omitzero"`  // mine; absent: none
	Online      int           `json:"online"`         // people in it now
	Members     int64         `json:"members,omitzero"`
	LastAt      int64         `json:"last_at,omitzero"` // of the newest archived message
	SlowS       int64         `json:"slow_s"`           // as in the rules of the room
	Registered  bool          `json:"registered"`
	Paused      bool          `json:"paused"`
	RetentionMS int64         `json:"retention_ms"` // 0: as all rooms
	CreatedAt   int64         `json:"created_at,omitzero"`
}

func viewRoom(r rooms.View) roomView {
	v := roomView{
		Name: r.Name, Title: r.Title, Topic: r.Topic, Access: r.Access, Listed: r.Listed, Owner: r.Owner,
		Role: r.Role, Online: r.Online, Members: r.Members, SlowS: int64(r.Slow.Seconds()),
		Registered: r.Registered, Paused: r.Paused, RetentionMS: r.Retention.Milliseconds(),
	}
	if !r.Last.IsZero() {
		v.LastAt = r.Last.UnixMilli()
	}
	if !r.Created.IsZero() {
		v.CreatedAt = r.Created.UnixMilli()
	}
	return v
}

// anybody returns a handler that works with and without a session. A cookie of
// a session that has ended is none.
func (a *api) anybody(next func(w http.ResponseWriter, r *http.Request, by rooms.Actor) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		token := a.token(r)
		if token == "" {
			return next(w, r, rooms.Actor{})
		}
		me, err := a.Accounts.WhoAmI(r.Context(), token)
		switch {
		case err != nil && chat.AsError(err).Code == chat.CodeUnauthorized:
			return next(w, r, rooms.Actor{})
		case err != nil:
			return err
		}
		return next(w, r, rooms.ActorOf(me))
	}
}

// actor returns a handler that requires a session.
func (a *api) actor(next func(w http.ResponseWriter, r *http.Request, by rooms.Actor) error) handler {
	return a.user(func(w http.ResponseWriter, r *http.Request, me store.User) error {
		return next(w, r, rooms.ActorOf(me))
	})
}

// nextOf returns the name from which the next page goes on; empty on the last.
func nextOf[T any](page []T, more bool, name func(T) string) string {
	if !more || len(page) == 0 {
		return ""
	}
	return name(page[len(page)-1])
}

func (a *api) listRooms(w http.ResponseWriter, r *http.Request, by rooms.Actor) error {
	q, err := parseQuery(r)
	if err != nil {
		return err
	}
	find := store.RoomsQuery{After: q.get("after")}
	if find.Limit, err = q.limit(); err != nil {
		return err
	}
	if find.Mine, err = q.flag("mine"); err != nil {
		return err
	}
	if find.All, err = q.flag("all"); err != nil {
		return err
	}
	if q.has("after") {
		if err := chat.CheckRoom(find.After); err != nil {
			return err
		}
	}
	page, more, err := a.Rooms.List(r.Context(), by, find)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Rooms []roomView `json:"rooms"`
		Next  string     `json:"next,omitzero"`
	}{viewAll(page, viewRoom), nextOf(page, more, func(v rooms.View) string { return v.Name })})
}

func (a *api) makeRoom(w http.ResponseWriter, r *http.Request, by rooms.Actor) error {
	var in struct {
		Name        string      `json:"name"`
		Title       string      `json:"title"`
		Topic       string      `json:"topic"`
		Access      chat.Access `json:"access"`
		Listed      bool        `json:"listed"`
		RetentionMS int64       `json:"retention_ms"`
	}
	if err := readBody(w, r, &in); err != nil {
		return err
	}
	if err := requireMembers("title", in.Title); err != nil {
		return err
	}
	retention, err := milliseconds("retention_ms", in.RetentionMS, rooms.MaxRetention)
	if err != nil {
		return err
	}
	made, err := a.Rooms.Make(r.Context(), by, rooms.Draft{
		Name: in.Name, Title: in.Title, Topic: in.Topic, Access: in.Access, Listed: in.Listed, Retention: retention,
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", base+"/rooms/"+made.Name+"/")
	return answer(w, r, http.StatusCreated, viewRoom(made))
}

// milliseconds returns a time that was given in milliseconds, from 0.
func milliseconds(member string, ms int64, most time.Duration) (time.Duration, error) {
	if ms < 0 || ms > most.Milliseconds() {
		return 0, chat.Errorf(chat.CodeBadRequest, "%s must be a number from 0 to %d.", member, most.Milliseconds())
	}
	return time.Duration(ms) * time.Millisecond, nil
}

func (a *api) getRoom(w http.ResponseWriter, r *http.Request, by rooms.Actor) error {
	room, err := a.Rooms.Get(r.Context(), by, r.PathValue("room"))
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, viewRoom(room))
}

// setRoom changes the members of the body that are there. The rules of a room
// have an address of their own.
func (a *api) setRoom(w http.ResponseWriter, r *http.Request, by rooms.Actor) error {
	var in struct {
		Title       *string      `json:"title"`
		Topic       *string      `json:"topic"`
		Access      *chat.Access `json:"access"`
		Listed      *bool        `json:"listed"`
		RetentionMS *int64       `json:"retention_ms"`
	}
	if err := readBody(w, r, &in); err != nil {
		return err
	}
	c := rooms.Changes{Title: in.Title, Topic: in.Topic, Access: in.Access, Listed: in.Listed}
	if in.RetentionMS != nil {
		retention, err := milliseconds("retention_ms", *in.RetentionMS, rooms.MaxRetention)
		if err != nil {
			return err
		}
		c.Retention = &retention
	}
	room, err := a.Rooms.Set(r.Context(), by, r.PathValue("room"), c)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, viewRoom(room))
}

func (a *api) deleteRoom(w http.ResponseWriter, r *http.Request, by rooms.Actor) error {
	if err := noBody(w, r); err != nil {
		return err
	}
	if err := a.Rooms.Delete(r.Context(), by, r.PathValue("room")); err != nil {
		return err
	}
	return noContent(w)
}
