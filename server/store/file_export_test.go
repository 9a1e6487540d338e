package store

import (
	"context"
	"database/sql"

	"livechat/server/chat"
)

// AttachFiles binds files to a private message in a transaction of its own.
func (s *Store) AttachFiles(ctx context.Context, m Message, refs []chat.FileRef) (
	files []chat.File, err error) {
	return files, s.inTx(ctx, func(tx *sql.Tx) error {
		files, err = attachFiles(ctx, tx, m, refs)
		return err
	})
}

// MarkFilesArchived notes archived files in a transaction of its own.
func (s *Store) MarkFilesArchived(ctx context.Context, messages []RoomMessage) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return s.markFilesArchived(ctx, tx, messages) })
}

// DeleteFilesOf deletes the files of a room's message in a transaction of its
// own, and DeleteFilesOfChat those of a private one.
func (s *Store) DeleteFilesOf(ctx context.Context, room, message, author string) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return s.deleteFilesOf(ctx, tx, room, message, author) })
}

func (s *Store) DeleteFilesOfChat(ctx context.Context, of, message string) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return s.deleteFilesOfChat(ctx, tx, of, message) })
}
