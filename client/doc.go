// Package client speaks the livechat protocol from Go: the load tool and the end-to-end tests use it, and so may any other program.
//
// There are two layers. A [Conn] is one WebSocket connection: [Dial] opens it, [Conn.Next] returns what the server sends as typed
// events, [Conn.Send] posts a message and waits for its ack. A [Session] stays in the room on top of that: it reconnects with
// full jitter, resumes behind the last message it delivered, opens the new socket before it closes the old one when the server asks
// for that, hands every message out once and in order, and sends a message that was neither acked nor heard again under the same id, so that it
// appears once; not for ever, since servers forget ids: then Send returns [ErrUnknown]. Where the log no longer reaches back far enough, it says so with a [Gap] or a [Reset] instead of passing over it in silence.
//
// A bot, which answers what is said while it is there and nothing older:
//
//	var session *client.Session
//	session = client.NewSession(client.Options{URL: "ws://localhost:8080", Name: "echo"}, func(e client.Event) {
//		m, ok := e.(*client.Message)
//		if !ok || m.History {
//			return
//		}
//		if text, ok := strings.CutPrefix(m.Text, "!echo "); ok {
//			_ = session.Post(text, nil) // it fails only if very many wait, or at the end
//		}
//	})
//	err := session.Run(ctx) // until ctx is done or the server says not to come back
//
// In the handler, [Session.Post] sends; [Session.Send], which waits for the ack, is for
// other goroutines, and returns [ErrInHandler] there.
//
// Thousands of connections fit into one process: a Conn has no goroutine of its own (whoever calls Next reads), buffers are shared
// while nothing arrives, and with [Options.Skim] a message is not decoded beyond its seq and costs no allocation.
package client
