package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// Personal gives people what is kept of them, and erases it. Errors for users
// are *chat.Error.
type Personal interface {
	// Export writes a zip archive into what begin returns. me is the account; with
	// ID 0 the author is a guest. If it
	// does not call begin, nothing was written.
	Export(ctx context.Context, author string, me store.User, addr string, begin func() io.Writer) error
	// Erase orders what a guest has written to be erased, or, if keep, to lose its
	// name.
	Erase(ctx context.Context, author, addr string, keep bool) (store.Erasure, error)
	// Erasure returns the newest order. Codes: not_found.
	Erasure(ctx context.Context, author string) (store.Erasure, error)
}

// The two things that can be done with the messages of somebody who leaves.
const (
	keepMessages  = "keep" // without the name
	eraseMessages = "erase"
)

// keeps reports whether messages are kept, as a body says. They are kept if it
// says nothing: erasing cannot be undone.
func keeps(messages string) (bool, error) {
	switch messages {
	case "", keepMessages:
		return true, nil
	case eraseMessages:
		return false, nil
	}
	return false, chat.Errorf(chat.CodeBadRequest, "messages must be %s or %s.", keepMessages, eraseMessages)
}

// exportMe sends all that is kept of an account.
func (a *api) exportMe(w http.ResponseWriter, r *http.Request, me store.User) error {
	return a.export(w, r, chat.AccountAuthor(me.Name), me)
}

// exportGuest sends all that is kept of a guest.
func (a *api) exportGuest(w http.ResponseWriter, r *http.Request, author string) error {
	return a.export(w, r, author, store.User{})
}

// export streams an export. One that fails in the middle is aborted, so that
// nobody takes a part for the whole.
func (a *api) export(w http.ResponseWriter, r *http.Request, author string, me store.User) error {
	begin := func() {
		name := "livechat-" + time.Now().UTC().Format(time.DateOnly) + ".zip"
		if me.Name != "" {
			name = "livechat-" + me.Name + "-" + time.Now().UTC().Format(time.DateOnly) + ".zip"
		}
		h := w.Header()
		h.Set("Content-Type", "application/zip")
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(http.StatusOK)
	}
	if r.Method == http.MethodHead {
		begin()
		return nil
	}
	begun := false
	err := a.Personal.Export(r.Context(), author, me, a.ClientAddr(r), func() io.Writer {
		begun = true
		begin()
		return w
	})
	if err != nil && begun {
		if r.Context().Err() == nil {
			a.Logger.WarnContext(r.Context(), "api: an export was cut off", "error", err)
		}
		panic(http.ErrAbortHandler)
	}
	return err
}

// guest returns a handler that requires the key of a guest, who is known by its
// author.
func (a *api) guest(next func(w http.ResponseWriter, r *http.Request, author string) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		keys := r.Header.Values(guestHeader)
		if len(keys) != 1 {
			return chat.Errorf(chat.CodeBadRequest, "Send one %s header, with the key of a guest.", guestHeader)
		}
		author, err := chat.GuestAuthor(keys[0])
		if err != nil {
			return err
		}
		return next(w, r, author)
	}
}

// erasureView is what a guest sees of an erasure.
type erasureView struct {
	Messages string `json:"messages"` // keep, erase
	Asked    int64  `json:"asked_at"` // Unix milliseconds
	Done     int64  `json:"done"`     // messages so far
	Finished int64  `json:"finished_at,omitzero"`
}

func viewErasure(e store.Erasure) erasureView {
	v := erasureView{Messages: eraseMessages, Asked: e.Asked.UnixMilli(), Done: e.Messages}
	if e.Keep {
		v.Messages = keepMessages
	}
	if !e.Finished.IsZero() {
		v.Finished = e.Finished.UnixMilli()
	}
	return v
}

// eraseGuest orders what a guest has written to be erased.
func (a *api) eraseGuest(w http.ResponseWriter, r *http.Request, author string) error {
	var in struct {
		Messages string `json:"messages"`
	}
	if err := readBody(w, r, &in); err != nil {
		return err
	}
	if err := requireMembers("messages", in.Messages); err != nil {
		return err
	}
	keep, err := keeps(in.Messages)
	if err != nil {
		return err
	}
	e, err := a.Personal.Erase(r.Context(), author, a.ClientAddr(r), keep)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusAccepted, viewErasure(e))
}

// guestErasure says how far an erasure is.
func (a *api) guestErasure(w http.ResponseWriter, r *http.Request, author string) error {
	e, err := a.Personal.Erasure(r.Context(), author)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, viewErasure(e))
}
