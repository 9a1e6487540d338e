package api

import (
	"context"
	"io"
	"strconv"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

func (f *fakes) Register(ctx context.Context, name, password, addr string) (store.User, error) {
	leave, err := f.enter(ctx, "register", name)
	defer leave()
	if err != nil {
		return store.User{}, err
	}
	if _, taken := f.byNameLocked(name); taken {
		return store.User{}, chat.Errorf(chat.CodeNameTaken, "taken")
	}
	u := store.User{ID: int64(len(f.users) + 1), Name: name, Created: startTime}
	f.users = append(f.users, u)
	f.password[u.ID] = password
	return u, nil
}

func (f *fakes) Login(ctx context.Context, name, password, addr string) (string, store.User, error) {
	leave, err := f.enter(ctx, "login", name, addr)
	defer leave()
	if err != nil {
		return "", store.User{}, err
	}
	u, ok := f.byNameLocked(name)
	if !ok || f.password[u.ID] != password {
		return "", store.User{}, chat.Errorf(chat.CodeUnauthorized, "wrong")
	}
	return f.sessionLocked(u.ID), u, nil
}

func (f *fakes) sessionLocked(user int64) string {
	token := "secrettoken" + strconv.Itoa(len(f.asked))
	f.sessions[token] = user
	return token
}

func (f *fakes) NewSession(ctx context.Context, user int64) (string, error) {
	leave, err := f.enter(ctx, "session", user)
	defer leave()
	if err != nil {
		return "", err
	}
	return f.sessionLocked(user), nil
}

func (f *fakes) WhoAmI(ctx context.Context, token string) (store.User, error) {
	leave, err := f.enter(ctx, "who")
	defer leave()
	if err != nil {
		return store.User{}, err
	}
	user, ok := f.sessions[token]
	if !ok {
		return store.User{}, chat.Errorf(chat.CodeUnauthorized, "you are not logged in")
	}
	return f.userLocked(user), nil
}

func (f *fakes) Logout(ctx context.Context, token string) error {
	leave, err := f.enter(ctx, "logout")
	defer leave()
	if err == nil {
		delete(f.sessions, token)
	}
	return err
}

func (f *fakes) LogoutAll(ctx context.Context, user int64) error {
	leave, err := f.enter(ctx, "logout all", user)
	defer leave()
	if err == nil {
		f.endLocked(user)
	}
	return err
}

func (f *fakes) endLocked(user int64) {
	for token, owner := range f.sessions {
		if owner == user {
			delete(f.sessions, token)
		}
	}
}

func (f *fakes) ChangePassword(ctx context.Context, user int64, old, next string) error {
	leave, err := f.enter(ctx, "password", user)
	defer leave()
	if err != nil {
		return err
	}
	if f.password[user] != old {
		return chat.Errorf(chat.CodeForbidden, "the password is wrong")
	}
	f.password[user] = next
	f.endLocked(user)
	return nil
}

func (f *fakes) Delete(ctx context.Context, user int64, password string, keep bool) error {
	leave, err := f.enter(ctx, "delete", user, keep)
	defer leave()
	if err != nil {
		return err
	}
	if f.password[user] != password {
		return chat.Errorf(chat.CodeForbidden, "the password is wrong")
	}
	f.endLocked(user)
	f.users[user-1].Name = "deleted"
	return nil
}

func (f *fakes) Issue(ctx context.Context, user int64, _ string) (string, time.Time, error) {
	leave, err := f.enter(ctx, "ticket", user)
	defer leave()
	return "secretticket", startTime.Add(30 * time.Second), err
}

func (f *fakes) Export(ctx context.Context, author string, me store.User, _ string,
	begin func() io.Writer) error {
	leave, err := f.enter(ctx, "export", author, me.ID)
	defer leave()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(begin(), "PK"); err != nil {
		return err
	}
	return f.cut
}

func (f *fakes) Erase(ctx context.Context, author, _ string, keep bool) (store.Erasure, error) {
	leave, err := f.enter(ctx, "erase", author, keep)
	defer leave()
	return store.Erasure{Author: author, Keep: keep, Asked: startTime}, err
}

func (f *fakes) Erasure(ctx context.Context, author string) (store.Erasure, error) {
	leave, err := f.enter(ctx, "erasure", author)
	defer leave()
	return store.Erasure{Author: author, Asked: startTime, Messages: 3, Finished: startTime}, err
}
