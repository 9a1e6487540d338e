package config

// Limits bounds what clients may do. A rate holds in the long run, its burst for
// what comes at once.
type Limits struct {
	// MessageRate is how many messages a second one connection may send; 0: no
	// limit.
	MessageRate float64 `env:"MESSAGE_RATE" envDefault:"5"`
	// MessageBurst is how many messages one connection may send at once.
	MessageBurst int `env:"MESSAGE_BURST" envDefault:"10"`
	// AddressRate is how many messages a second all connections of one public
	// address together may send to each server; 0: no limit.
	AddressRate float64 `env:"ADDRESS_RATE" envDefault:"20"`
	// AddressBurst is how many of them at once.
	AddressBurst int `env:"ADDRESS_BURST" envDefault:"200"`
	// RoomRate is how many messages a second all clients of one server together may
	// send to one room; 0: no limit.
	RoomRate float64 `env:"ROOM_RATE" envDefault:"200"`
	// RoomBurst is how many of them at once.
	RoomBurst int `env:"ROOM_BURST" envDefault:"1000"`
	// MaxText is the longest text of a message, in characters (code points).
	MaxText int `env:"MAX_TEXT" envDefault:"4000"`
	// EditWindow is how long an author may edit a message; 0: for ever.
	EditWindow Window `env:"EDIT_WINDOW" envDefault:"24h"`
	// MaxFrame is the longest WebSocket message a client may send, in bytes.
	MaxFrame int `env:"MAX_FRAME" envDefault:"16384"`
	// MaxConnections is the most WebSockets that this server accepts; 0: no limit.
	// Unset: the share that ShareFiles gives them of the files this process may
	// open.
	MaxConnections int `env:"MAX_CONNECTIONS"`
	// PostRate is how many private messages, opened chats, blocks and unblocks a
	// second one account may make on each API server; 0: no limit.
	PostRate float64 `env:"POST_RATE" envDefault:"5"`
	// PostBurst is how many of them at once.
	PostBurst int `env:"POST_BURST" envDefault:"200"`
	// ChatsHour is how many private chats an account may open in an hour on each
	// API server; 0: no limit.
	ChatsHour int `env:"CHATS_HOUR" envDefault:"30"`
	// RegisterRate is how many accounts a second one address may make on each
	// API server; 0: no limit.
	RegisterRate float64 `env:"REGISTER_RATE" envDefault:"0.1"`
	// RegisterBurst is how many of them at once.
	RegisterBurst int `env:"REGISTER_BURST" envDefault:"30"`
	// NameRate is how many new guest names a second one public address may use on
	// each server with WebSockets; 0: no limit.
	NameRate float64 `env:"NAME_RATE" envDefault:"0.5"`
	// NameBurst is how many of them at once.
	NameBurst int `env:"NAME_BURST" envDefault:"200"`
}
