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

// openTimeout is how long the database may take to answer at the start, and to be brought up to date.
const openTimeout = time.Minute

// openDatabase opens the database, if this server has one. Without it a server with the API is nothing, so it waits for it. A server that has
// sockets alone reads the archive for those who come back from far behind, and takes the database as it finds it whenever it needs it.
func (n *Node) openDatabase() (err error) {
	url, role := n.cfg.Database.URL, n.cfg.Server.Role
	switch {
	case role == config.RoleWS && (url == "" || url == config.SQLiteMemory):
		return nil // there is nothing to read
	case role == config.RoleWS:
		n.past, err = store.OpenToRead(url)
	default:
		if url == "" {
			url = config.SQLiteFile
		}
		if err := n.lockDatabase(url); err != nil {
			return fmt.Errorf("DATABASE_URL: %w", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
		defer cancel()
		n.past, err = store.Open(ctx, url)
		n.services.store = n.past
	}
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	return nil
}

// lockDatabase refuses a file that another server uses, if one of the two has a Redis
// of its own: each would number its own messages, and private messages that come in
// at the one would not be heard at the other.
func (n *Node) lockDatabase(url string) (err error) {
	n.databaseLock, err = store.Lock(url, n.embedded != nil)
	if errors.Is(err, store.ErrInUse) {
		return fmt.Errorf("%w: servers that share their rooms and accounts need one Redis (REDIS_URL for each of them), "+
			"and a server on its own a database of its own (DATABASE_URL)", err)
	}
	return err
}

// archive is the archive as rooms see it.
func (n *Node) archive() room.Archive {
	if n.past == nil {
		return nil
	}
	return archive.NewReader(n.past)
}

// archived is a room's log as far as it is archived. Feeds are not.
func (n *Node) archived(ctx context.Context, log string) (chat.Log, error) {
	if n.past == nil || chat.IsFeed(log) {
		return chat.Log{}, nil
	}
	l, err := archive.NewReader(n.past).Log(ctx, log)
	if store.Missing(err) {
		return chat.Log{}, nil
	}
	return l, err
}

// How long a server that only reads the archive waits for it at its start, and how often it asks.
const (
	archiveWait = 10 * time.Second
	archiveAsk  = 250 * time.Millisecond
)

// waitForArchive returns when the database answers, though it may have no
// tables yet, or after a while. At a first start Redis is there before
// PostgreSQL is, and a room that began now would have to begin without a look
// into the archive.
func (n *Node) waitForArchive(ctx context.Context) {
	if n.past == nil || n.services.store != nil {
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
			n.log.Info("waiting a moment for the archive", "at_most", archiveWait, "error", err)
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
	if n.past == nil {
		return
	}
	if err := n.past.Close(); err != nil {
		n.log.Debug("close the database", "error", err)
	}
}
