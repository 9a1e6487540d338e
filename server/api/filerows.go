package api

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"livechat/server/chat"
	"livechat/server/files"
)

// When many people open a room at once, its pictures are asked for thousands of
// times a second. So what is known of files in rooms is remembered for a moment;
// a deleted file may be served as long.
const (
	fileRowAge  = time.Second
	maxFileRows = 4096
)

// fileRows remembers files for a moment. It is safe for concurrent use.
type fileRows struct {
	mu   sync.Mutex
	rows map[string]fileRow // guarded by mu
}

type fileRow struct {
	file  files.Stored
	until time.Time
}

// get returns a file that was put not long ago.
func (c *fileRows) get(id string, now time.Time) (files.Stored, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	row, ok := c.rows[id]
	return row.file, ok && now.Before(row.until)
}

// put remembers a file, unless it depends on who asks whether it is served.
func (c *fileRows) put(f files.Stored, now time.Time) {
	if f.Private {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows == nil || len(c.rows) >= maxFileRows {
		c.rows = make(map[string]fileRow)
	}
	c.rows[f.ID] = fileRow{f, now.Add(fileRowAge)}
}

// forget removes a file.
func (c *fileRows) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.rows, id)
}

// fileID returns the id in the path. An invalid one is answered like an unknown
// one.
func fileID(r *http.Request) (string, error) {
	id, ok := chat.ParseUUID(r.PathValue("id"))
	if !ok {
		return "", errUnknownFile
	}
	return id, nil
}

var errUnknownFile = chat.Errorf(chat.CodeUnknownFile, "This file does not exist, or not any more.")

func isUnknown(err error) bool {
	known, ok := errors.AsType[*chat.Error](err)
	return ok && known.Code == chat.CodeUnknownFile
}

// findFile returns a file that whoever asks may fetch.
func (a *api) findFile(r *http.Request, id string) (f files.Stored, err error) {
	if f, ok := a.rows.get(id, time.Now()); ok {
		return f, nil
	}
	err = a.briefly(r, func(ctx context.Context) error {
		// Most files are in rooms, where it does not matter who asks.
		f, err = a.Files.Get(ctx, id, 0)
		if token := a.token(r); isUnknown(err) && token != "" {
			me, unknown := a.Accounts.WhoAmI(ctx, token)
			if known, ok := errors.AsType[*chat.Error](unknown); ok && known.Code == chat.CodeUnauthorized {
				return err
			} else if unknown != nil {
				return unknown
			}
			f, err = a.Files.Get(ctx, id, me.ID)
		}
		return err
	})
	if err == nil {
		a.rows.put(f, time.Now())
	}
	return f, err
}
