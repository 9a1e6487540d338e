package api

import (
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/chat"
	"livechat/server/store"
)

// otherUser is what users see of each other.
type otherUser struct {
	Name string `json:"name"`
}

// chatView is a private chat as one of its two users sees it. Times are Unix
// milliseconds.
type chatView struct {
	ID        string       `json:"id"`
	With      otherUser    `json:"with"`
	CreatedAt int64        `json:"created_at"`
	UpdatedAt int64        `json:"updated_at"` // time of the last change; lists are sorted by it
	Last      *messageView `json:"last"`       // null if there is no message yet
	Unread    int64        `json:"unread"`
	Read      int64        `json:"read"`              // n of the last message read by this user
	OtherRead int64        `json:"other_read"`        // and by the other; 0 after a block
	Blocking  bool         `json:"blocking,omitzero"` // this user blocks the other
}

// messageView is a message of a private chat. Its members are named as in the
// user's feed.
type messageView struct {
	ID   string `json:"id"`
	N    int64  `json:"n"` // number in the chat, from 1 without a gap
	Name string `json:"name"`
	Text string `json:"text"`
	At   int64  `json:"at"`

	Edited  int64 `json:"edited,omitzero"`  // when it got its text by an edit
	Deleted bool  `json:"deleted,omitzero"` // it had a text

	Files     []chat.File    `json:"files,omitzero"`
	Reactions jsontext.Value `json:"reactions,omitzero"` // how many, by emoji
}

func viewChat(c store.Chat) chatView {
	v := chatView{
		ID: c.ID, With: otherUser{c.Other.Name}, CreatedAt: c.Created.UnixMilli(),
		UpdatedAt: c.Updated.UnixMilli(),
		Unread:    c.Unread, Read: c.Read, OtherRead: c.OtherRead, Blocking: c.Blocking,
	}
	if c.Last != nil {
		last := viewMessage(*c.Last)
		v.Last = &last
	}
	return v
}

func viewMessage(m store.Message) messageView {
	v := messageView{
		ID: m.ID, N: m.N, Name: m.AuthorName, Text: m.Text, At: m.At.UnixMilli(), Deleted: m.Deleted,
		Files: m.Files, Reactions: viewCounts(m.Reactions),
	}
	if !m.Edited.IsZero() {
		v.Edited = m.Edited.UnixMilli()
	}
	return v
}

// viewAll never returns nil: an empty list is [] in JSON, not null.
func viewAll[T, V any](all []T, view func(T) V) []V {
	views := make([]V, len(all))
	for i, one := range all {
		views[i] = view(one)
	}
	return views
}

// chatID returns the id in the path. An invalid id is answered like an unknown
// one.
func chatID(r *http.Request) (string, error) {
	id, err := checkUUID("id", r.PathValue("id"))
	if err != nil {
		return "", chat.Errorf(chat.CodeNotFound, "not found")
	}
	return id, nil
}

func created(is bool) int {
	if is {
		return http.StatusCreated
	}
	return http.StatusOK
}

func (a *api) createChat(w http.ResponseWriter, r *http.Request, me store.User) error {
	var in struct {
		With string `json:"with"`
	}
	if err := readBody(w, r, &in); err != nil {
		return err
	}
	if err := requireMembers("with", in.With); err != nil {
		return err
	}
	c, isNew, err := a.Chats.Create(r.Context(), me.ID, in.With)
	if err != nil {
		return err
	}
	w.Header().Set("Location", base+"/chats/"+c.ID+"/")
	return answer(w, r, created(isNew), viewChat(c))
}

func (a *api) listChats(w http.ResponseWriter, r *http.Request, me store.User) error {
	q, limit, err := pageQuery(r)
	if err != nil {
		return err
	}
	chats, next, err := a.Chats.List(r.Context(), me.ID, q.get("before"), limit)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Chats []chatView `json:"chats"`
		Next  string     `json:"next,omitempty"` // value for before; missing on the last page
	}{viewAll(chats, viewChat), next})
}

func (a *api) getChat(w http.ResponseWriter, r *http.Request, me store.User) error {
	id, err := chatID(r)
	if err != nil {
		return err
	}
	c, err := a.Chats.Get(r.Context(), me.ID, id)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, viewChat(c))
}

func (a *api) markRead(w http.ResponseWriter, r *http.Request, me store.User) error {
	id, err := chatID(r)
	if err != nil {
		return err
	}
	var in struct {
		N int64 `json:"n"`
	}
	if err := readBody(w, r, &in); err != nil {
		return err
	}
	if in.N < 1 {
		return chat.Errorf(chat.CodeBadRequest, "n must be the number of the last message read, 1 or more.")
	}
	_, read, err := a.Chats.Read(r.Context(), me.ID, id, in.N)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Read int64 `json:"read"`
	}{read})
}

func (a *api) typing(w http.ResponseWriter, r *http.Request, me store.User) error {
	id, err := chatID(r)
	if err != nil {
		return err
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	if err := a.Chats.Typing(r.Context(), me, id); err != nil {
		return err
	}
	return noContent(w)
}
