package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// roomBanView is a mute or a ban among those of all rooms.
type roomBanView struct {
	Room string `json:"room"`
	Kind string `json:"kind"`
	banView
}

func viewRoomBan(b store.Ban) roomBanView { return roomBanView{b.Room, b.Kind, viewBan(b)} }

// banCursor and its reverse are the place of a ban in the list of all.
func banCursor(b store.Ban) string {
	return strings.Join([]string{strconv.FormatInt(b.At.UnixMilli(), 10), b.Room, b.Kind,
		b.Subject.Word()}, ",")
}

func parseBanCursor(text string) (b store.Ban, err error) {
	parts := strings.Split(text, ",")
	if len(parts) != 4 {
		return b, errBefore
	}
	at, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || at < 0 || at > maxTime {
		return b, errBefore
	}
	if b.Subject, err = chat.ParseSubject(parts[3]); err != nil {
		return b, errBefore
	}
	b.At, b.Room, b.Kind = time.UnixMilli(at), parts[1], parts[2]
	return b, nil
}

// adminBans lists the mutes and bans of all rooms page by page, or those of one
// room, of which there are not many.
func (a *api) adminBans(w http.ResponseWriter, r *http.Request, _ store.User) error {
	q, limit, err := pageQuery(r)
	if err != nil {
		return err
	}
	var bans []store.Ban
	next := ""
	if q.has("room") {
		if q.has("before") {
			return chat.Errorf(chat.CodeBadRequest, "Give only one of room and before.")
		}
		if err := chat.CheckRoom(q.get("room")); err != nil {
			return err
		}
		bans, err = a.Admin.BansOf(r.Context(), q.get("room"))
	} else {
		bans, next, err = a.bansBefore(r, q, limit)
	}
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Bans []roomBanView `json:"bans"`
		Next string        `json:"next,omitempty"`
	}{viewAll(bans, viewRoomBan), next})
}

func (a *api) bansBefore(r *http.Request, q query, limit int) (bans []store.Ban, next string, err error) {
	var before store.Ban
	if q.has("before") {
		if before, err = parseBanCursor(q.get("before")); err != nil {
			return nil, "", err
		}
	}
	if bans, err = a.Admin.BansBefore(r.Context(), before, limit+1); err != nil || len(bans) <= limit {
		return bans, "", err
	}
	return bans[:limit], banCursor(bans[limit-1]), nil
}
