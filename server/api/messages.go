package api

import (
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/store"
	"livechat/server/wire"
)

func (a *api) postMessage(w http.ResponseWriter, r *http.Request, me store.User) error {
	inChat, err := chatID(r)
	if err != nil {
		return err
	}
	in, err := readText(w, r, me)
	if err != nil {
		return err
	}
	files, err := wire.ParseFiles(in.Files)
	if err != nil {
		return err
	}
	var text string
	if in.Text != nil {
		text = *in.Text
	}
	if text == "" && files == nil {
		return requireMembers("text", "")
	}
	m, isNew, err := a.Chats.Post(r.Context(), me.ID, inChat, in.ID, text, files...)
	if err != nil {
		return err
	}
	return answer(w, r, created(isNew), viewMessage(m))
}

func (a *api) editMessage(w http.ResponseWriter, r *http.Request, me store.User) error {
	inChat, err := chatID(r)
	if err != nil {
		return err
	}
	in, err := readText(w, r, me)
	if err != nil {
		return err
	}
	switch {
	case in.Files != nil:
		return chat.Errorf(chat.CodeBadRequest, "An edit cannot change files. Send only text and id.")
	case in.Text == nil:
		return requireMembers("text", "")
	}
	m, err := a.Chats.EditMessage(r.Context(), me.ID, inChat, r.PathValue("message"), in.ID, *in.Text)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, viewMessage(m))
}

func (a *api) deleteMessage(w http.ResponseWriter, r *http.Request, me store.User) error {
	inChat, err := chatID(r)
	if err != nil {
		return err
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	if err := a.Chats.DeleteMessage(r.Context(), me.ID, inChat, r.PathValue("message")); err != nil {
		return err
	}
	return noContent(w)
}

// sent is the body of a message or an edit.
type sent struct {
	ID    string         `json:"id"`
	Text  *string        `json:"text"`  // nil: none
	Files jsontext.Value `json:"files"` // of a message: see wire.ParseFiles
}

// readText returns the body of a message or an edit, with the id that its client
// gave it, or that is made of its key.
func readText(w http.ResponseWriter, r *http.Request, me store.User) (in sent, err error) {
	if err := readBody(w, r, &in); err != nil {
		return in, err
	}
	in.ID, err = messageID(r, me.ID, in.ID)
	return in, err
}

// keyNamespace separates ids made of keys from other UUIDs of version 5. It
// must never change, because that would change the ids of keys.
var keyNamespace = uuid.MustParse("7d3c1f0e-52a9-4c0b-9f2e-1a6b8c4d5e90")

// keyVersion is the version of UUIDs made of keys.
const keyVersion = 5

// keyPattern matches an Idempotency-Key: visible ASCII.
var keyPattern = regexp.MustCompile(`^[!-~]{1,255}$`)

// messageID returns the id given by the client, or the one made of its
// Idempotency-Key, which is the same on every server without shared state.
// Without either it returns "", and the service generates an id; a message that
// is repeated after a lost answer is then stored twice.
//
// Ids are global, and the id of a key can be computed by anyone who guesses the
// key. So a client cannot choose an id of version 5: it could take the id of
// another client's message first.
func messageID(r *http.Request, me int64, given string) (string, error) {
	keys := r.Header.Values("Idempotency-Key")
	if len(keys) > 1 || len(keys) == 1 && !keyPattern.MatchString(keys[0]) {
		return "", chat.Errorf(chat.CodeBadRequest,
			"Send one Idempotency-Key of 1 to 255 visible ASCII characters.")
	}
	switch {
	case given != "":
		id, err := checkUUID("id", given)
		if err == nil && uuid.MustParse(id).Version() == keyVersion {
			return "", chat.Errorf(chat.CodeBadRequest,
				"id must be a random UUID. Version 5 is for ids made of Idempotency-Keys.")
		}
		return id, err
	case len(keys) == 1:
		return uuid.NewSHA1(keyNamespace, []byte(strconv.FormatInt(me, 10)+" "+keys[0])).String(), nil
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
	win, err := q.window(func(at time.Time) (int64, error) { return a.Chats.Since(r.Context(), me.ID, id, at) })
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
