package moderation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
	"livechat/server/store"
)

// A moderator deletes a message as its author would: by an entry of the log,
// from which everything follows, in rings, in Redis and in the archive. The
// entry has the author of the message, since that is how all of them tell which
// message is meant: ids belong to their authors. Its name and its by say who
// deleted it.

// Log is the logs of rooms in Redis. *bus.Bus has all but Publish.
type Log interface {
	// Publish appends an entry to the log of a room, and returns when it is
	// there.
	Publish(ctx context.Context, room string, m chat.Message) error
	// After returns payloads of a log after a seq, oldest first.
	After(ctx context.Context, room string, seq uint64, limit int) ([][]byte, error)
	// Tail returns the newest payloads of a log, oldest first.
	Tail(ctx context.Context, room string, n int) ([][]byte, error)
}

const (
	// MaxErase is how many messages of somebody are deleted at a time.
	MaxErase = 1000
	// MaxEraseAge is how far back they go.
	MaxEraseAge = 24 * time.Hour
	// eraseTail is how many entries of the log are looked at, for what is not
	// archived yet.
	eraseTail = 2000
)

// deleteDetails are the details in the audit log of a message that is deleted,
// or pinned.
type deleteDetails struct {
	Seq uint64 `json:"seq"`
	ID  string `json:"id"`
}

// eraseDetails are those of all messages of somebody since a time.
type eraseDetails struct {
	Since    int64 `json:"since"` // Unix milliseconds
	Messages int   `json:"messages"`
}

// message returns the message of a room that a client means by seq and id, or
// the tombstone of one. Code: unknown_message.
func (d *Desk) message(ctx context.Context, room string, t chat.Target) (chat.Message, error) {
	id, ok := chat.ParseUUID(t.ID)
	if !ok || t.Seq == 0 || t.Seq > chat.MaxSeq {
		return chat.Message{}, chat.Errorf(chat.CodeBadRequest, "a message is named by its seq and its id")
	}
	payloads, noLog := d.o.Log.After(ctx, room, t.Seq-1, 1)
	for _, p := range payloads {
		m, err := chat.DecodePayload(p)
		if err == nil && m.Seq == t.Seq && m.ID == id && (m.Type == "" || m.IsDeletedMessage()) {
			return m, nil
		}
	}
	m, err := d.o.Store.FindRoomMessage(ctx, room, id, int64(t.Seq))
	switch {
	case errors.Is(err, store.ErrNotFound) && noLog != nil:
		return chat.Message{}, fmt.Errorf("look for a message of room %s: %w", room, noLog)
	case errors.Is(err, store.ErrNotFound):
		return chat.Message{}, ErrUnknown
	}
	return archived(m), err
}

// archived returns an archived message as the log has it.
func archived(m store.RoomMessage) chat.Message {
	c := chat.Message{
		Seq: uint64(m.Seq), Epoch: m.Epoch, ID: m.ID, App: m.App, Session: m.Session, Author: m.Author,
		Name: m.Name, Text: m.Text, Extra: m.Extra, At: m.At.UnixMilli(),
	}
	if m.Deleted {
		c.Type, c.Text, c.Extra = chat.TypeTombstone, "", ""
	}
	return c
}

// Delete deletes a message of a room. One that is deleted already stays so.
func (d *Desk) Delete(ctx context.Context, a Actor, room string, t chat.Target, reason string) error {
	if _, err := d.May(ctx, a, room); err != nil {
		return err
	}
	if err := checkReason(reason); err != nil {
		return err
	}
	m, err := d.message(ctx, room, t)
	if err != nil {
		return err
	}
	p, err := d.writer(ctx, &m)
	if err != nil {
		return err
	}
	if err := d.over(ctx, a, room, p); err != nil && !errors.Is(err, errSelf) {
		return err
	}
	if m.IsDeletedMessage() {
		return nil
	}
	e, err := entry(a, room, store.ActionMessage, p, reason, deleteDetails{m.Seq, m.ID})
	if err != nil {
		return err
	}
	_, err = d.erase(ctx, a, room, []chat.Message{m}, e)
	return err
}

