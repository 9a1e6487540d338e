// Package client connects Go programs to a livechat room: bots, tests, load
// generators.
//
// The module path is livechat, which no proxy serves. Import the package from a
// clone:
//
//	git clone <this repository> /path/to/clone
//	go mod edit -require livechat@v0.0.0 -replace livechat=/path/to/clone
//	go mod tidy
//
// and in the code
//
//	import "livechat/client"
//
// In a fork, `make rename-module MODULE=example.com/you/livechat` gives the
// module a path that `go get` finds.
//
// There are two layers. A [Conn] is one WebSocket connection: [Dial] opens it,
// [Conn.Next] returns the server's frames as typed events, [Conn.Send] posts a
// message and waits for its ack. A [Session] stays in the room on top of that.
// It reconnects with full jitter and resumes after the last message that it
// delivered. When the server asks for it, it opens the new socket before it
// closes the old one. It delivers every message once and in order. A message
// that was neither acked nor seen in the room is sent again under the same id,
// so that it appears once. Servers forget ids after a while: then Send returns
// [ErrUnknown]. Where the log no longer reaches back far enough, a [Gap] or a
// [Reset] says so.
//
// A bot that answers messages sent while it is connected:
//
//	var session *client.Session
//	options := client.Options{URL: "ws://localhost:8080", Name: "echo"}
//	session = client.NewSession(options, func(e client.Event) {
//		m, ok := e.(*client.Message)
//		if !ok || m.History {
//			return
//		}
//		if text, ok := strings.CutPrefix(m.Text, "!echo "); ok {
//			_ = session.Post(text, nil) // fails only if too many wait, or at the end
//		}
//	})
//	err := session.Run(ctx) // until ctx ends or the server says not to come back
//
// The event handler sends with [Session.Post]. [Session.Send] waits for the ack
// and is for other goroutines; in the handler it returns [ErrInHandler].
package client
