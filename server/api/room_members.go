package api

import (
	"net/http"

	"livechat/server/chat"
	"livechat/server/rooms"
	"livechat/server/store"
)

// memberView is a member of a room. Times are Unix milliseconds.
type memberView struct {
	Name  string        `json:"name"`
	Role  chat.RoomRole `json:"role"`
	Since int64         `json:"since"`
}

func viewMember(m store.RoomMember) memberView {
	return memberView{m.Name, m.Role, m.Since.UnixMilli()}
}

// maxMemberName bounds the name after which a page begins, in characters.
const maxMemberName = 64

func (a *api) listMembers(w http.ResponseWriter, r *http.Request, by rooms.Actor) error {
	q, limit, err := pageQuery(r)
	if err != nil {
		return err
	}
	after := q.get("after")
	if len(after) > maxMemberName {
		return chat.Errorf(chat.CodeBadRequest, "after must be the value of next in an earlier page.")
	}
	page, more, err := a.Rooms.Members(r.Context(), by, r.PathValue("room"), after, limit)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Members []memberView `json:"members"`
		Next    string       `json:"next,omitzero"`
	}{viewAll(page, viewMember), nextOf(page, more, func(m store.RoomMember) string { return m.Name })})
}

func (a *api) setMember(w http.ResponseWriter, r *http.Request, by rooms.Actor) error {
	var in struct {
		Role chat.RoomRole `json:"role"`
	}
	if err := readBody(w, r, &in); err != nil {
		return err
	}
	if err := a.Rooms.SetRole(r.Context(), by, r.PathValue("room"), r.PathValue("name"), in.Role); err != nil {
		return err
	}
	return noContent(w)
}

func (a *api) removeMember(w http.ResponseWriter, r *http.Request, by rooms.Actor) error {
	if err := noBody(w, r); err != nil {
		return err
	}
	if err := a.Rooms.Remove(r.Context(), by, r.PathValue("room"), r.PathValue("name")); err != nil {
		return err
	}
	return noContent(w)
}

// inviteView is an invite for those who moderate its room. The token is told
// once. Times are Unix milliseconds.
type inviteView struct {
	ID        string `json:"id"`
	Token     string `json:"token,omitzero"`
	By        string `json:"by"`
	Uses      int64  `json:"uses"` // that are left
	CreatedAt int64  `json:"created_at"`
	ExpiresAt int64  `json:"expires_at"`
}

func viewInvite(i store.Invite) inviteView {
	return inviteView{ID: i.ID, By: i.By, Uses: i.Uses, CreatedAt: i.Created.UnixMilli(),
		ExpiresAt: i.Expires.UnixMilli()}
}

func (a *api) makeInvite(w http.ResponseWriter, r *http.Request, by rooms.Actor) error {
	var in struct {
		Uses    *int64 `json:"uses"`
		LastsMS *int64 `json:"lasts_ms"`
	}
	if err := readBody(w, r, &in); err != nil {
		return err
	}
	uses, lasts := int64(rooms.DefaultUses), rooms.DefaultLifetime
	if in.Uses != nil {
		uses = *in.Uses
	}
	if in.LastsMS != nil {
		var err error
		if lasts, err = milliseconds("lasts_ms", *in.LastsMS, rooms.MaxLifetime); err != nil {
			return err
		}
	}
	token, i, err := a.Rooms.Invite(r.Context(), by, r.PathValue("room"), uses, lasts)
	if err != nil {
		return err
	}
	v := viewInvite(i)
	v.Token = token
	return answer(w, r, http.StatusCreated, v)
}

func (a *api) listInvites(w http.ResponseWriter, r *http.Request, by rooms.Actor) error {
	all, err := a.Rooms.Invites(r.Context(), by, r.PathValue("room"))
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Invites []inviteView `json:"invites"`
	}{viewAll(all, viewInvite)})
}

func (a *api) removeInvite(w http.ResponseWriter, r *http.Request, by rooms.Actor) error {
	if err := noBody(w, r); err != nil {
		return err
	}
	if err := a.Rooms.Uninvite(r.Context(), by, r.PathValue("room"), r.PathValue("id")); err != nil {
		return err
	}
	return noContent(w)
}

// doorView is what somebody with an invite sees of its room before joining.
type doorView struct {
	Name    string      `json:"name"`
	Title   string      `json:"title"`
	Topic   string      `json:"topic"`
	Access  chat.Access `json:"access"`
	Owner   string      `json:"owner,omitzero"`
	Online  int         `json:"online"`
	Members int64       `json:"members"`
}

// invited tells what room an invite is to, to whoever has it.
func (a *api) invited(w http.ResponseWriter, r *http.Request) error {
	room, err := a.Rooms.Invited(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, doorView{
		Name: room.Name, Title: room.Title, Topic: room.Topic, Access: room.Access, Owner: room.Owner,
		Online: room.Online, Members: room.Members,
	})
}

func (a *api) join(w http.ResponseWriter, r *http.Request, by rooms.Actor) error {
	if err := noBody(w, r); err != nil {
		return err
	}
	room, err := a.Rooms.Join(r.Context(), by, r.PathValue("token"))
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, viewRoom(room))
}
