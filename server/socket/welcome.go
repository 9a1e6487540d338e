package socket

import (
	"livechat/server/metrics"
	"livechat/server/room"
	"livechat/server/wire"
)

// how is the metrics label of the way in which a connection entered its room.
func how(q query, at room.Start) string {
	switch {
	case q.after == nil:
		return metrics.New
	case at.Rewound:
		return metrics.Rewound
	case at.From > 0 || at.Gap || at.Replay && !at.Recovered:
		return metrics.WithGap
	case at.Archived:
		return metrics.FromArchive
	case at.Replay:
		return metrics.FromLog
	case at.Recovered:
		return metrics.FromRing
	}
	return metrics.Unknown
}

func (s *Server) welcome(c *conn, q query, at room.Start) wire.Welcome {
	w := wire.Welcome{
		Type: "welcome", App: s.opts.App, Session: c.session, Author: c.author, Name: c.name, Room: c.room.Name,
		Epoch: at.Position.Epoch, Seq: at.Position.Seq,
		Limits: wire.Limits{
			Text:  s.opts.MaxText,
			Frame: s.opts.MaxFrame,
			Rate:  s.opts.MessageRate,
			Burst: s.opts.MessageBurst,
			Files: s.opts.Files.limits(c),
		},
	}
	if !s.opts.NoEdits {
		seconds := int64(s.opts.EditWindow.Seconds())
		w.Limits.Edit = &seconds
	}
	if s.opts.Rules != nil && !c.feed { // after the place in the room was taken: what changes later follows
		w.Pinned = s.opts.Rules.Pinned(c.room.Name)
	}
	if q.after != nil {
		w.Recovered = &at.Recovered
	}
	return w
}
