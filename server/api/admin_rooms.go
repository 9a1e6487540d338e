package api

import (
	"net/http"

	"livechat/server/chat"
	"livechat/server/connections"
	"livechat/server/store"
)

// maxPlace bounds where in the list of rooms a page begins.
const maxPlace = 1_000_000

func (a *api) adminRooms(w http.ResponseWriter, r *http.Request, _ store.User) error {
	q, limit, err := pageQuery(r)
	if err != nil {
		return err
	}
	from, err := q.number("from", 0, maxPlace)
	if err != nil {
		return err
	}
	text, err := q.text("q", chat.MaxRoom)
	if err != nil {
		return err
	}
	rooms, total, err := a.Admin.Rooms(r.Context(), text, int(from), limit)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Rooms []connections.RoomOnline `json:"rooms"`
		Total int                      `json:"total"`
	}{append([]connections.RoomOnline{}, rooms...), total})
}
