package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"livechat/server/chat"
)

const (
	claimFile = `UPDATE files SET owner = $2, room = $3, message = $4, place = $5, alt = $6, claimed = $7
		WHERE id = $1 AND claimed = 0 AND deleted = 0 AND (owner = $2 OR owner = '') RETURNING ` + fileColumns
	// Its message may be on its way again: the time until it is missed in the
	// archive begins again.
	claimAgain = `UPDATE files SET claimed = $4 WHERE message = $1 AND message <> '' AND room = $2
		AND owner = $3 AND chat IS NULL AND deleted = 0 AND archived = 0 AND claimed < $4`
	selectClaimed = `SELECT ` + fileColumns + ` FROM files WHERE message = $1 AND message <> '' AND room = $2
		AND owner = $3 AND chat IS NULL AND deleted = 0 ORDER BY place`
	attachFile = `UPDATE files SET chat = $3, message = $4, place = $5, alt = $6, claimed = $7, archived = $7
		WHERE id = $1 AND claimed = 0 AND deleted = 0 AND user_id = $2 AND user_id <> 0
		RETURNING ` + fileColumns

	// A repair of the log may have given a message another number.
	setArchived = `archived = CASE WHEN archived = 0 THEN `
	archiveFile = `UPDATE files SET ` + setArchived + `$6 ELSE archived END, epoch = $4, seq = $5
		WHERE id = $1 AND room = $2 AND message = $3 AND claimed > 0 AND seq <= $5`
	archiveFiles = `UPDATE files f SET ` + setArchived + `$6 ELSE archived END, epoch = g.epoch, seq = g.seq
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[])
			g (id, room, message, epoch, seq)
		WHERE f.id = g.id AND f.room = g.room AND f.message = g.message AND f.claimed > 0 AND f.seq <= g.seq`
	deleteFiles = `UPDATE files SET deleted = $4 WHERE message = $1 AND message <> '' AND room = $2
		AND owner = $3 AND chat IS NULL AND deleted = 0`
	deleteChatFiles = `UPDATE files SET deleted = $3 WHERE message = $1 AND message <> '' AND chat = $2
		AND deleted = 0`
	deleteUserFiles = `UPDATE files SET deleted = $2 WHERE user_id = $1 AND user_id <> 0 AND claimed = 0
		AND deleted = 0`
	nameless = `UPDATE files SET owner = '' WHERE user_id = $1 AND user_id <> 0 AND chat IS NOT NULL`
	// They become dead.
	endUploads = `UPDATE uploads SET touched = 0 WHERE user_id = $1 AND user_id <> 0`
	// Files of messages that deleteBatch deletes, if no newer copy is archived.
	expireFiles = `UPDATE files SET deleted = $7 WHERE room = $1 AND epoch = $2 AND seq > $3 AND seq <= $4
		AND archived > 0 AND deleted = 0 AND EXISTS (SELECT 1 FROM room_messages m WHERE m.room = files.room
		AND m.epoch = files.epoch AND m.seq = files.seq AND (m.at < $5 OR m.seq < $6))`
)

// ClaimFiles binds files to a message of a room that is to be published, all or
// none, and returns what the message says of them, in their order. The same claim
// again has the same answer. It works on a Store of OpenToRead, too, if that is
// PostgreSQL. ErrNoFile: one of them does not exist, belongs to another author or
// message, or is deleted; or the message has other files.
func (s *Store) ClaimFiles(ctx context.Context, c chat.Claim, now time.Time) (files []chat.File, err error) {
	c.Files = slices.Clone(c.Files)
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		files, err = claimFiles(ctx, tx, c, now.UnixMilli())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim files: %w", err)
	}
	return files, nil
}

func claimFiles(ctx context.Context, tx *sql.Tx, c chat.Claim, now int64) ([]chat.File, error) {
	owner := chat.FileOwner(c.Author, c.Session)
	if _, err := exec(ctx, tx, claimAgain, c.Message, c.Room, owner, now); err != nil {
		return nil, err
	}
	before, err := list(ctx, tx, scanFile, selectClaimed, c.Message, c.Room, owner)
	if err != nil {
		return nil, err
	}
	if len(before) > 0 {
		return sameFiles(before, c.Files)
	}
	all, err := eachFile(c.Files, func(place int, ref chat.FileRef) (StoredFile, error) {
		return scanFile(tx.QueryRowContext(ctx, claimFile, ref.ID, owner, c.Room, c.Message, place,
			storable(ref.Alt), now))
	})
	if err != ErrNoFile {
		return all, err
	}
	// The same claim may have won meanwhile: it had the locks that this waited
	// for.
	before, err = list(ctx, tx, scanFile, selectClaimed, c.Message, c.Room, owner)
	if err != nil {
		return nil, err
	}
	return sameFiles(before, c.Files)
}

// sameFiles returns the files of a message if they are those that were named.
func sameFiles(files []StoredFile, refs []chat.FileRef) ([]chat.File, error) {
	if len(files) == 0 || len(files) != len(refs) {
		return nil, ErrNoFile
	}
	all := make([]chat.File, len(files))
	for i, f := range files {
		if !slices.ContainsFunc(refs, func(r chat.FileRef) bool { return r.ID == f.ID }) {
			return nil, ErrNoFile
		}
		all[i] = f.File
	}
	return all, nil
}

