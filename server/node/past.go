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
	return archive.NewReader(n.past).Log(ctx, log)
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
