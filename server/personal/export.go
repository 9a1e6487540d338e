package personal

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"iter"
	"math"
	"path"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
	"livechat/server/store"
)

// Kept is what an Exporter reads in the database.
type Kept interface {
	UserSessions(ctx context.Context, user int64, now time.Time, after store.UserSession, limit int) (
		[]store.UserSession, error)
	Chats(ctx context.Context, user int64, before *store.ChatCursor, limit int) ([]store.Chat, error)
	Messages(ctx context.Context, chat string, user int64, before, after int64, limit int) (
		[]store.Message, error)
	Written(ctx context.Context, author string, upto time.Time, after store.ErasePlace, limit int) (
		[]store.RoomMessage, error)
	Blocks(ctx context.Context, user int64, after string, limit int) ([]store.Block, error)
	MadeRooms(ctx context.Context, q store.RoomsQuery) ([]store.RoomView, error)
	Likes(ctx context.Context, author string, upto time.Time, after store.Like, limit int) ([]store.Like,
		error)
	PrivateLikes(ctx context.Context, user int64, after store.ErasePlace, limit int) ([]store.Like, error)
	FilesOf(ctx context.Context, author string, user int64, after string, limit int) ([]store.StoredFile,
		error)
}

// Exporter writes what is kept of a person. Its methods may be called from any
// goroutine.
type Exporter struct {
	Store Kept
	// Open returns the bytes of a file that the user may fetch; 0: a guest. An
	// error with the code unknown_file leaves it out.
	Open func(ctx context.Context, file string, user int64) (io.ReadCloser, error)
}

// exportPage is how many rows are in memory at once.
const exportPage = 200

// Export writes a zip archive of what is kept of an author: in rooms what it has
// written, its reactions and its files; if it is the account me, with ID 0 if
// not, also that, its sessions, its private chats with all their messages, whom it
// blocks, and the rooms that it is a member of.
// It holds one page of rows at a time. After an error w has a part of it.
func (x *Exporter) Export(ctx context.Context, w io.Writer, author string, me store.User) error {
	z := zip.NewWriter(w)
	e := export{Exporter: x, ctx: ctx, zip: z, author: author, me: me}
	lists := []struct {
		name string
		rows iter.Seq2[any, error]
	}{
		{"account.ndjson", e.account()}, {"sessions.ndjson", e.sessions()}, {"chats.ndjson", e.chats()},
		{"blocks.ndjson", e.blocks()}, {"rooms.ndjson", e.rooms()},
		{"chat-messages.ndjson", e.chatMessages()}, {"chat-reactions.ndjson", e.chatReactions()},
		{"room-messages.ndjson", e.roomMessages()}, {"room-reactions.ndjson", e.roomReactions()},
		{"files.ndjson", e.files()},
	}
	if me.ID == 0 {
		lists = lists[7:]
	}
	for _, list := range lists {
		if err := e.write(list.name, list.rows); err != nil {
			return fmt.Errorf("export %s: %w", list.name, err)
		}
	}
	if err := e.copyFiles(); err != nil {
		return fmt.Errorf("export files: %w", err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("end an export: %w", err)
	}
	return nil
}

// export is one under way.
type export struct {
	*Exporter
	ctx    context.Context
	zip    *zip.Writer
	author string
	me     store.User
}

// write writes rows as JSON, one a line.
func (e *export) write(name string, rows iter.Seq2[any, error]) error {
	w, err := e.zip.Create(name)
	if err != nil {
		return err
	}
	for row, err := range rows {
		if err != nil {
			return err
		}
		line, err := json.Marshal(row, json.Deterministic(true))
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// pages yields the rows of all pages. next returns the page after a row; nil: the
// first.
func pages[T any](next func(after *T) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var last *T
		for {
			rows, err := next(last)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
			if len(rows) < exportPage {
				return
			}
			last = &rows[len(rows)-1]
		}
	}
}

// view yields rows as they are exported.
func view[T any](rows iter.Seq2[T, error], as func(T) any) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for row, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(as(row), nil) {
				return
			}
		}
	}
}

// forever is the time up to which an export goes.
var forever = time.UnixMilli(math.MaxInt64)

func (e *export) chatRows() iter.Seq2[store.Chat, error] {
	return pages(func(after *store.Chat) ([]store.Chat, error) {
		var cursor *store.ChatCursor
		if after != nil {
			cursor = &store.ChatCursor{Updated: after.Updated, ID: after.ID}
		}
		return e.Store.Chats(e.ctx, e.me.ID, cursor, exportPage)
	})
}

func (e *export) messageRows() iter.Seq2[store.Message, error] {
	return func(yield func(store.Message, error) bool) {
		for c, err := range e.chatRows() {
			if err != nil {
				yield(store.Message{}, err)
				return
			}
			for m, err := range pages(func(after *store.Message) ([]store.Message, error) {
				from := int64(store.FromStart)
				if after != nil {
					from = after.N
				}
				return e.Store.Messages(e.ctx, c.ID, e.me.ID, 0, from, exportPage)
			}) {
				if !yield(m, err) || err != nil {
					return
				}
			}
		}
	}
}

func (e *export) fileRows() iter.Seq2[store.StoredFile, error] {
	return pages(func(after *store.StoredFile) ([]store.StoredFile, error) {
		from := ""
		if after != nil {
			from = after.ID
		}
		return e.Store.FilesOf(e.ctx, e.author, e.me.ID, from, exportPage)
	})
}

// copyFiles adds the bytes of all files. Most are compressed already.
func (e *export) copyFiles() error {
	for f, err := range e.fileRows() {
		if err != nil {
			return err
		}
		if err := e.copyFile(f); err != nil {
			return err
		}
	}
	return nil
}

func (e *export) copyFile(f store.StoredFile) error {
	content, err := e.Open(e.ctx, f.ID, e.me.ID)
	if err != nil {
		if chat.AsError(err).Code == chat.CodeUnknownFile { // deleted meanwhile
			return nil
		}
		return err
	}
	defer content.Close() // it was only read
	w, err := e.zip.CreateHeader(&zip.FileHeader{
		Name: pathOf(f), Method: zip.Store, Modified: f.Created,
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, content)
	return err
}

// pathOf returns where the bytes of a file are in an export. The names that
// people gave them could lead anywhere, or be the same: the last part alone is
// used, in a folder of the file's own.
func pathOf(f store.StoredFile) string {
	name := path.Base("/" + strings.ReplaceAll(f.Name, `\`, "/"))
	if name == "/" || name == "." || name == ".." {
		name = "file"
	}
	return "files/" + f.ID + "/" + name
}
