package client

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/gorilla/websocket"
)

// Moderation is what an account that moderates the room asks for; see
// docs/protocol.md. A person is named by one of Target, Account, Author, Session,
// Subject and Name.
type Moderation struct {
	// mute, unmute, ban, unban, kick, delete, slow, pause, resume, registered, pin, unpin
	Action  string  `json:"action"`
	Target  *Target `json:"target,omitzero"`
	Account string  `json:"account,omitzero"`
	Author  string  `json:"author,omitzero"`
	Session string  `json:"session,omitzero"`
	Subject string  `json:"subject,omitzero"`
	Name    string  `json:"name,omitzero"`
	Minutes int     `json:"minutes,omitzero"` // of a mute or a ban; 0: for ever
	Reason  string  `json:"reason,omitzero"`
	Address bool    `json:"address,omitzero"`
	Slow    int     `json:"slow_s,omitzero"` // 0: no slow mode
	On      *bool   `json:"on,omitzero"`
}

// PostModerate moderates the room without waiting: an ack, or an error of the
// server, arrives as an event if there is an id, a UUID.
func (c *Conn) PostModerate(id string, m Moderation) error {
	frame, err := json.Marshal(struct {
		Type string `json:"type"`
		ID   string `json:"id,omitzero"`
		Moderation
	}{"moderate", id, m})
	if err != nil {
		return fmt.Errorf("encode a moderation: %w", err)
	}
	return c.SendRaw(websocket.TextMessage, frame)
}
