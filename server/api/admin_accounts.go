package api

import (
	"net/http"

	"livechat/server/chat"
	"livechat/server/store"
)

// adminAccount is an account as admins see it.
type adminAccount struct {
	account
	ID       int64 `json:"id"`
	Sessions int64 `json:"sessions"`
}

func viewAdminAccount(u store.UserFigures) adminAccount {
	return adminAccount{accountOf(u.User), u.ID, u.Sessions}
}

// noRole is how a request names the role of everybody else.
const noRole = "none"

func (a *api) adminFind(w http.ResponseWriter, r *http.Request, _ store.User) error {
	q, limit, err := pageQuery(r)
	if err != nil {
		return err
	}
	var of store.UserQuery
	for name, into := range map[string]*string{"q": &of.Text, "role": &of.Role, "after": &of.After} {
		if *into, err = q.text(name, chat.MaxName); err != nil {
			return err
		}
	}
	if of.Role != "" && of.Role != store.RoleAdmin {
		return chat.Errorf(chat.CodeBadRequest, "role must be %s.", store.RoleAdmin)
	}
	all, err := a.Admin.Find(r.Context(), of, limit+1)
	if err != nil {
		return err
	}
	next := ""
	if len(all) > limit {
		all = all[:limit]
		next = all[limit-1].Name
	}
	return answer(w, r, http.StatusOK, struct {
		Accounts []adminAccount `json:"accounts"`
		Next     string         `json:"next,omitempty"`
	}{viewAll(all, viewAdminAccount), next})
}

// shownSessions is how many sessions of an account are shown.
const shownSessions = 100

func (a *api) adminShow(w http.ResponseWriter, r *http.Request, _ store.User) error {
	u, sessions, err := a.Admin.Show(r.Context(), r.PathValue("name"), shownSessions)
	if err != nil {
		return err
	}
	type session struct {
		EndsAt int64 `json:"ends_at"`
	}
	return answer(w, r, http.StatusOK, struct {
		adminAccount
		Chats     int64     `json:"chats"`
		Files     int64     `json:"files"`
		FileBytes int64     `json:"file_bytes"`
		Open      []session `json:"open_sessions"`
	}{viewAdminAccount(u), u.Chats, u.Files, u.FileBytes,
		viewAll(sessions, func(s store.UserSession) session { return session{s.Ends.UnixMilli()} })})
}

func (a *api) adminPassword(w http.ResponseWriter, r *http.Request, by store.By) error {
	password, ended, err := a.Admin.Password(r.Context(), by, r.PathValue("name"))
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Password string `json:"password"`
		Ended    int64  `json:"ended"`
	}{password, ended})
}

func (a *api) adminLogOut(w http.ResponseWriter, r *http.Request, by store.By) error {
	ended, err := a.Admin.LogOut(r.Context(), by, r.PathValue("name"))
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Ended int64 `json:"ended"`
	}{ended})
}

func (a *api) adminRole(w http.ResponseWriter, r *http.Request, me store.User) error {
	var in struct {
		Role   string `json:"role"`
		Reason string `json:"reason"`
	}
	if err := readBody(w, r, &in); err != nil {
		return err
	}
	switch in.Role {
	case store.RoleAdmin:
	case noRole:
		in.Role = ""
	default:
		return chat.Errorf(chat.CodeBadRequest, "role must be %s or %s.", store.RoleAdmin, noRole)
	}
	by, err := byAdmin(me, in.Reason)
	if err != nil {
		return err
	}
	if err := a.Admin.Appoint(r.Context(), by, r.PathValue("name"), in.Role); err != nil {
		return err
	}
	return noContent(w)
}

func (a *api) adminRemove(w http.ResponseWriter, r *http.Request, by store.By) error {
	if err := a.Admin.Remove(r.Context(), by, r.PathValue("name")); err != nil {
		return err
	}
	return noContent(w)
}