// eachFile binds files one by one, in the order of their ids, so that no two
// transactions wait for each other, and returns them in the order in which they
// were named.
func eachFile(refs []chat.FileRef, bind func(place int, ref chat.FileRef) (StoredFile, error)) (
	[]chat.File, error) {
	order := make([]int, len(refs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(refs[a].ID, refs[b].ID) })
	all := make([]chat.File, len(refs))
	for _, i := range order {
		if !isID(refs[i].ID) {
			return nil, ErrNoFile
		}
		f, err := bind(i, refs[i])
		if err != nil {
			return nil, noFile(err)
		}
		all[i] = f.File
	}
	return all, nil
}

// attachFiles binds files to a message of a private chat that was inserted in
// this transaction: its Chat, N, ID, Author and At are given. The row of the
// message gets what it says of them, which is the result. ErrNoFile: one of them
// does not exist, is not of the author's account, is in another message, or is
// deleted.
func attachFiles(ctx context.Context, tx *sql.Tx, m Message, refs []chat.FileRef) ([]chat.File, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	all, err := eachFile(refs, func(place int, ref chat.FileRef) (StoredFile, error) {
		return scanFile(tx.QueryRowContext(ctx, attachFile, ref.ID, m.Author, m.Chat, m.ID, place,
			storable(ref.Alt), m.At.UnixMilli()))
	})
	if err != nil {
		return nil, err
	}
	_, err = exec(ctx, tx, setMessageFiles, m.Chat, m.N, filesJSON(all))
	return all, err
}

// archivedFile is a file of an archived message.
type archivedFile struct {
	id string
	m  RoomMessage
}

// archivedFiles returns the files of archived messages, each once, with the
// newest copy of its message.
func archivedFiles(messages []RoomMessage) (all []archivedFile) {
	newest := make(map[string]RoomMessage)
	for _, m := range messages {
		if m.Type != "" || m.Deleted || !strings.Contains(m.Extra, `"files":`) {
			continue
		}
		for _, f := range chat.MembersOf(m.Extra).Files {
			if before, ok := newest[f.ID]; isID(f.ID) && (!ok || before.Seq < m.Seq) {
				newest[f.ID] = m
			}
		}
	}
	for id, m := range newest {
		all = append(all, archivedFile{id, m})
	}
	slices.SortFunc(all, func(a, b archivedFile) int { return cmp.Compare(a.id, b.id) })
	return all
}

// markFilesArchived notes which files have their messages in the archive, and
// where. It is called in the transaction that archives those.
func (s *Store) markFilesArchived(ctx context.Context, tx *sql.Tx, messages []RoomMessage) error {
	all := archivedFiles(messages)
	if len(all) == 0 {
		return nil
	}
	now := time.Now().UnixMilli()
	var columns [4][]string
	var seqs []int64
	for _, f := range all {
		args := [...]string{f.id, storable(f.m.Room), storable(f.m.ID), storable(f.m.Epoch)}
		if s.dialect == sqlite {
			if _, err := exec(ctx, tx, archiveFile, args[0], args[1], args[2], args[3], f.m.Seq,
				now); err != nil {
				return fmt.Errorf("note archived files: %w", err)
			}
			continue
		}
		for i, arg := range args {
			columns[i] = append(columns[i], arg)
		}
		seqs = append(seqs, f.m.Seq)
	}
	if s.dialect == postgres {
		if _, err := exec(ctx, tx, archiveFiles, columns[0], columns[1], columns[2], columns[3], seqs,
			now); err != nil {
			return fmt.Errorf("note archived files: %w", err)
		}
	}
	return nil
}

// deleteFilesOf deletes the files of a message in a room, which chat.FileOwner
// has, whether that is archived or not. Their bytes go once the transaction has
// committed.
func (s *Store) deleteFilesOf(ctx context.Context, tx *sql.Tx, room, message, owner string) error {
	n, err := exec(ctx, tx, deleteFiles, message, room, owner, time.Now().UnixMilli())
	return s.deleting(n, err)
}

// deleteFilesOfChat deletes the files of a message in a private chat, in the same
// way.
func (s *Store) deleteFilesOfChat(ctx context.Context, tx *sql.Tx, of, message string) error {
	n, err := exec(ctx, tx, deleteChatFiles, message, of, time.Now().UnixMilli())
	return s.deleting(n, err)
}

// deleteFilesIn deletes the files of messages that a batch of ExpireRooms
// deletes.
func (s *Store) deleteFilesIn(ctx context.Context, tx *sql.Tx, batch []any) error {
	n, err := exec(ctx, tx, expireFiles, append(slices.Clone(batch), time.Now().UnixMilli())...)
	return s.deleting(n, err)
}

// deleteFilesOfUser deletes what an account has uploaded and no message has.
// Files in private chats stay without its name. What it is uploading is
// collected soon.
func (s *Store) deleteFilesOfUser(ctx context.Context, tx *sql.Tx, user int64) error {
	n, err := exec(ctx, tx, deleteUserFiles, user, time.Now().UnixMilli())
	if err := s.deleting(n, err); err != nil {
		return err
	}
	if _, err := exec(ctx, tx, nameless, user); err != nil {
		return fmt.Errorf("forget the owner of files: %w", err)
	}
	if _, err := exec(ctx, tx, endUploads, user); err != nil {
		return fmt.Errorf("end uploads: %w", err)
	}
	return nil
}

// deleting wakes who removes the bytes of deleted files. They may look before
// the transaction has committed: so they look again a little later.
func (s *Store) deleting(n int64, err error) error {
	if err != nil {
		return fmt.Errorf("delete files: %w", err)
	}
	if n > 0 {
		select {
		case s.filesDeleted <- struct{}{}:
		default:
		}
	}
	return nil
}

// FilesDeleted has a token after this process has deleted files.
func (s *Store) FilesDeleted() <-chan struct{} { return s.filesDeleted }
