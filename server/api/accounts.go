package api

import (
	"net/http"

	"livechat/server/store"
)

// account is what users see of their own account.
type account struct {
	Name      string `json:"name"`
	CreatedAt int64  `json:"created_at"` // Unix milliseconds
	Role      string `json:"role,omitzero"`
}

func accountOf(u store.User) account { return account{u.Name, u.Created.UnixMilli(), u.Role} }

// credentials is the body of a registration and of a login.
type credentials struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

func (c *credentials) read(w http.ResponseWriter, r *http.Request) error {
	if err := readBody(w, r, c); err != nil {
		return err
	}
	return requireMembers("name", c.Name, "password", c.Password)
}

// register creates an account and logs in.
func (a *api) register(w http.ResponseWriter, r *http.Request) error {
	var in credentials
	if err := in.read(w, r); err != nil {
		return err
	}
	u, err := a.Accounts.Register(r.Context(), in.Name, in.Password, a.ClientAddr(r))
	if err != nil {
		return err
	}
	token, err := a.Accounts.NewSession(r.Context(), u.ID)
	if err != nil {
		return err // the account exists; a login creates the session
	}
	a.startSession(w, r, token)
	w.Header().Set("Location", base+"/me/")
	return answer(w, r, http.StatusCreated, accountOf(u))
}

func (a *api) login(w http.ResponseWriter, r *http.Request) error {
	var in credentials
	if err := in.read(w, r); err != nil {
		return err
	}
	token, u, err := a.Accounts.Login(r.Context(), in.Name, in.Password, a.ClientAddr(r))
	if err != nil {
		return err
	}
	a.startSession(w, r, token)
	return answer(w, r, http.StatusOK, accountOf(u))
}

// startSession sets the cookie. It ends the session that the cookie held
// before, because no client has its token any more.
func (a *api) startSession(w http.ResponseWriter, r *http.Request, token string) {
	if old := a.token(r); old != "" {
		if err := a.Accounts.Logout(r.Context(), old); err != nil {
			a.Logger.WarnContext(r.Context(),
				"api: cannot end the session before a login, it stays until it expires", "error", err)
		}
	}
	a.setToken(w, r, token)
}

// logout ends the session if there is one. Repeated after a lost answer it
// succeeds, too.
func (a *api) logout(w http.ResponseWriter, r *http.Request) error {
	if err := noBody(w, r); err != nil {
		return err
	}
	if token := a.token(r); token != "" {
		if err := a.Accounts.Logout(r.Context(), token); err != nil {
			return err
		}
	}
	a.clearToken(w, r)
	return noContent(w)
}

func (a *api) logoutEverywhere(w http.ResponseWriter, r *http.Request, me store.User) error {
	if err := noBody(w, r); err != nil {
		return err
	}
	if err := a.Accounts.LogoutAll(r.Context(), me.ID); err != nil {
		return err
	}
	a.clearToken(w, r)
	return noContent(w)
}

func (a *api) me(w http.ResponseWriter, r *http.Request, me store.User) error {
	return answer(w, r, http.StatusOK, accountOf(me))
}

// changePassword ends all sessions and starts another one for this browser.
func (a *api) changePassword(w http.ResponseWriter, r *http.Request, me store.User) error {
	var in struct {
		Old string `json:"old"`
		New string `json:"new"`
	}
	if err := readBody(w, r, &in); err != nil {
		return err
	}
	if err := requireMembers("old", in.Old, "new", in.New); err != nil {
		return err
	}
	if err := a.Accounts.ChangePassword(r.Context(), me.ID, in.Old, in.New); err != nil {
		return err
	}
	token, err := a.Accounts.NewSession(r.Context(), me.ID)
	// The password has changed, and stays so without a session.
	if err != nil {
		a.Logger.WarnContext(r.Context(), "api: no session after a password change", "error", err)
		a.clearToken(w, r)
		return noContent(w)
	}
	a.setToken(w, r, token)
	return noContent(w)
}

func (a *api) deleteMe(w http.ResponseWriter, r *http.Request, me store.User) error {
	var in struct {
		Password string `json:"password"`
		Messages string `json:"messages"` // see keeps
	}
	if err := readBody(w, r, &in); err != nil {
		return err
	}
	if err := requireMembers("password", in.Password); err != nil {
		return err
	}
	keep, err := keeps(in.Messages)
	if err != nil {
		return err
	}
	if err := a.Accounts.Delete(r.Context(), me.ID, in.Password, keep); err != nil {
		return err
	}
	a.clearToken(w, r)
	return noContent(w)
}

// ticket issues a ticket, which a socket uses instead of the cookie.
func (a *api) ticket(w http.ResponseWriter, r *http.Request, me store.User) error {
	if err := noBody(w, r); err != nil {
		return err
	}
	ticket, expires, err := a.Tickets.Issue(r.Context(), me.ID, a.token(r))
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusCreated, struct {
		Ticket    string `json:"ticket"`
		ExpiresAt int64  `json:"expires_at"`
	}{ticket, expires.UnixMilli()})
}
