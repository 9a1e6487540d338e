package personal

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/store"
)

// Stages of an erasure, in their order. If the texts are kept, those are left
// out that erase them.
const (
	stageRooms        int64 = iota // messages of rooms, by entries in their logs
	stagePrivate                   // private messages
	stageLikes                     // reactions in rooms
	stagePrivateLikes              // reactions in private chats
	stageCheck                     // what came into the archive meanwhile
	stageFiles                     // files that none of those messages had
	stageNames                     // the name of what is left
	stageDone
)

// advance does one step of an erasure, and returns what it is then.
func (e *Eraser) advance(ctx context.Context, o store.Erasure) (store.Erasure, error) {
	o.Due = e.Now()
	var err error
	done := true // the stage is
	switch o.Stage {
	case stageRooms:
		if !o.Keep {
			done, err = e.eraseRooms(ctx, &o)
		}
	case stagePrivate:
		if !o.Keep && o.User != 0 {
			done, err = e.erasePrivate(ctx, &o)
		}
	case stageLikes:
		done, err = e.takeBackLikes(ctx, &o)
	case stagePrivateLikes:
		if !o.Keep && o.User != 0 {
			done, err = e.takeBackPrivateLikes(ctx, &o)
		}
	case stageCheck:
		done, err = e.check(ctx, &o)
	case stageFiles:
		if !o.Keep {
			err = e.Store.DeleteFilesBy(ctx, o.Author, o.User, o.Upto)
		}
	case stageNames:
		done, err = e.takeNames(ctx, &o)
	}
	if err == nil && done {
		o.Stage++
		o.At = store.ErasePlace{}
	}
	return o, err
}

// eraseRooms deletes the next messages of rooms.
func (e *Eraser) eraseRooms(ctx context.Context, o *store.Erasure) (done bool, err error) {
	batch, err := e.Store.Erasable(ctx, o.Author, o.Upto, o.At, e.Batch)
	if err != nil || len(batch) == 0 {
		return true, err
	}
	if err := e.publishDeletes(ctx, batch); err != nil {
		return false, err
	}
	o.At = batch[len(batch)-1].Place()
	o.Messages += int64(len(batch))
	return false, nil
}

// publishDeletes publishes a delete of each message, and waits until all are in
// their logs.
func (e *Eraser) publishDeletes(ctx context.Context, batch []store.RoomMessage) error {
	answers := make(chan error, len(batch))
	var all []error
	for _, m := range batch {
		err := e.Log.Publish(ctx, m.Room, e.deleteOf(m), chat.Writer{},
			func(_ chat.Position, _ bool, err error) { answers <- err })
		if err != nil {
			all = append(all, err)
			break
		}
		select {
		case err := <-answers:
			all = append(all, err)
		case <-ctx.Done():
			return fmt.Errorf("publish deletes: %w", context.Cause(ctx))
		}
	}
	if err := errors.Join(all...); err != nil {
		return fmt.Errorf("publish deletes: %w", err)
	}
	return nil
}

