package node

import (
	"context"
	"io"
	"time"

	"livechat/server/personal"
)

// personalData returns what people can ask for of what is kept of them.
func (n *Node) personalData() *personal.Service {
	files := n.services.files.Service
	return personal.NewService(&personal.Exporter{
		Store: n.services.store,
		Open: func(ctx context.Context, id string, user int64) (io.ReadCloser, error) {
			f, err := files.Get(ctx, id, user)
			if err != nil {
				return nil, err
			}
			content, _, err := files.Open(ctx, f, 0)
			return content, err
		},
	}, n.services.store)
}

// eraseSettle is personal.Options.Settle; 0: its default. Tests lower it.
var eraseSettle time.Duration

// eraser returns what carries out erasures.
func (n *Node) eraser() *personal.Eraser {
	return personal.NewEraser(personal.Options{
		Store: n.services.store, Log: n.bus, Reactions: n.bus.Reactions(), Wake: n.services.relay.Wake,
		App: n.cfg.Server.App, Logger: n.logger, Settle: eraseSettle,
	})
}
