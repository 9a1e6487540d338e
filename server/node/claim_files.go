package node

import (
	"context"
	"errors"
	"time"

	"livechat/server/chat"
	"livechat/server/config"
	"livechat/server/socket"
	"livechat/server/store"
)

// fileOptions returns how clients of rooms send files; nil if they cannot. A
// server without the API claims them in the database of those that have it,
// which it must be able to write: not a file of SQLite, which has one writer.
func (n *Node) fileOptions() *socket.FileOptions {
	files, db := n.cfg.Files, n.database
	if files.MaxFile == 0 || db == nil ||
		n.cfg.Server.Role == config.RoleWS && db.Dialect() != "postgres" {
		return nil
	}
	return &socket.FileOptions{Claim: n.claimFiles, Size: files.MaxFile, Guests: files.Guests}
}

var errUnknownFile = chat.Errorf(chat.CodeUnknownFile,
	"a file of this message is not there, or is in another message; upload it again")

func (n *Node) claimFiles(ctx context.Context, c chat.Claim) ([]chat.File, error) {
	files, err := n.database.ClaimFiles(ctx, c, time.Now())
	if errors.Is(err, store.ErrNoFile) {
		return nil, errUnknownFile
	}
	return files, err
}
