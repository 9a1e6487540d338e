package api

import (
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/chat"
	"livechat/server/store"
)

// maxReacted is how many people are listed for each emoji.
const maxReacted = 100

// reactionsView is the answer to who reacted.
type reactionsView struct {
	Reactions []reactedView `json:"reactions"`
}

// reactedView are the people who reacted to a message with one emoji.
type reactedView struct {
	Emoji  string       `json:"emoji"`
	Count  int64        `json:"count"`  // of all
	People []personView `json:"people"` // the newest first, at most maxReacted
}

type personView struct {
	Name   string `json:"name"`
	Author string `json:"author,omitzero"`
	At     int64  `json:"at"` // Unix milliseconds
}

func viewReacted(r store.Reacted) reactedView {
	return reactedView{Emoji: r.Emoji, Count: r.Count, People: viewAll(r.People,
		func(p chat.Reaction) personView { return personView{p.Name, p.Author, p.At} })}
}

// viewCounts returns the counts of a message as a member; absent if there are
// none.
func viewCounts(reactions string) jsontext.Value {
	if reactions == "" {
		return nil
	}
	return jsontext.Value(reactions)
}

// reactions needs no session, like the messages. It does not know whether there
// is such a message: then nobody reacted to it.
func (a *api) reactions(w http.ResponseWriter, r *http.Request) error {
	room := r.PathValue("room")
	if err := chat.CheckRoom(room); err != nil {
		return err
	}
	id, err := chatID(r)
	if err != nil {
		return err
	}
	if _, err := parseQuery(r); err != nil {
		return err
	}
	_, mayRead, err := a.readerOf(r, room)
	if err != nil {
		return err
	}
	var all []store.Reacted
	if mayRead {
		all, err = a.Archive.Reacted(r.Context(), room, id, maxReacted)
	}
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, reactionsView{viewAll(all, viewReacted)})
}

// whoReacted lists who reacted to a message of a private chat.
func (a *api) whoReacted(w http.ResponseWriter, r *http.Request, me store.User) error {
	inChat, err := chatID(r)
	if err != nil {
		return err
	}
	all, err := a.Chats.WhoReacted(r.Context(), me.ID, inChat, r.PathValue("message"))
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, reactionsView{viewAll(all, viewReacted)})
}

// react returns a handler that puts my emoji on a message of a private chat, or
// takes it back.
func (a *api) react(on bool) func(http.ResponseWriter, *http.Request, store.User) error {
	return func(w http.ResponseWriter, r *http.Request, me store.User) error {
		inChat, err := chatID(r)
		if err != nil {
			return err
		}
		if err := noBody(w, r); err != nil {
			return err
		}
		if err := a.Chats.React(r.Context(), me.ID, inChat, r.PathValue("message"), r.PathValue("emoji"),
			on); err != nil {
			return err
		}
		return noContent(w)
	}
}
