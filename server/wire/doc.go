// Package wire is the protocol of livechat, version 1: what goes over a WebSocket, byte for byte, and over the room's channel.
//
// One JSON object is one text frame (RFC 6455 section 5.6), `type` comes first, times are Unix milliseconds. Both sides ignore
// fields that they do not know; a client ignores types that it does not know, the server answers one with `error bad_request`.
// Duplicate keys, invalid UTF-8 and trailing data are refused. Liveness is by RFC 6455 pings, so any WebSocket client stays alive.
//
// Beside the limits that a welcome tells, a client may send a message in at most 4096 frames and within 30 seconds, and at most 1000 pings, pongs
// and typing frames in 10 seconds: more than any has a use for.
//
// # The conversation
//
// Joining. The answer to the handshake `GET /?name=ann` is a welcome, the room's newest messages, and from then on all that is said:
//
//	S  {"type":"welcome","app":"2000","session":"5f1c…","name":"ann","room":"livechat","epoch":"8d0f…","seq":7,"limits":{…}}
//	S  {"type":"presence","online":3,"names":["ann","bob","eve"]}
//	S  {"type":"message","seq":7,"id":"…","app":"1000","session":"…","name":"bob","text":"anyone?","at":1763770000000}
//
// Talking. The message comes back to its sender like to everybody else; who gave an id also gets an ack, after the message is in the log:
//
//	C  {"type":"message","id":"0b9d…","text":"I am"}
//	S  {"type":"message","seq":8,"id":"0b9d…","app":"2000",…,"text":"I am",…}
//	S  {"type":"ack","id":"0b9d…","seq":8,"duplicate":false}
//
// An ack and its message may come in either order. Text that is no JSON object is a message as it stands, so that people can type into wscat.
// What cannot be taken is answered with an error that carries the id, if there was one; the connection stays:
//
//	C  {"type":"message","id":"77aa…","text":"one too many"}
//	S  {"type":"error","id":"77aa…","code":"rate_limited","message":"…","retryable":true,"retry_after_ms":200}
//
// Coming back. A client that lost its connection, to whatever, asks any server for what followed the last message that it saw:
//
//	`GET /?name=ann&after=8d0f…:8`
//	S  {"type":"welcome",…,"epoch":"8d0f…","seq":11,"recovered":true,…}
//	S  messages 9, 10, 11, then live
//
// However far it is behind: what the log is too short for comes from the archive, if this server has one, before what is in the log, as the same frames.
//
// A server that is about to stop asks its clients to do so while it is still there. They open the new connection before they close the old one:
//
//	S  {"type":"reconnect","after_ms":2100}
//
// One that is cut off as too slow again and again is told how long to stay away, at the third time in a minute. The close frame, with 4008, follows:
//
//	S  {"type":"error","code":"too_slow","message":"…","retryable":true,"retry_after_ms":20000}
//
// Who comes back earlier, or could not be told because its socket was full, hears just this, with the time that is left, in place of a welcome.
//
// `recovered:false` says that not all of it may be in reach, and a gap says what is missing, where it is missing. A message that was not acked is sent again with the same id, on
// any server: it is in the log once.
//
// Authors. An id belongs to its author: `@` and the name of an account, or a hash
// of the guest key, which a guest sends as a subprotocol (`livechat.user,
// livechat.guest.<key>`). The same id by somebody else is another message. A
// client that shows no key has no author; then an id is known together with the
// name and the text that came with it. So a client takes two messages for the
// same one if id, author, name and text are equal.
//
// Epochs. Whenever Redis may have lost something (it restarted, a replica took over, keys were deleted) the servers put back what they still have, and
// the log goes on in a new epoch. Who is there is told:
//
//	S  {"type":"reset","epoch":"c41e…","seq":12}
//	S  {"type":"message","seq":13,…}
//
// From then on a position is c41e…:13. As a rule the numbers just go on. If seq is lower than what the client has seen, the log lost what came behind
// it: most of that comes again under other numbers, as it was, so a client shows a message that it has shown only once. Positions of an
// earlier epoch remain good for resuming, and `recovered` says the same as ever: the welcome tells the new epoch, and a reset follows it if the client has
// seen what was lost. An epoch that no server remembers is another log; what follows then is its newest part.
//
// Watching. A WebSocket at /cluster is in no room: it gets a Cluster frame at once, one a second from then on, and one whenever a server comes, goes or
// changes its state:
//
//	S  {"type":"cluster","at":1763770000000,"app":"1000","redis":{"state":"up","round_trip_us":412},"servers":[{"node":"5f1c…","app":"1000","state":"ready",
//	    "connections":31,"rate_in":5.2,"rate_out":161,"p99_pass_us":840,"uptime_s":3600,"version":"…"}, …]}
//
// Leaving. Each side may send a close frame; the table of codes in close.go says what each means and whether to come back.
package wire