// deleteOf returns the entry that deletes a message. It always has the same id,
// so that a step that is done again writes none twice.
func (e *Eraser) deleteOf(m store.RoomMessage) chat.Message {
	sum := sha256.Sum256([]byte("erase " + m.Room + " " + m.Epoch + " " + strconv.FormatInt(m.Seq, 10)))
	id := uuid.UUID(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8
	return chat.Message{
		Type: chat.TypeDelete, ID: id.String(), App: e.App, Session: m.Session, Author: m.Author, Name: m.Name,
		Extra: chat.ByAuthor(chat.Target{Seq: uint64(m.Seq), ID: m.ID}),
	}
}

// erasePrivate deletes the next private messages.
func (e *Eraser) erasePrivate(ctx context.Context, o *store.Erasure) (done bool, err error) {
	batch, err := e.Store.PrivateTexts(ctx, o.User, o.At, e.Batch)
	if err != nil || len(batch) == 0 {
		return true, err
	}
	defer e.Wake()
	for _, m := range batch {
		if _, err := e.Store.DeleteMessage(ctx, m.Chat, m.ID, o.User, e.Now()); err != nil {
			return false, err
		}
		o.Messages++
		o.At = store.ErasePlace{Room: m.Chat, Seq: m.N}
	}
	return false, nil
}

// takeBackLikes takes back the next reactions in rooms.
func (e *Eraser) takeBackLikes(ctx context.Context, o *store.Erasure) (done bool, err error) {
	batch, err := e.Store.LikedMessages(ctx, o.Author, o.Upto, o.At, e.Batch)
	if err != nil || len(batch) == 0 {
		return true, err
	}
	for _, at := range batch {
		if err := e.unlike(ctx, at.Room, at.Epoch, o.Author); err != nil {
			return false, err
		}
		o.At = at
	}
	return false, nil
}

// unlike takes back all reactions of an author to a message. The summary that
// tells the room, and with which the archive learns of it, has the counts that
// are true then.
func (e *Eraser) unlike(ctx context.Context, room, id, author string) error {
	m, err := e.Store.ReactedTo(ctx, room, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil // of what is not there no page shows reactions
	}
	if err != nil {
		return err
	}
	all, err := e.Store.Reactions(ctx, room, id)
	if err != nil {
		return err
	}
	changed := false
	for i, r := range all {
		if r.Author == author && r.On {
			all[i].On, all[i].At, changed = false, max(e.Now().UnixMilli(), r.At+1), true
		}
	}
	if !changed {
		return nil
	}
	to := chat.Message{Seq: uint64(m.Seq), ID: m.ID, Author: m.Author, Session: m.Session}
	switch _, err := e.Reactions.Restore(ctx, room, &to, all, chat.EarlierGiven); {
	case chat.AsError(err).Code == chat.CodeUnknownMessage && err != nil: // deleted a moment ago
		return nil
	case err != nil:
		return fmt.Errorf("take back reactions: %w", err)
	}
	return e.summarize(ctx, room, chat.Target{Seq: to.Seq, ID: to.ID})
}

// summarize publishes the counts of a message. Redis takes one a second.
func (e *Eraser) summarize(ctx context.Context, room string, t chat.Target) error {
	type answer struct {
		again time.Duration
		err   error
	}
	for {
		answers := make(chan answer, 1)
		err := e.Reactions.Summarize(ctx, room, chat.ReactionsTo(t, uuid.NewString(), e.App),
			func(again time.Duration, err error) { answers <- answer{again, err} })
		if err != nil {
			return fmt.Errorf("tell of reactions: %w", err)
		}
		var got answer
		select {
		case got = <-answers:
		case <-ctx.Done():
			return fmt.Errorf("tell of reactions: %w", context.Cause(ctx))
		}
		if got.err != nil || got.again == 0 {
			return got.err
		}
		select {
		case <-time.After(got.again):
		case <-ctx.Done():
			return fmt.Errorf("tell of reactions: %w", context.Cause(ctx))
		}
	}
}

// takeBackPrivateLikes takes back the next reactions in private chats.
func (e *Eraser) takeBackPrivateLikes(ctx context.Context, o *store.Erasure) (done bool, err error) {
	batch, err := e.Store.PrivateLikes(ctx, o.User, o.At, e.Batch)
	if err != nil || len(batch) == 0 {
		return true, err
	}
	defer e.Wake()
	for _, l := range batch {
		_, err := e.Store.ReactPrivately(ctx, store.PrivateReaction{
			Chat: l.Chat, Message: l.Message, User: o.User, Emoji: l.Emoji, At: e.Now()})
		if err != nil && !errors.Is(err, store.ErrNoMessage) {
			return false, err
		}
		o.At = store.ErasePlace{Room: l.Chat, Seq: l.N, Epoch: l.Emoji}
	}
	return false, nil
}

// check looks once more for what was on its way into the archive when the
// messages were listed, or came back into it by a repair of a log. It is done
// when it finds nothing.
func (e *Eraser) check(ctx context.Context, o *store.Erasure) (done bool, err error) {
	if settled := o.Asked.Add(e.Settle); e.Now().Before(settled) {
		o.Due = settled
		return false, nil
	}
	if o.Keep {
		return true, nil
	}
	batch, err := e.Store.Erasable(ctx, o.Author, o.Upto, store.ErasePlace{}, e.Batch)
	if err != nil || len(batch) == 0 {
		return true, err
	}
	if err := e.publishDeletes(ctx, batch); err != nil {
		return false, err
	}
	o.Due = e.Now().Add(min(recheck, e.Settle))
	return false, nil
}

// takeNames takes the name from what is left in the archive: the messages if they
// are kept, and else the places where they were.
func (e *Eraser) takeNames(ctx context.Context, o *store.Erasure) (done bool, err error) {
	n, err := e.Store.TakeName(ctx, o.Author, o.Upto, nameBatch)
	if err != nil {
		return false, err
	}
	if o.Keep {
		o.Messages += int64(n)
	}
	if n > 0 {
		return false, nil
	}
	if err := e.Store.TakeOwner(ctx, o.Author, o.Upto); err != nil {
		return false, err
	}
	return true, e.Store.ForgetLikes(ctx, o.Author, o.Upto)
}
