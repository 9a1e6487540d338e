package moderation

import (
	"context"

	"livechat/server/chat"
	"livechat/server/store"
)

// Kick is whose sockets in a room are closed.
type Kick struct {
	Person chat.Subject // an account or a guest
	Name   string       // or everybody who is there under this name
}

// Kick closes the sockets of somebody in a room; they may come back. name is
// that of a guest about whom nothing else is known; then w is zero.
func (d *Desk) Kick(ctx context.Context, a Actor, room string, w Who, name, reason string) error {
	if _, err := d.May(ctx, a, room); err != nil {
		return err
	}
	if err := checkReason(reason); err != nil {
		return err
	}
	p, err := d.kicked(ctx, room, w, name)
	if err != nil {
		return err
	}
	if err := d.over(ctx, a, room, p); err != nil {
		return err
	}
	if kind, _ := p.subject.Split(); kind == chat.SubjectAddress {
		return chat.Errorf(chat.CodeBadRequest, "an address can be banned, not kicked")
	}
	// It comes before the kick: there may be none if Redis is away, but never one
	// without a record.
	e, err := entry(a, room, store.ActionKick, p, reason, nil)
	if err != nil {
		return err
	}
	if err := d.o.Store.Record(ctx, e); err != nil {
		return err
	}
	k := Kick{Person: p.subject}
	if p.subject == "" {
		k.Name = p.name
	}
	return d.did(store.ActionKick, d.o.Kick(ctx, room, k))
}

// kicked returns whom a name means: an account, or else a guest.
func (d *Desk) kicked(ctx context.Context, room string, w Who, name string) (person, error) {
	if name == "" || w != (Who{}) {
		return d.find(ctx, room, w)
	}
	p, err := d.account(ctx, name)
	if err == errNoAccount {
		clean, err := chat.CleanName(name)
		return person{name: clean}, err
	}
	return p, err
}
