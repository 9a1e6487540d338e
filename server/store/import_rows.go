package store

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

func (im *importer) user(u exportUser) error {
	switch {
	case u.ID < 1 || u.ID > maxUser:
		return fmt.Errorf("the id must be from 1 to %d", int64(maxUser))
	case u.Skeleton == "", u.Name != nil && *u.Name == "":
		return errors.New("name or skeleton is empty")
	case (u.Name == nil) != (u.Deleted != nil), (u.Hash == "") != (u.Deleted != nil):
		return errors.New("an account has name and hash, a deleted one neither")
	case u.Role != "" && (u.Role != RoleAdmin || u.Deleted != nil):
		return errors.New("unknown role, or a role of a deleted account")
	case u.Name != nil && hasZero(*u.Name), hasZero(u.Skeleton, u.Hash):
		return errZero
	}
	_, err := im.insert(importUser, u.ID, u.Name, u.Skeleton, u.Hash, u.Created, u.Deleted, u.Role)
	return err
}

func (im *importer) newChat(c exportChat) error {
	switch {
	case !isID(c.ID):
		return errBadID
	case c.A >= c.B:
		return errors.New("a must be lower than b")
	case c.Last < 0 || c.Last == math.MaxInt64 || min(c.ReadA, c.ReadB) < 0 || max(c.ReadA, c.ReadB) > c.Last:
		return errors.New("want 0 <= read_a, read_b <= last")
	}
	if _, err := im.insert(importChat, c.ID, c.A, c.B, c.Created, c.Last); err != nil {
		return err
	}
	if _, err := im.insert(importMember, c.ID, c.A, c.B, c.ReadA, c.Updated); err != nil {
		return err
	}
	_, err := im.insert(importMember, c.ID, c.B, c.A, c.ReadB, c.Updated)
	return err
}

func (im *importer) message(m exportMessage) error {
	switch {
	case !isID(m.ID) || !isID(m.Chat):
		return errBadID
	case hasZero(m.Text):
		return errZero
	}
	if m.Chat != im.chat.ID {
		if err := im.fill(m.Chat); err != nil {
			return err
		}
	}
	switch im.n++; {
	case m.N != im.n || m.N > im.chat.Last:
		return errors.New("the chat's messages are not numbered from 1 to its last, in order")
	case m.Author != im.chat.A && m.Author != im.chat.B:
		return errors.New("the author is not a member of the chat")
	}
	counts, err := importCounts(m.Reactions)
	if err != nil {
		return err
	}
	files, err := messageFiles(m.Files)
	if err != nil {
		return err
	}
	_, err = im.insert(importMessage, m.Chat, m.N, m.ID, m.Author, m.Text, m.At, m.Edited, m.Deleted, counts,
		files)
	return err
}

// importCounts returns the counts of a message, which must be as they are
// exported.
func importCounts(reactions jsontext.Value) (string, error) {
	counts := countsOf(`"counts":` + string(reactions))
	if len(reactions) > 0 && counts != string(reactions) {
		return "", errors.New("reactions are not counts")
	}
	return counts, nil
}

func (im *importer) privateReaction(r exportPrivateReaction) error {
	switch {
	case !isID(r.Chat):
		return errBadID
	case r.Emoji == "":
		return errors.New("emoji is empty")
	case hasZero(r.Emoji):
		return errZero
	}
	added, err := im.insert(importPrivateReaction, r.Chat, r.N, r.User, r.Emoji, r.At)
	if err == nil && added == 0 {
		err = errors.New("no line above has this message, or the user is not a member of its chat")
	}
	return err
}

// fill moves on to the next chat, once the one before has all its messages.
func (im *importer) fill(next string) error {
	if im.n != im.chat.Last {
		return errors.New("messages of the previous chat are missing")
	}
	if im.n > 0 {
		im.filled++
	}
	im.chat, im.n = exportChat{ID: next}, 0
	if next == "" {
		return nil
	}
	err := im.tx.QueryRowContext(im.ctx, selectImported, next).Scan(&im.chat.A, &im.chat.B, &im.chat.Last)
	if errors.Is(err, sql.ErrNoRows) {
		return errors.New("no line above has this chat")
	}
	return err
}

func (im *importer) roomMessage(m exportRoomMessage) error {
	switch {
	case m.Room == "" || m.Epoch == "":
		return errors.New("room or epoch is empty")
	case hasZero(m.Room, m.Epoch, m.ID, m.App, m.Session, m.Author, m.Name, m.Text, m.Entry, m.Extra):
		return errZero
	}
	counts, err := importCounts(m.Reactions)
	if err != nil {
		return err
	}
	of := RoomMessage{Type: m.Entry, Extra: m.Extra}
	target, reacted := of.about()
	added, err := im.insert(importRoom, m.Room, m.Epoch, m.Seq, m.ID, m.App, m.Session, m.Name, m.Text,
		m.At, m.Author, m.Entry, m.Extra, target, m.Deleted, reacted, m.Edited, m.EditSeq, counts)
	if err == nil && added == 0 {
		err = errors.New("duplicate message")
	}
	return err
}

func (im *importer) reaction(r exportReaction) error {
	switch {
	case r.Room == "" || r.Target == "" || r.Person == "" || r.Emoji == "":
		return errors.New("room, target, person or emoji is empty")
	case hasZero(r.Room, r.Target, r.Person, r.Emoji, r.Author, r.Name):
		return errZero
	}
	added, err := im.insert(importReaction, r.Room, r.Target, r.Person, r.Emoji, r.Author, r.Name, r.At, r.On)
	if err == nil && added == 0 {
		err = errors.New("duplicate reaction")
	}
	return err
}

// end compares what was read with what the export says it contains.
func (im *importer) end(e exportEnd) error {
	if lines := im.counts.Lines(); e.Lines != lines {
		return fmt.Errorf("lines are missing: got %d of %d", lines, e.Lines)
	}
	if err := im.fill(""); err != nil {
		return err
	}
	var chats int64
	if err := im.tx.QueryRowContext(im.ctx, countFilled).Scan(&chats); err != nil {
		return err
	}
	if chats != im.filled {
		return errors.New("messages of a chat are missing")
	}
	im.ended = true
	return nil
}

// errZero refuses text that SQLite would store but PostgreSQL cannot: a later
// import into PostgreSQL would fail.
var errZero = errors.New("a text has a zero byte")

func hasZero(texts ...string) bool {
	return slices.ContainsFunc(texts, func(s string) bool { return strings.ContainsRune(s, 0) })
}
