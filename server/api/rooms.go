package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/chat"
	"livechat/server/store"
)

// roomMessageView is a message of a room, with the members that it has on the
// socket.
type roomMessageView struct {
	Seq     int64  `json:"seq"`
	ID      string `json:"id"`
	App     string `json:"app"`
	Session string `json:"session"`
	Author  string `json:"author,omitzero"`
	Name    string `json:"name"`
	Text    string `json:"text"`
	chat.Members
	Edited  int64 `json:"edited,omitzero"`  // Unix milliseconds; absent if it never was
	Deleted bool  `json:"deleted,omitzero"` // then the text is empty

	Reactions jsontext.Value `json:"reactions,omitzero"` // how many, by emoji

	At    int64  `json:"at"` // Unix milliseconds
	Epoch string `json:"epoch"`
}

func viewRoomMessage(m store.RoomMessage) roomMessageView {
	view := roomMessageView{Seq: m.Seq, ID: m.ID, App: m.App, Session: m.Session, Author: m.Author,
		Name: m.Name, Text: m.Text, Members: chat.MembersOf(m.Extra), Deleted: m.Deleted,
		Reactions: viewCounts(m.Reactions), At: m.At.UnixMilli(), Epoch: m.Epoch}
	if !m.Edited.IsZero() {
		view.Edited = m.Edited.UnixMilli()
	}
	return view
}

// roomMessages needs no session where the room needs none. Feeds of users are
// stored like rooms. CheckRoom refuses their names, which contain a ':', so
// none can be read here.
func (a *api) roomMessages(w http.ResponseWriter, r *http.Request) error {
	room := r.PathValue("room")
	if err := chat.CheckRoom(room); err != nil {
		return err
	}
	q, err := parseQuery(r)
	if err != nil {
		return err
	}
	_, mayRead, err := a.readerOf(r, room)
	if err != nil {
		return err
	}
	win, err := q.window(func(at time.Time) (int64, error) {
		if !mayRead {
			return 0, nil
		}
		return a.Archive.RoomSince(r.Context(), room, at)
	})
	if err != nil {
		return err
	}
	epoch := q.get("epoch")
	if epoch != "" && !chat.ValidEpoch(epoch) {
		return chat.Errorf(chat.CodeBadRequest, "epoch must be 16 lower-case hexadecimal digits.")
	}
	if epoch != "" && q.has("at") {
		return chat.Errorf(chat.CodeBadRequest, "Give only one of epoch and at.")
	}
	var messages []store.RoomMessage
	if mayRead {
		messages, err = a.Archive.RoomMessages(r.Context(), room, epoch, win.before, win.after, win.limit)
	}
	if err != nil {
		return err
	}
	others, err := a.othersOf(r.Context(), room, epoch, messages, win)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Messages []roomMessageView `json:"messages"`
		Others   [][2]int64        `json:"others,omitempty"`
	}{viewAll(messages, viewRoomMessage), others})
}

// othersOf returns the numbers of entries that are not messages, in the part of
// the log that a page covers: from its first message to the end of the window,
// or from the beginning of the window to its last message. A client that counts
// what is missing between two messages leaves them out.
func (a *api) othersOf(ctx context.Context, room, epoch string, page []store.RoomMessage, win window) (
	others [][2]int64, err error) {
	if len(page) == 0 {
		return nil, nil
	}
	after, before := page[0].Seq, int64(chat.MaxSeq)+1
	switch {
	case win.before > 0:
		before = win.before
	case win.after != 0:
		after, before = max(win.after, 0), page[len(page)-1].Seq
	}
	ranges, err := a.Archive.RoomOthers(ctx, room, epoch, after, before)
	if err != nil {
		return nil, err
	}
	for _, r := range ranges {
		others = append(others, [2]int64{r.First, r.Last})
	}
	return others, nil
}

// searchTimeout limits a search.
const searchTimeout = 5 * time.Second

var errSearchSlow = &chat.Error{
	Code: chat.CodeUnavailable, Message: "This search takes too long. Try rarer words.", Retryable: true,
	RetryAfterMS: 5000,
}

// searchInTurn waits for this client's turn and searches.
func (a *api) searchInTurn(r *http.Request, q store.SearchQuery) ([]store.Found, string, error) {
	leave, err := a.searchTurn(r.Context(), q.User, a.ClientAddr(r))
	if err != nil {
		return nil, "", err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(r.Context(), searchTimeout)
	defer cancel()
	found, next, err := a.Search.Search(ctx, q)
	if err != nil && ctx.Err() != nil && r.Context().Err() == nil {
		return nil, "", errSearchSlow
	}
	return found, next, err
}

// Maximum lengths in characters.
const (
	maxQuery  = 200
	maxFrom   = 64
	maxCursor = 512
)

// search needs no session if one room is searched that everybody may read.
// Without a room it finds what is in the user's chats as well.
func (a *api) search(w http.ResponseWriter, r *http.Request) error {
	q, err := searchQuery(r)
	if err != nil {
		return err
	}
	if q.Room != "" {
		if q.User, _, err = a.readerOf(r, q.Room); err != nil {
			return err
		}
		return a.searchFor(w, r, q) // which finds what this user may read
	}
	return a.user(func(w http.ResponseWriter, r *http.Request, me store.User) error {
		q.User = me.ID
		return a.searchFor(w, r, q)
	})(w, r)
}

func (a *api) searchFor(w http.ResponseWriter, r *http.Request, q store.SearchQuery) error {
	found, next, err := a.searchInTurn(r, q)
	if errors.Is(err, store.ErrBadCursor) {
		return chat.Errorf(chat.CodeBadRequest, "before must be the value of next in an earlier page.")
	}
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Results []foundView `json:"results"`
		Next    string      `json:"next,omitempty"`
	}{viewAll(found, viewFound), next})
}

func searchQuery(r *http.Request) (store.SearchQuery, error) {
	var out store.SearchQuery
	q, err := parseQuery(r)
	if err != nil {
		return out, err
	}
	if out.Limit, err = q.limit(); err != nil {
		return out, err
	}
	for _, part := range []struct {
		name string
		max  int
		into *string
	}{{"q", maxQuery, &out.Words}, {"from", maxFrom, &out.From}, {"before", maxCursor, &out.Before}} {
		*part.into = strings.TrimSpace(q.get(part.name))
		empty := *part.into == "" && (part.name == "q" || q.has(part.name))
		if text := *part.into; empty || !utf8.ValidString(text) || utf8.RuneCountInString(text) > part.max ||
			strings.ContainsRune(text, 0) {
			return out, chat.Errorf(chat.CodeBadRequest, "%s must have 1 to %d characters.", part.name,
				part.max)
		}
	}
	if q.has("room") {
		out.Room = q.get("room")
		return out, chat.CheckRoom(out.Room)
	}
	return out, nil
}
