package api

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"livechat/server/chat"
	"livechat/server/store"
)

// roomMessageView is a message of a room, with the members that it has on the socket.
type roomMessageView struct {
	Seq     int64  `json:"seq"`
	ID      string `json:"id"`
	App     string `json:"app"`
	Session string `json:"session"`
	Author  string `json:"author,omitzero"`
	Name    string `json:"name"`
	Text    string `json:"text"`
	At      int64  `json:"at"` // Unix milliseconds
	Epoch   string `json:"epoch"`
}

func viewRoomMessage(m store.RoomMessage) roomMessageView {
	return roomMessageView{Seq: m.Seq, ID: m.ID, App: m.App, Session: m.Session, Author: m.Author, Name: m.Name, Text: m.Text, At: m.At.UnixMilli(), Epoch: m.Epoch}
}

// roomMessages is open to guests, as the rooms are. Users' feeds are kept in the same way as rooms; that none can be read here is
// CheckRoom's doing, which lets no name with a ':' through.
func (a *api) roomMessages(w http.ResponseWriter, r *http.Request) error {
	room := r.PathValue("room")
	if err := chat.CheckRoom(room); err != nil {
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
	epoch := q.get("epoch")
	if epoch != "" && !chat.ValidEpoch(epoch) {
		return chat.Errorf(chat.CodeBadRequest, "epoch must be 16 lower-case hexadecimal digits")
	}
	messages, err := a.Archive.RoomMessages(r.Context(), room, epoch, win.before, win.after, win.limit)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Messages []roomMessageView `json:"messages"`
	}{viewAll(messages, viewRoomMessage)})
}

// searchTimeout is how long a search may run.
const searchTimeout = 5 * time.Second

var errSearchSlow = &chat.Error{
	Code: chat.CodeUnavailable, Message: "this search takes too long; try rarer words", Retryable: true, RetryAfterMS: 5000,
}

// searchInTurn searches when it is this client's turn.
func (a *api) searchInTurn(r *http.Request, me store.User, words string, limit int) ([]store.Found, error) {
	if a.SearchTurn != nil {
		leave, err := a.SearchTurn(r.Context(), me.ID, a.ClientAddr(r))
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	ctx, cancel := context.WithTimeout(r.Context(), searchTimeout)
	defer cancel()
	found, err := a.Search.Search(ctx, me.ID, words, limit)
	if err != nil && ctx.Err() != nil && r.Context().Err() == nil {
		return nil, errSearchSlow
	}
	return found, err
}

// maxQuery is the longest question of a search in characters.
const maxQuery = 200

func (a *api) search(w http.ResponseWriter, r *http.Request, me store.User) error {
	q, err := parseQuery(r)
	if err != nil {
		return err
	}
	limit, err := q.limit()
	if err != nil {
		return err
	}
	words := strings.TrimSpace(q.get("q"))
	if words == "" || !utf8.ValidString(words) || utf8.RuneCountInString(words) > maxQuery || strings.ContainsRune(words, 0) {
		return chat.Errorf(chat.CodeBadRequest, "q must be 1 to %d characters", maxQuery)
	}
	found, err := a.searchInTurn(r, me, words, limit)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Results []foundView `json:"results"`
	}{viewAll(found, viewFound)})
}
