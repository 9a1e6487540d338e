// Package presence knows how many connections each room has on all servers, and
// the names in rooms that this server has clients in.
//
// Each server reports on the gossip channel, which all servers receive, how many
// connections it has in which room. Names go only to servers with clients in the
// room, each on a channel of its own (direct.go). So the traffic to a server
// grows with the rooms it shares, and not with all rooms.
//
// A change is reported at once after a quiet period, otherwise once a second.
// All servers learn in this way that a room got its first clients on a server or
// lost its last ones. Later counts reach servers without clients there every five
// seconds. Reports are numbered; a server that misses one asks for the full state
// and is answered alone. A report goes out every second even if nothing has
// changed, less often with more than a hundred servers. A server whose reports
// have not been received for a few seconds is considered down, and its clients
// gone.
//
// Clients get updates in the same rhythm: the first change at once, then one
// update a second, or less often in big rooms and on servers with thousands of
// connections. A leave is announced a second later, so a user who reloads the
// page or is moved to another server never appears to leave.
//
// # Reports
//
// A changed count, no change, the full state, no new clients (draining or
// unavailable), shutdown, and a request for everyone's full state:
//
//	{"type":"presence","node":"5f1c…","app":"1000","role":"ws","n":7,
//	 "total":31,"counts":{"livechat":12}}
//	{"type":"presence","node":"5f1c…","app":"1000","role":"ws","n":8,
//	 "total":31}
//	{"type":"presence","node":"5f1c…","app":"1000","role":"ws","n":9,
//	 "total":31,"full":true,"counts":{…}}
//	{"type":"presence","node":"5f1c…","app":"1000","role":"ws","n":10,
//	 "total":31,"away":true}
//	{"type":"presence","node":"5f1c…","app":"1000","role":"ws","n":11,
//	 "bye":true}
//	{"type":"presence","node":"77ab…","app":"2000","role":"ws","ask":true}
//
// # Messages to one server
//
// Changed names, all names for a server with its first clients in a room, a
// repeated number, the full state, and a request for the full state:
//
//	{"type":"presence","node":"5f1c…","to":"77ab…","d":4,
//	 "rooms":{"livechat":{"online":12,"joined":["ann"],"left":["bob"],
//	                      "accounts":["ann"]}}}
//	{"type":"presence","node":"5f1c…","to":"77ab…","d":5,
//	 "rooms":{"den":{"online":3,"all":["ann","eve"],
//	                 "connections":{"eve":2}}}}
//	{"type":"presence","node":"5f1c…","to":"77ab…","d":5}
//	{"type":"presence","node":"5f1c…","to":"77ab…","d":6,"app":…,"n":9,
//	 "full":true,"counts":{…},"rooms":{…}}
//	{"type":"presence","node":"77ab…","to":"5f1c…","app":"2000","role":"ws",
//	 "ask":true}
//
// A typing event goes to all servers, or to each of those with clients in the
// room:
//
//	{"type":"typing","node":"5f1c…","room":"livechat","session":"…","name":"ann"}
//
// node is chosen at random when a process starts: a restarted server is a new
// one. Counts and online are connections; names are distinct, and accounts lists
// those of them that belong to an account. connections has the number of
// connections of those names that have more than one on the sender; a name joins
// again when its number changes. For a server that does not know connections
// each name has one. role is what the process does: all, ws or api. A server
// whose reports have no role is a legacy server, from before messages to single
// servers. It is assumed to have sockets, its reports contain
// all names ("rooms"), and as long as there is one, so do the reports of the
// others.
package presence
