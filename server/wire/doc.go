// Package wire is the protocol of livechat, version 1: the bytes on a
// WebSocket, and on a room's channel.
//
// One JSON object is one text frame (RFC 6455 section 5.6). `type` comes first,
// times are Unix milliseconds. Both sides ignore unknown fields. A client
// ignores unknown types, but any frame with both `seq` and `at` is an entry of
// the log and advances its position. The server answers unknown types with
// `error bad_request`.
// Duplicate keys, invalid UTF-8 and trailing data are refused. Liveness uses
// RFC 6455 pings, so any WebSocket client stays connected.
//
// In addition to the limits in the welcome, a client may send a message in at
// most 4096 frames and within 30 seconds, and at most 1000 pings, pongs and
// typing frames in 10 seconds: more than any client needs.
//
// # The conversation
//
// Joining. The answer to the handshake `GET /?name=ann` is a welcome, the
// newest messages of the room, and from then on all new ones:
//
//	S  {"type":"welcome","app":"2000","session":"5f1c…","name":"ann","room":"livechat",
//	    "epoch":"8d0f…","seq":7,"limits":{…}}
//	S  {"type":"presence","online":3,"names":["ann","bob","eve"]}
//	S  {"type":"message","seq":7,"id":"…","app":"1000","session":"…","name":"bob",
//	    "text":"anyone?","at":1763770000000}
//
// Talking. A message is also sent to its author. If it has an id, the author
// gets an ack as well, once the message is in the log:
//
//	C  {"type":"message","id":"0b9d…","text":"I am"}
//	S  {"type":"message","seq":8,"id":"0b9d…","app":"2000",…,"text":"I am",…}
//	S  {"type":"ack","id":"0b9d…","seq":8,"duplicate":false}
//
// An ack and its message may come in either order. Text that is not a JSON
// object is taken as a message, so that people can type into wscat. A message
// that cannot be accepted is answered with an error, which has its id, if any;
// the connection stays open:
//
//	C  {"type":"message","id":"77aa…","text":"one too many"}
//	S  {"type":"error","id":"77aa…","code":"rate_limited","message":"…",
//	    "retryable":true,"retry_after_ms":200}
//
// Reconnecting. A client that lost its connection, for whatever reason, asks
// any server for the messages after the last one that it has:
//
//	`GET /?name=ann&after=8d0f…:8`
//	S  {"type":"welcome",…,"epoch":"8d0f…","seq":11,"recovered":true,…}
//	S  messages 9, 10, 11, then live
//
// It may be any distance behind: messages that have left the log come from the
// archive, if the server has one, in the same frames, before those in the log.
//
// A server that is about to stop asks its clients to reconnect while it is
// still running. They open the new connection before they close the old one:
//
//	S  {"type":"reconnect","after_ms":2100}
//
// A client that is disconnected as too slow for the third time in a minute is
// told how long to stay away. The close frame follows, with 4008:
//
//	S  {"type":"error","code":"too_slow","message":"…","retryable":true,
//	    "retry_after_ms":20000}
//
// A client that reconnects earlier, or that could not be told because its
// socket was full, gets this frame with the remaining time instead of a
// welcome.
//
// `recovered:false` means that some messages may be out of reach; a gap then
// says which, at their place. A message without an ack is sent again with the
// same id, to any server: it is in the log once.
//
// Authors. An id belongs to its author: `@` and the name of an account, or a
// hash of the guest key, which a guest sends as a subprotocol (`livechat.user,
// livechat.guest.<key>`). The same id of another author is another message. A
// client without a key has no author; an id is then known together with the
// name and the content that came with it. So a client treats two messages as the
// same if id, author, name and text are equal.
//
// Editing. An author gives a message another text; the edit is an entry with a
// number of its own, and the one with the highest number counts:
//
//	C  {"type":"edit","id":"51ad…","target":{"seq":8,"id":"0b9d…"},"text":"I am here"}
//	S  {"type":"ack","id":"51ad…","seq":9,"duplicate":false}
//	S  {"type":"edit","seq":9,"id":"51ad…",…,"text":"I am here",
//	    "target":{"seq":8,"id":"0b9d…"},"at":1763770060000}
//
// Answering. A message may answer another one, and carry an object of its
// sender. The server adds what was said, and who is mentioned:
//
//	C  {"type":"message","text":"@bob I am","reply":{"seq":7,"id":"51ad…"},"data":{…}}
//	S  {"type":"message","seq":9,…,"text":"@bob I am","reply":{"seq":7,"id":"51ad…",
//	    "name":"bob","text":"anyone?"},"mentions":["bob"],"data":{…},"at":1763770000000}
//
// Files. They are uploaded over HTTP first, and a message names them by their
// ids. The server adds what it knows of them:
//
//	C  {"type":"message","id":"2c9e…","files":["7f0a…",{"id":"81bc…","alt":"a cat"}]}
//	S  {"type":"message","seq":9,…,"text":"","files":[{"id":"7f0a…","name":"a.pdf",
//	    "type":"application/pdf","size":48213},{"id":"81bc…","name":"cat.png",
//	    "type":"image/png","size":9120,"width":800,"height":600,"previews":[320],
//	    "alt":"a cat"}],"at":1763770000000}
//
// Deleting. An author deletes a message. The delete is an entry, too; in the
// place of the message and of its edits stand tombstones from then on:
//
//	C  {"type":"delete","id":"7c02…","target":{"seq":8,"id":"0b9d…"}}
//	S  {"type":"ack","id":"7c02…","seq":10,"duplicate":false}
//	S  {"type":"delete","seq":10,"id":"7c02…",…,"target":{"seq":8,"id":"0b9d…"},
//	    "by":"author","at":1763770090000}
//
// and to a client that resumes from 7:
//
//	S  {"type":"tombstone","seq":8,"id":"0b9d…",…,"at":1763770000900}
//	S  {"type":"tombstone","seq":9,"id":"51ad…",…,"target":{"seq":8,"id":"0b9d…"},…}
//	S  {"type":"delete","seq":10,…}
//
// Reacting. Anybody sets an emoji under a message, or takes it back. That is no
// entry; the ack says that Redis has it. The entry is a summary of the message,
// at most one a second, with all emoji that are set then:
//
//	C  {"type":"react","id":"6f1e…","target":{"seq":9,"id":"0b9d…"},"emoji":"👍"}
//	S  {"type":"ack","id":"6f1e…","seq":0,"duplicate":false}
//	S  {"type":"reactions","seq":11,"id":"c3f0…","app":"1000",
//	    "target":{"seq":9,"id":"0b9d…"},"counts":{"👍":12,"❤️":1},"at":1763770091000}
//
// Epochs. Whenever Redis may have lost messages (it restarted, failed over to a
// replica, or keys were deleted), the servers restore what they still have, and
// the log continues in a new epoch. Connected clients are told:
//
//	S  {"type":"reset","epoch":"c41e…","seq":12}
//	S  {"type":"message","seq":13,…}
//
// From then on a position is c41e…:13. Usually the numbers simply continue. If
// seq is lower than what the client has, the log lost the messages after it.
// Most of them are republished unchanged under other numbers, so a client shows
// a message that it has shown only once. Positions of an earlier epoch can
// still be resumed from, and `recovered` means the same: the welcome has the
// new epoch, and a reset follows it if the client has messages that were lost.
// An epoch that no server remembers is another log; the newest part of the
// current log follows then.
//
// Watching. A WebSocket at /cluster is in no room: it gets a Cluster frame at
// once, then one a second, and one whenever a server comes, goes or changes its
// state:
//
//	S  {"type":"cluster","at":1763770000000,"app":"1000",
//	    "redis":{"state":"up","round_trip_us":412},
//	    "servers":[{"node":"5f1c…","app":"1000","state":"ready","connections":31,
//	    "rate_in":5.2,"rate_out":161,"p99_pass_us":840,"uptime_s":3600,
//	    "version":"…"}, …]}
//
// Leaving. Either side may send a close frame; the table in close.go says what
// each code means and whether to reconnect.
package wire
