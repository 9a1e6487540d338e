package moderation

import (
	"livechat/server/chat"
	"livechat/server/store"
	"livechat/server/words"
)

// Words returns blocked words as store.RoomSettings has them, without empty and
// repeated ones. Code: bad_request, which says what is wrong.
func Words(patterns []string) (string, error) {
	list, err := words.Clean(patterns)
	return chat.WordsText(list), err
}

// checkSettings refuses what a room cannot have. The words that it has already
// are not checked again: it may be stricter by now.
func checkSettings(before, now store.RoomSettings) error {
	if now.Words != before.Words {
		if _, err := Words(chat.WordsOf(now.Words)); err != nil {
			return err
		}
	}
	return chat.CheckSlow(now.Slow)
}

// Verdict looks for the blocked words of a room, as they are known here, in what
// somebody writes there: see words.List.Verdict. It does not wait.
func (w *Watch) Verdict(room string, said []string) string {
	w.mu.Lock()
	l := w.lists[room]
	w.mu.Unlock()
	return l.Verdict(said...)
}

// Learn makes the blocked words of a room known here. Whoever has older ones is
// told so by the publish script: see bus.WordOptions. So nothing else has to be
// kept in order.
func (w *Watch) Learn(room string, r chat.RoomRules) {
	w.mu.Lock()
	same := w.lists[room].Version() == chat.WordsVersion(r.Words)
	w.mu.Unlock()
	if same {
		return
	}
	l, err := words.Compile(r.Words)
	if err != nil { // by a server of another version; nobody but moderators can write then
		w.o.Logger.Error("rules: the blocked words of a room cannot be used", "room", room)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if l == nil {
		delete(w.lists, room)
	} else {
		w.lists[room] = l
	}
}
