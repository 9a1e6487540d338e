package api

import (
	"net/http"

	"livechat/server/chat"
)

// readerOf returns as whom a request may read a room: 0 if everybody may. ok is
// false if it may not: then the answer is that for a room in which nobody ever
// said anything, since who may not be in a room need not know that it exists.
// The database is asked, which has the truth.
func (a *api) readerOf(r *http.Request, room string) (user int64, ok bool, err error) {
	if ok, err = a.Archive.MayRead(r.Context(), room, 0); ok || err != nil {
		return 0, ok, err
	}
	token := a.token(r)
	if token == "" {
		return 0, false, nil
	}
	me, err := a.Accounts.WhoAmI(r.Context(), token)
	switch {
	case err != nil && chat.AsError(err).Code == chat.CodeUnauthorized:
		return 0, false, nil
	case err != nil:
		return 0, false, err
	}
	ok, err = a.Archive.MayRead(r.Context(), room, me.ID)
	return me.ID, ok, err
}