// writer returns who wrote a message. The account may be deleted.
func (d *Desk) writer(ctx context.Context, m *chat.Message) (person, error) {
	p, err := d.author(ctx, m.Author, m.Session, m.Name)
	if errors.Is(err, errNoAccount) {
		return person{name: m.Name, author: m.Author}, nil
	}
	return p, err
}

// DeleteAll deletes the messages of somebody since a time, the newest first,
// and returns how many. more says that there are others.
func (d *Desk) DeleteAll(ctx context.Context, a Actor, room string, w Who, since time.Time,
	reason string) (deleted int, more bool, err error) {
	if _, err := d.May(ctx, a, room); err != nil {
		return 0, false, err
	}
	if err := checkReason(reason); err != nil {
		return 0, false, err
	}
	if age := time.Since(since); age > MaxEraseAge+time.Minute || age < 0 {
		return 0, false, chat.Errorf(chat.CodeBadRequest, "since is a time within the last %d hours",
			int(MaxEraseAge.Hours()))
	}
	p, err := d.find(ctx, room, w)
	if errors.Is(err, errNoAccount) && w.Author != "" {
		p, err = person{author: w.Author}, nil // the account is deleted, its messages are not
	}
	if err != nil {
		return 0, false, err
	}
	if err := d.over(ctx, a, room, p); err != nil {
		return 0, false, err
	}
	all, err := d.messagesBy(ctx, room, p, since)
	if err != nil || len(all) == 0 {
		return 0, false, err
	}
	more = len(all) > MaxErase
	all = all[:min(MaxErase, len(all))]
	e, err := entry(a, room, store.ActionMessages, p, reason, eraseDetails{since.UnixMilli(), len(all)})
	if err != nil {
		return 0, false, err
	}
	deleted, err = d.erase(ctx, a, room, all, e)
	return deleted, more, err
}

// messagesBy returns the messages of somebody since a time that are not
// deleted, and at least one more than MaxErase if there are more. Messages
// written meanwhile may be missing.
func (d *Desk) messagesBy(ctx context.Context, room string, p person, since time.Time) (
	all []chat.Message, err error) {
	payloads, err := d.o.Log.Tail(ctx, room, eraseTail)
	if err != nil {
		return nil, fmt.Errorf("read the log of room %s: %w", room, err)
	}
	by := chat.Message{Author: p.author, Session: p.session}
	seen := make(map[string]bool)
	for i := len(payloads) - 1; i >= 0; i-- {
		m, err := chat.DecodePayload(payloads[i])
		if err != nil || m.Type != "" && m.Type != chat.TypeTombstone || !m.SameAuthor(&by) {
			continue
		}
		seen[m.ID] = true // of a tombstone as well: the archive may not know yet
		if m.Type == "" && m.At >= since.UnixMilli() {
			all = append(all, m)
		}
	}
	rows, err := d.o.Store.RoomMessagesBy(ctx, room, p.author, p.session, since, MaxErase+eraseTail)
	for _, row := range rows {
		if !seen[row.ID] {
			seen[row.ID] = true
			all = append(all, archived(row))
		}
	}
	return all, err
}

// entry returns the entry of the audit log about what is done to a person.
func entry(a Actor, room, action string, p person, reason string, details any) (store.AuditEntry, error) {
	e := store.AuditEntry{By: a.by(reason), Action: action, Room: room}
	if kind, id := p.subject.Split(); kind != "" {
		e.Target = store.AuditTarget{Kind: targets[kind], ID: id}
	}
	e.Target.Name = p.name
	if details != nil {
		text, err := json.Marshal(details)
		if err != nil {
			return e, fmt.Errorf("write the details of an action: %w", err)
		}
		e.Details = string(text)
	}
	return e, nil
}

// Recorded returns what writes an entry of the audit log.
func Recorded(e store.AuditEntry) store.Also {
	return func(ctx context.Context, tx *store.Tx) error { return tx.Record(ctx, e) }
}
