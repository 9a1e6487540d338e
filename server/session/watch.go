package session

import (
	"net/http"

	"livechat/server/chat"
	"livechat/server/wire"
)

// Watch is the handler of sockets that watch the cluster. They are in no room and count as nobody; what they get, Options.Watch decides.
func (s *Server) Watch(w http.ResponseWriter, r *http.Request) {
	if err := s.serveWatch(w, r); err != nil {
		s.opts.Logger.Debug("handshake refused", "error", err, "remote", r.RemoteAddr)
		wire.WriteProblem(w, err)
	}
}

func (s *Server) serveWatch(w http.ResponseWriter, r *http.Request) error {
	if err := s.admit(r); err != nil {
		return err
	}
	c, err := s.upgrade(w, r, query{}, nil)
	if err != nil {
		s.opts.Logger.Debug("handshake failed", "error", err, "remote", r.RemoteAddr)
		return nil // the connection is gone, and with it whoever could be told
	}
	s.mu.Lock()
	draining := s.draining
	s.watchers[c] = struct{}{}
	s.readers.Go(c.watch)
	s.mu.Unlock()
	if draining { // it was registered after Drain had looked
		c.out.Close(wire.CloseRestart)
	}
	return nil
}

// watch gives a connection what it wants to see until it ends.
func (c *conn) watch() {
	leave, ok := c.server.opts.Watch(c.out.Send)
	if ok {
		defer leave()
	} else {
		c.out.Close(wire.CloseOverloaded)
	}
	c.hangUp(c.readAll())
	s := c.server
	s.mu.Lock()
	delete(s.watchers, c)
	s.mu.Unlock()
}

// errWatches refuses a message from somebody who only watches.
var errWatches = chat.Errorf(chat.CodeBadRequest, "nobody hears what is said here; the room is at /ws")
