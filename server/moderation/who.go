package moderation

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	"livechat/server/chat"
	"livechat/server/store"
)

// Who names a person in a room: one of its fields is set.
type Who struct {
	Account string       // the name of an account, in any case
	Author  string       // as in messages
	Session string       // the connection of a guest without a guest key
	Message *chat.Target // a message of theirs
	Subject string       // account, guest or address, a colon and its id: see chat.Subject.Word
}

// person is whom something is done to.
type person struct {
	subject chat.Subject
	name    string     // as it is shown; empty if unknown
	user    store.User // of an account; zero for everybody else
	// of their messages
	author, session string
}

var (
	errNobody = chat.Errorf(chat.CodeBadRequest,
		"name one of account, author, session, message and subject")
	errNoAccount = chat.Errorf(chat.CodeUnknownUser, "no account has this name, or it is deleted")
	// ErrUnknown: there is no such message for whoever asks.
	ErrUnknown = chat.Errorf(chat.CodeUnknownMessage, "there is no such message, or it is out of reach")
)

// check refuses what names nobody, or several.
func (w Who) check() error {
	given := 0
	for _, is := range []bool{w.Account != "", w.Author != "", w.Session != "", w.Message != nil,
		w.Subject != ""} {
		if is {
			given++
		}
	}
	if given != 1 {
		return errNobody
	}
	return nil
}

// find returns whom w means. Codes: bad_request, unknown_user, unknown_message.
func (d *Desk) find(ctx context.Context, room string, w Who) (p person, err error) {
	if err := w.check(); err != nil {
		return p, err
	}
	switch {
	case w.Account != "":
		return d.account(ctx, w.Account)
	case w.Message != nil:
		m, err := d.message(ctx, room, *w.Message)
		if err != nil {
			return p, err
		}
		return d.author(ctx, m.Author, m.Session, m.Name)
	case w.Subject != "":
		return d.subject(ctx, w.Subject)
	}
	return d.author(ctx, w.Author, w.Session, "")
}

func (d *Desk) account(ctx context.Context, name string) (person, error) {
	u, err := d.o.Account(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return person{}, errNoAccount
	}
	return personOf(u), err
}

func personOf(u store.User) person {
	return person{
		subject: chat.AccountSubject(u.ID), name: u.Name, user: u, author: chat.AccountAuthor(u.Name),
	}
}

// author returns who wrote messages with this author, or without one in this
// session.
func (d *Desk) author(ctx context.Context, author, session, name string) (person, error) {
	if account, ok := strings.CutPrefix(author, chat.AccountAuthor("")); ok {
		return d.account(ctx, account)
	}
	of, err := chat.NewSubject(chat.SubjectGuest, cmp.Or(author, session))
	if author != "" {
		session = ""
	}
	return person{subject: of, name: name, author: author, session: session}, err
}

// subject returns who has a subject. An account may be deleted.
func (d *Desk) subject(ctx context.Context, word string) (person, error) {
	kind, id, _ := strings.Cut(word, ":")
	of, err := chat.NewSubject(kind, id)
	if err != nil || kind != chat.SubjectAccount {
		return person{subject: of}, err
	}
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return person{}, errNobody // cannot happen: NewSubject has read it
	}
	u, err := d.userByID(ctx, number)
	if err != nil || u.ID == 0 {
		return person{subject: of}, err
	}
	return personOf(u), nil
}
