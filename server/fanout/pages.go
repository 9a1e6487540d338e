package fanout

import (
	"context"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

// A client that comes back from further behind than the ring is given pages of
// the log. A page is held until the client has taken it, or for as long as a
// write may take, and asking for one costs the client next to nothing. So a page
// has a size in bytes, and a smaller one the more clients are given pages: what
// all of them hold together stays near pagesBytes.
const (
	firstPage   = 16       // messages; the sizes of those tell how many the next page has
	mostOfPage  = 200      // messages
	pageBytes   = 64 << 10 // at most, but for a single message that is longer
	leastBytes  = 4 << 10  // however many clients there are
	pagesBytes  = 32 << 20 // of all clients, as far as leastBytes lets that be
	pageReaders = 8        // pages that are read at the same time; the others take turns
	pageTimeout = 5 * time.Second
)

// pageLimit returns how many bytes a page has now.
func (f *Fan) pageLimit() int {
	return int(min(max(pagesBytes/max(f.paging.Load(), 1), leastBytes), pageBytes))
}

// nextPage returns how many messages to ask for after a page of n, which came
// as so many frames of so many bytes: about as many as a page may have, so that
// little is read for nothing.
func nextPage(n, frames, bytes, limit int) int {
	fit := limit * frames / max(bytes, 1)
	return min(max(fit, 1), 2*n, mostOfPage)
}

// writePages writes what the log has between the client and the ring, page by
// page: the next one is read when the client has taken the one before. It
// returns false when the connection is over. A client that cannot be helped is
// asked to come back.
func (s *shard) writePages(c *Client, b *batch) bool {
	s.fan.paging.Add(1)
	defer s.fan.paging.Add(-1)
	at, n := chat.Position{Epoch: c.paging, Seq: c.after}, firstPage
	for {
		start, ok := c.room.Reach(at)
		if start.Reset != nil {
			at = chat.Position{Epoch: start.Position.Epoch, Seq: start.After}
			c.Send(start.Reset) // goes out before anything of the room does
		}
		if ok {
			// Side entries that it has been there for, and that the ring still has, are for it.
			c.cursor, c.after, c.catching, c.paging = start.Cursor, start.After, true, ""
			return true
		}
		s.fan.pages <- struct{}{}
		ctx, cancel := context.WithTimeout(context.Background(), pageTimeout)
		limit := s.fan.pageLimit()
		frames, next, err := c.room.Page(ctx, at, n, limit)
		cancel()
		<-s.fan.pages

		b.reset(c.cursor)
		closing := c.takeSide(b)
		switch {
		case closing: // nobody waits for pages any more
		case err != nil || len(frames) == 0:
			c.owe(b, 0)
			c.Close(wire.CloseOverloaded)
			c.paging = "" // what follows is the close frame
			return true
		default:
			bytes := 0
			for _, f := range frames {
				b.addSide(f)
				bytes += len(f)
			}
			n = nextPage(n, len(frames), bytes, limit)
		}
		if err := s.writeAll(c, b); err != nil {
			c.cut(wire.CloseTooSlow)
			return false
		}
		if closing {
			c.finish()
			return false
		}
		at = next
	}
}
