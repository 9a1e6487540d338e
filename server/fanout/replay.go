package fanout

import (
	"context"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

// A client that the ring does not reach gets pages of the log. A page is held
// until the client has taken it, or for as long as a write may take, and
// requesting one costs the client almost nothing. So pages are limited in
// bytes, and the limit shrinks with the number of replaying clients: all of
// them together hold about allPagesBytes.
const (
	firstPage     = 16       // messages; later pages are sized after it
	maxPage       = 200      // messages
	pageBytes     = 64 << 10 // except for a single larger message
	minPageBytes  = 4 << 10  // however many clients there are
	allPagesBytes = 32 << 20 // of all clients, as far as minPageBytes permits
	pageReaders   = 8        // pages read at the same time
	pageTimeout   = 5 * time.Second
)

// pageLimit returns the current size limit of a page in bytes.
func (f *Fan) pageLimit() int {
	return int(min(max(allPagesBytes/max(f.replaying.Load(), 1), minPageBytes), pageBytes))
}

// nextPage returns how many messages to request after a page of n, which came
// as that many frames and bytes: about as many as fit, so that little is read
// in vain.
func nextPage(n, frames, bytes, limit int) int {
	fit := limit * frames / max(bytes, 1)
	return min(max(fit, 1), 2*n, maxPage)
}

// replay writes what the log has between the client and the ring, page by page:
// it reads the next page when the client has taken the previous one. It returns
// false when the connection is over. If a page cannot be read, the client is
// closed with CloseOverloaded, and reconnects.
func (s *shard) replay(c *Client, b *batch) bool {
	s.fan.replaying.Add(1)
	defer s.fan.replaying.Add(-1)
	at, n := chat.Position{Epoch: c.replaying, Seq: c.after}, firstPage
	for {
		start, ok := c.room.Reach(at)
		if start.Reset != nil {
			at = chat.Position{Epoch: start.Position.Epoch, Seq: start.After}
			c.Send(start.Reset) // sent before any room frame
		}
		if ok {
			// ^Ephemeral entries since it attached that the ring still has are
			// for it.
			c.cursor, c.after, c.catchingUp, c.replaying = start.Cursor, start.After, true, ""
			return true
		}
		s.fan.pageSlots <- struct{}{}
		ctx, cancel := context.WithTimeout(context.Background(), pageTimeout)
		limit := s.fan.pageLimit()
		frames, next, err := c.room.Page(ctx, at, n, limit)
		cancel()
		<-s.fan.pageSlots

		b.reset(c.cursor)
		closing := c.takeControl(b)
		switch {
		case closing: // the client is leaving
		case err != nil || len(frames) == 0:
			c.keepUnsent(b, 0)
			c.Close(wire.CloseOverloaded)
			c.replaying = "" // only the close frame follows
			return true
		default:
			bytes := 0
			for _, f := range frames {
				b.addOwn(f)
				bytes += len(f)
			}
			n = nextPage(n, len(frames), bytes, limit)
		}
		if err := s.writeAll(c, b); err != nil {
			c.cut(wire.CloseTooSlow)
			return false
		}
		if closing {
			c.endSending()
			return false
		}
		at = next
	}
}
