package admin

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"livechat/server/account"
	"livechat/server/chat"
	"livechat/server/store"
)

// lookBack is how many archived messages of a room are searched for a name.
const lookBack = 5000

// person is whom a ban is about.
type person struct {
	subject chat.Subject
	name    string
	others  string // what else to know, such as others with this name; may be empty
}

func (p person) String() string {
	kind, _ := p.subject.Split()
	return fmt.Sprintf("%s %q (%s)", kind, p.name, p.subject.Word())
}

func words(subjects []chat.Subject) string {
	all := make([]string, 0, len(subjects))
	for _, s := range subjects {
		all = append(all, s.Word())
	}
	return strings.Join(all, ", ")
}

// subjectOf returns the subject that a word names; ok is false if it is a name.
// A guest may also be named by its key, which nobody but the guest should have.
func subjectOf(word string) (of chat.Subject, ok bool, err error) {
	kind, id, _ := strings.Cut(word, ":")
	switch kind {
	case chat.SubjectGuest:
		if author, err := chat.GuestAuthor(id); err == nil {
			id = author
		}
	case chat.SubjectAccount, chat.SubjectAddress:
	default:
		return "", false, nil
	}
	if kind == word {
		return "", false, nil // a name like these words
	}
	of, err = chat.NewSubject(kind, id)
	return of, true, err
}

// sameName reports whether a ban is about a name. Those of accounts may be
// typed in any case.
func sameName(b store.Ban, name string) bool {
	kind, _ := b.Subject.Split()
	return b.Name == name || kind == chat.SubjectAccount && b.Name == account.Canonical(name)
}

// meant returns whom a word means: a subject, an account by its name, or the
// guest who wrote last in the room under this name.
func (j *job) meant(ctx context.Context, room, word string) (person, error) {
	of, ok, err := subjectOf(word)
	if err != nil {
		return person{}, err
	}
	writers, err := j.RoomWriters(ctx, room, lookBack)
	if err != nil {
		return person{}, err
	}
	if ok {
		return j.known(ctx, room, of, writers)
	}
	writers = named(writers, word)
	u, _, err := j.UserByName(ctx, account.Canonical(word))
	switch {
	case err == nil:
		p := person{subject: chat.AccountSubject(u.ID), name: u.Name}
		p.others = others(writers, chat.AccountAuthor(u.Name))
		return p, nil
	case !errors.Is(err, store.ErrNotFound):
		return person{}, err
	case len(writers) == 0:
		return person{}, fmt.Errorf("no account has the name %q, and none of the last %d archived messages of "+
			"room %s is by a guest with it", word, lookBack, room)
	}
	return guest(writers)
}

// named returns those who wrote under a name.
func named(writers []store.RoomWriter, name string) (some []store.RoomWriter) {
	for _, w := range writers {
		if w.Name == name {
			some = append(some, w)
		}
	}
	return some
}

// guest returns the guest who wrote last of some who wrote under one name that
// no account has.
func guest(writers []store.RoomWriter) (person, error) {
	w := writers[0]
	rest := others(writers, w.Author)
	if rest != "" {
		rest = "; " + rest
	}
	switch {
	case w.Author == "":
		return person{}, fmt.Errorf("the guest who wrote last as %q, at %s, has no guest key: each connection "+
			"of theirs is somebody new, so no ban would hold; livechat admin room set ROOM -registered=true "+
			"keeps all guests from writing%s", w.Name, stamp(w.Last), rest)
	case isAccount(w.Author):
		return person{}, fmt.Errorf("the account that wrote last as %q, at %s, is deleted, and cannot log in%s",
			w.Name, stamp(w.Last), rest)
	}
	return person{chat.GuestSubject(w.Author), w.Name, others(writers, w.Author)}, nil
}

func isAccount(author string) bool { return strings.HasPrefix(author, chat.AccountAuthor("")) }

// others says how many others than an author wrote under the name of writers.
// Of those who have one it tells the subject.
func others(writers []store.RoomWriter, but string) string {
	var keyed []chat.Subject
	keyless := 0
	for i, w := range writers {
		switch {
		case w.Author == "" && (but != "" || i > 0):
			keyless++
		case w.Author != but && !isAccount(w.Author):
			keyed = append(keyed, chat.GuestSubject(w.Author))
		}
	}
	const most = 10
	var parts []string
	if len(keyed) > 0 {
		list := words(keyed[:min(most, len(keyed))])
		if len(keyed) > most {
			list += ", ..."
		}
		parts = append(parts, fmt.Sprintf("%d with a key (%s)", len(keyed), list))
	}
	if keyless > 0 {
		parts = append(parts, fmt.Sprintf("%d without a key", keyless))
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("other guests wrote as %q in the room: %s", writers[0].Name, strings.Join(parts, ", "))
}

// known returns the person with a subject. An account must exist; of a guest
// the name is the one under which it wrote last.
func (j *job) known(ctx context.Context, room string, of chat.Subject, writers []store.RoomWriter) (
	person, error) {
	kind, id := of.Split()
	if kind != chat.SubjectAccount {
		for _, w := range writers {
			if w.Author != "" && chat.GuestSubject(w.Author) == of {
				return person{subject: of, name: w.Name}, nil
			}
		}
		p := person{subject: of}
		p.others = fmt.Sprintf("none of the last %d archived messages of room %s is by %s", lookBack, room,
			of.Word())
		return p, nil
	}
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return person{}, fmt.Errorf("read the id of an account: %w", err)
	}
	u, err := j.UserByID(ctx, number)
	if errors.Is(err, store.ErrNotFound) {
		return person{}, fmt.Errorf("no account has the id %s", id)
	}
	return person{subject: of, name: u.Name}, err
}
