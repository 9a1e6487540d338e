package socket

import (
	"net/http"

	"livechat/server/chat"
	"livechat/server/wire"
)

// Watch is the handler of sockets that watch the cluster. They are in no room
// and do not count as online. Options.Watch sends them their frames.
func (s *Server) Watch(w http.ResponseWriter, r *http.Request) {
	if err := s.serveWatch(w, r); err != nil {
		s.opts.Logger.Debug("socket: handshake refused", "error", err, "remote", r.RemoteAddr)
		wire.WriteProblem(w, err)
	}
}

func (s *Server) serveWatch(w http.ResponseWriter, r *http.Request) error {
	if err := s.admit(r); err != nil {
		return err
	}
	c, err := s.upgrade(w, r, query{}, nil)
	if err != nil {
		s.opts.Logger.Debug("socket: handshake failed", "error", err, "remote", r.RemoteAddr)
		return nil // the connection is gone, and with it whoever could be told
	}
	var ok bool
	if c.unwatch, ok = s.opts.Watch(c.out.Send); !ok {
		c.out.Close(wire.CloseOverloaded)
	}
	c.out.AttachAlone() // the first figures may take a second
	s.mu.Lock()
	draining := s.draining
	s.watchers[c] = struct{}{}
	s.readers.Add(1)
	c.listen()
	s.mu.Unlock()
	if draining { // it registered after Drain looked
		c.out.Close(wire.CloseRestart)
	}
	return nil
}

// stopWatching unregisters a watcher.
func (s *Server) stopWatching(c *conn) {
	if c.unwatch != nil {
		c.unwatch()
	}
	s.mu.Lock()
	delete(s.watchers, c)
	s.mu.Unlock()
}

// errWatches refuses a message of a watcher.
var errWatches = chat.Errorf(
	chat.CodeBadRequest,
	"This socket only shows the cluster; to send messages, connect to /ws",
)
