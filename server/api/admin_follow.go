package api

import (
	"net/http"
	"regexp"

	"livechat/server/chat"
	"livechat/server/connections"
	"livechat/server/store"
)

// adminFollow begins to follow a connection. What it sends and gets is fetched by
// adminFrames, from any process with the API.
func (a *api) adminFollow(w http.ResponseWriter, r *http.Request, me store.User) error {
	var in struct {
		Session string `json:"session"`
		Reason  string `json:"reason"`
	}
	if err := readBody(w, r, &in); err != nil {
		return err
	}
	if err := requireMembers("session", in.Session); err != nil {
		return err
	}
	by, err := byAdmin(me, in.Reason)
	if err != nil {
		return err
	}
	id, c, err := a.Admin.Follow(r.Context(), by, in.Session)
	if err != nil {
		return err
	}
	w.Header().Set("Location", base+"/admin/follows/"+id+"/")
	return answer(w, r, http.StatusCreated, struct {
		ID         string                 `json:"id"`
		Seconds    int                    `json:"lasts_s"` // at most
		Connection connections.Connection `json:"connection"`
	}{id, int(connections.FollowTime.Seconds()), c})
}

// followID matches an id that adminFollow has returned.
var followID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// maxFrames bounds where a page of frames begins.
const maxFrames = 1_000_000

func followOf(r *http.Request) (id string, err error) {
	if id = r.PathValue("id"); !followID.MatchString(id) {
		return "", chat.Errorf(chat.CodeNotFound, "not found")
	}
	return id, nil
}

// adminFrames returns what came after the first so many. It has none of an id
// that never was, or is over for long.
func (a *api) adminFrames(w http.ResponseWriter, r *http.Request, _ store.User) error {
	id, err := followOf(r)
	if err != nil {
		return err
	}
	q, err := parseQuery(r)
	if err != nil {
		return err
	}
	after, err := q.number("after", 0, maxFrames)
	if err != nil {
		return err
	}
	frames, err := a.Admin.Frames(r.Context(), id, int(after))
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Frames []connections.Followed `json:"frames"`
		After  int64                  `json:"after"` // for the next request
	}{append([]connections.Followed{}, frames...), after + int64(len(frames))})
}

func (a *api) adminUnfollow(w http.ResponseWriter, r *http.Request, _ store.By) error {
	id, err := followOf(r)
	if err != nil {
		return err
	}
	if err := a.Admin.Unfollow(r.Context(), id); err != nil {
		return err
	}
	return noContent(w)
}
