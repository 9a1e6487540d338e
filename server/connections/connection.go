package connections

import (
	"cmp"
	"strings"
)

// Connection is a WebSocket in a room or with a feed, as admins see it.
type Connection struct {
	Session string `json:"session"`
	Node    string `json:"node"`          // the process that has it
	App     string `json:"app"`           // its name
	Room    string `json:"room,omitzero"` // absent: the feed of an account
	Name    string `json:"name"`
	Person  string `json:"person"` // who it is, as the subject of a ban: account:7, guest:AUTHOR
	Since   int64  `json:"since"`  // Unix milliseconds
}

// Place is the place of a connection in a list: by name, then by session.
func (c Connection) Place() string { return c.Name + "\x00" + c.Session }

// Compare orders connections by their places.
func (c Connection) Compare(other Connection) int { return cmp.Compare(c.Place(), other.Place()) }

// Query says which connections are wanted. An empty field matches all.
type Query struct {
	Session string `json:"session,omitzero"`
	Person  string `json:"person,omitzero"`
	Room    string `json:"room,omitzero"`
	App     string `json:"app,omitzero"`
	Text    string `json:"text,omitzero"`  // a part of the name, in any case
	After   string `json:"after,omitzero"` // the place before the page
	Limit   int    `json:"limit,omitzero"` // how many at most
}

// Matches reports whether a connection is one of those, on whichever page.
func (q Query) Matches(c Connection) bool {
	is := func(wanted, has string) bool { return wanted == "" || wanted == has }
	return is(q.Session, c.Session) && is(q.Person, c.Person) && is(q.Room, c.Room) && is(q.App, c.App) &&
		(q.Text == "" || strings.Contains(strings.ToLower(c.Name), strings.ToLower(q.Text)))
}

// Page is a part of the connections of all servers.
type Page struct {
	Connections []Connection
	Total       int      // on all pages
	Next        string   // After of the next page; empty on the last one
	Missing     []string // names of the servers that have not answered
}

// RoomOnline is a room, and how many connections it has: in all, and by the
// name of the server.
type RoomOnline struct {
	Room    string         `json:"room"`
	Online  int            `json:"online"`
	Servers map[string]int `json:"servers,omitzero"`
}

// Server is a process of the cluster, as admins see it.
type Server struct {
	Node    string `json:"node"`
	App     string `json:"app"`
	Role    string `json:"role"`             // all, ws or api
	Version string `json:"version,omitzero"` // absent: it has not answered
	Uptime  int64  `json:"uptime_s,omitzero"`
	// WebSockets of all kinds; 0 for a process without any
	Connections int  `json:"connections"`
	Unavailable bool `json:"unavailable,omitzero"` // it takes no new clients
}
