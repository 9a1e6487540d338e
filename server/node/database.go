package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"livechat/server/archive"
	"livechat/server/chat"
	"livechat/server/config"
	"livechat/server/room"
	"livechat/server/store"
)

// openTimeout bounds how long the database may take to answer at startup and to
// be migrated.
const openTimeout = time.Minute

// openDatabase opens the database, if this server has one. An API
// server cannot work without it and waits for it. A server with sockets only reads
// the archive, for clients that missed more than Redis holds, and connects to
// it whenever it needs it.
func (n *Node) openDatabase() (err error) {
	url, role := n.cfg.Database.URL, n.cfg.Server.Role
	switch {
	case role == config.RoleWS && (url == "" || url == config.SQLiteMemory):
		return nil // there is no archive to read
	case role == config.RoleWS:
		n.database, err = store.OpenToRead(url)
	default:
		if url == "" {
			url = config.SQLiteFile
		}
		if err := n.lockDatabase(url); err != nil {
			return fmt.Errorf("DATABASE_URL: %w", err)
		}
		n.database, err = store.OpenWhenUp(url, openTimeout, n.logger)
		n.services.store = n.database
	}
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	return nil
}

// lockDatabase refuses a file that another server uses if one of the two runs
// an embedded Redis. Each would number its own messages, and private messages
// posted at one would not reach feeds at the other.
func (n *Node) lockDatabase(url string) (err error) {
	n.databaseLock, err = store.Lock(url, n.embedded != nil)
	if errors.Is(err, store.ErrInUse) {
		return fmt.Errorf(
			"%w: servers that share their rooms and accounts need one Redis (REDIS_URL for each of them), "+
				"and a standalone server needs its own database (DATABASE_URL)",
			err,
		)
	}
	return err
}

// archive returns the archive as rooms read it; nil if there is none.
func (n *Node) archive() room.Archive {
	if n.database == nil {
		return nil
	}
	return archive.NewReader(n.database)
}

// archived returns what the archive has of a room's log. Feeds are not
// archived.
func (n *Node) archived(ctx context.Context, log string) (chat.Log, error) {
	if n.database == nil || chat.IsFeed(log) {
		return chat.Log{}, nil
	}
	l, err := archive.NewReader(n.database).Log(ctx, log)
	if store.Missing(err) {
		return chat.Log{}, nil
	}
	return l, err
}

// A server that only reads the archive waits for it at startup, at most
// archiveWait, and asks every archiveAsk.
const (
	archiveWait = 10 * time.Second
	archiveAsk  = 250 * time.Millisecond
)

// waitForArchive returns when the database answers, even if it has no tables
// yet, or after archiveWait. On a first start Redis is often up before
// PostgreSQL, and a room opened now would start a log without knowing what is
// archived.
func (n *Node) waitForArchive(ctx context.Context) {
	if n.database == nil || n.services.store != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, archiveWait)
	defer cancel()
	tick := time.NewTicker(archiveAsk)
	defer tick.Stop()
	for told := false; ; {
		_, err := n.archived(ctx, chat.DefaultRoom)
		if err == nil || ctx.Err() != nil {
			return
		}
		if !told {
			told = true
			n.logger.Info("archive: waiting for the database", "at_most", archiveWait, "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (n *Node) closeDatabase() {
	if n.databaseLock != nil {
		defer n.databaseLock.Close()
	}
	if n.database == nil {
		return
	}
	if err := n.database.Close(); err != nil {
		n.logger.Debug("database: close failed", "error", err)
	}
}
