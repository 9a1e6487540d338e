package api

import (
	"net/http"
	"regexp"
	"strconv"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/store"
)

// person is what one learns about others.
type person struct {
	Name string `json:"name"`
}

// chatView is a private chat as one of the two sees it. Times are Unix milliseconds.
type chatView struct {
	ID        string       `json:"id"`
	With      person       `json:"with"`
	CreatedAt int64        `json:"created_at"`
	UpdatedAt int64        `json:"updated_at"` // when it last had something new; lists are in its order
	Last      *messageView `json:"last"`       // null: nobody has written yet
	Unread    int64        `json:"unread"`
	Read      int64        `json:"read"`       // n of the last message that I have read
	OtherRead int64        `json:"other_read"` // and that the other has
}

// messageView is a message of a private chat. Its members have the names that the same things have in the user's feed.
type messageView struct {
	ID   string `json:"id"`
	N    int64  `json:"n"` // its place in the chat, dense from 1
	Name string `json:"name"`
	Text string `json:"text"`
	At   int64  `json:"at"`
}

func viewChat(c store.Chat) chatView {
	v := chatView{
		ID: c.ID, With: person{c.Other.Name}, CreatedAt: c.Created.UnixMilli(), UpdatedAt: c.Updated.UnixMilli(),
		Unread: c.Unread, Read: c.Read, OtherRead: c.OtherRead,
	}
	if c.Last != nil {
		last := viewMessage(*c.Last)
		v.Last = &last
	}
	return v
}

func viewMessage(m store.Message) messageView {
	return messageView{ID: m.ID, N: m.N, Name: m.AuthorName, Text: m.Text, At: m.At.UnixMilli()}
}

// viewAll is never nil: an empty list is [], not null.
func viewAll[T, V any](all []T, view func(T) V) []V {
	views := make([]V, len(all))
	for i, one := range all {
		views[i] = view(one)
	}
	return views
}

// chatID is the chat of the path. What is no id is no chat either.
func chatID(r *http.Request) (string, error) {
	id, err := checkUUID("id", r.PathValue("id"))
	if err != nil {
		return "", chat.Errorf(chat.CodeNotFound, "there is no such chat, or it is not yours to see")
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
	if err := needs("with", in.With); err != nil {
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
	q, err := parseQuery(r)
	if err != nil {
		return err
	}
	limit, err := q.limit()
	if err != nil {
		return err
	}
	chats, next, err := a.Chats.List(r.Context(), me.ID, q.get("before"), limit)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Chats []chatView `json:"chats"`
		Next  string     `json:"next,omitempty"` // for before; not there at the end
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

func (a *api) postMessage(w http.ResponseWriter, r *http.Request, me store.User) error {
	inChat, err := chatID(r)
	if err != nil {
		return err
	}
	var in struct {
		ID   string `json:"id"`
		Text string `json:"text"`
	}
	if err := readBody(w, r, &in); err != nil {
		return err
	}
	id, err := messageID(r, me.ID, in.ID)
	if err != nil {
		return err
	}
	if err := needs("text", in.Text); err != nil {
		return err
	}
	m, isNew, err := a.Chats.Post(r.Context(), me.ID, inChat, id, in.Text)
	if err != nil {
		return err
	}
	return answer(w, r, created(isNew), viewMessage(m))
}

// keySpace keeps ids made of keys apart from all others made in this way. It must never change: a key would have another id.
var keySpace = uuid.MustParse("7d3c1f0e-52a9-4c0b-9f2e-1a6b8c4d5e90")

// keyVersion is the version of the UUIDs that are made of keys.
const keyVersion = 5

// keyPattern is what an Idempotency-Key may be: visible ASCII.
var keyPattern = regexp.MustCompile(`^[!-~]{1,255}$`)

// messageID is the id that the client gave, or that of its Idempotency-Key, which is the same on every server without any of them remembering
// it. Without either the service gives it one; a message that is sent again after a lost answer is then there twice.
//
// Ids are everybody's, and that of a key can be worked out by whoever guesses the key. So nobody may give one of that kind, or he could take it
// before the message whose it is.
func messageID(r *http.Request, me int64, given string) (string, error) {
	keys := r.Header.Values("Idempotency-Key")
	if len(keys) > 1 || len(keys) == 1 && !keyPattern.MatchString(keys[0]) {
		return "", chat.Errorf(chat.CodeBadRequest, "an Idempotency-Key is 1 to 255 visible ASCII characters, and there once")
	}
	switch {
	case given != "":
		id, err := checkUUID("id", given)
		if err == nil && uuid.MustParse(id).Version() == keyVersion {
			return "", chat.Errorf(chat.CodeBadRequest, "id must be a random UUID, and is one of version 5: those are made of names, here of Idempotency-Keys")
		}
		return id, err
	case len(keys) == 1:
		return uuid.NewSHA1(keySpace, []byte(strconv.FormatInt(me, 10)+" "+keys[0])).String(), nil
	}
	return "", nil
}

func (a *api) listMessages(w http.ResponseWriter, r *http.Request, me store.User) error {
	id, err := chatID(r)
	if err != nil {
		return err
	}
	q, err := parseQuery(r)
	if err != nil {
		return err
	}
	win, err := q.window()
	if err != nil {
		return err
	}
	messages, err := a.Chats.History(r.Context(), me.ID, id, win.before, win.after, win.limit)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Messages []messageView `json:"messages"`
	}{viewAll(messages, viewMessage)})
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
		return chat.Errorf(chat.CodeBadRequest, "n must be the number of the last message read, from 1")
	}
	_, read, err := a.Chats.Read(r.Context(), me.ID, id, in.N)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Read int64 `json:"read"`
	}{read})
}
