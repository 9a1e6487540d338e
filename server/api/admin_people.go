package api

import (
	"encoding/base64"
	"net/http"

	"livechat/server/chat"
	"livechat/server/connections"
	"livechat/server/store"
)

func (a *api) adminPeople(w http.ResponseWriter, r *http.Request, _ store.User) error {
	q, err := parseQuery(r)
	if err != nil {
		return err
	}
	var of connections.Query
	if of.Limit, err = q.limit(); err != nil {
		return err
	}
	for name, into := range map[string]*string{
		"q": &of.Text, "room": &of.Room, "server": &of.App, "person": &of.Person, "session": &of.Session,
	} {
		if *into, err = q.text(name, maxTarget+len("account:")); err != nil {
			return err
		}
	}
	after, err := base64.RawURLEncoding.DecodeString(q.get("after"))
	if err != nil || len(after) > maxCursor {
		return chat.Errorf(chat.CodeBadRequest, "after must be the value of next in an earlier page.")
	}
	of.After = string(after)
	page, err := a.Admin.People(r.Context(), of)
	if err != nil {
		return err
	}
	next := base64.RawURLEncoding.EncodeToString([]byte(page.Next))
	return answer(w, r, http.StatusOK, struct {
		Connections []connections.Connection `json:"connections"`
		Total       int                      `json:"total"`
		Next        string                   `json:"next,omitempty"`
		Missing     []string                 `json:"missing,omitempty"` // servers that have not answered
	}{append([]connections.Connection{}, page.Connections...), page.Total, next, page.Missing})
}

// adminClose closes one connection, or all of a person.
func (a *api) adminClose(w http.ResponseWriter, r *http.Request, me store.User) error {
	var in struct {
		Session string `json:"session"`
		Person  string `json:"person"`
		Reason  string `json:"reason"`
	}
	if err := readBody(w, r, &in); err != nil {
		return err
	}
	if (in.Session == "") == (in.Person == "") {
		return chat.Errorf(chat.CodeBadRequest, "Give either session or person.")
	}
	by, err := byAdmin(me, in.Reason)
	if err != nil {
		return err
	}
	closed, err := a.Admin.Close(r.Context(), by, connections.Query{Session: in.Session, Person: in.Person})
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Closed int `json:"closed"`
	}{closed})
}

func (a *api) adminServers(w http.ResponseWriter, r *http.Request, _ store.User) error {
	servers, err := a.Admin.Servers(r.Context())
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Servers []connections.Server `json:"servers"`
	}{servers})
}
