package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"livechat/client"
)

// other is an entry of a log that is not a message: in a feed, a read mark or a
// new chat.
type other struct {
	client.Event
	seq uint64
}

// feedSource is a connection to a user's feed. Its messages have the ids of the
// messages, not of the events.
type feedSource struct{ conn *websocket.Conn }

// feedSilence is how long a feed may be silent, without even a ping, before it
// counts as dead.
const feedSilence = 75 * time.Second

// feed opens a user's feed after that position, with a new ticket.
func (p *user) feed(ctx context.Context, after *client.Position) (source, error) {
	var ticket struct{ Ticket string }
	if status, err := p.do(ctx, http.MethodPost, "/ticket/", struct{}{}, &ticket); err != nil ||
		status >= 300 {
		return nil, fmt.Errorf("get a ticket: %d, %w", status, err)
	}
	address := "ws://" + p.address + "/feed"
	if after != nil {
		address += "?after=" + after.String()
	}
	dialer := websocket.Dialer{
		HandshakeTimeout: 5 * time.Second,
		Subprotocols:     []string{"livechat.user", "livechat.ticket." + ticket.Ticket},
	}
	conn, resp, err := dialer.DialContext(ctx, address, nil)
	if err != nil {
		return nil, fmt.Errorf("open the feed: %w", err)
	}
	_ = resp.Body.Close()
	return &feedSource{conn}, nil
}

// Close ends the connection.
func (f *feedSource) Close() error { return f.conn.Close() }

// Next returns the next event.
func (f *feedSource) Next(ctx context.Context) (client.Event, error) {
	defer context.AfterFunc(ctx, func() { _ = f.conn.Close() })()
	for {
		_ = f.conn.SetReadDeadline(time.Now().Add(feedSilence))
		_, text, err := f.conn.ReadMessage()
		if err != nil {
			return nil, err
		}
		if event, err := decode(text); event != nil || err != nil {
			return event, err
		}
	}
}

// decode returns the event in a frame of a feed; nil for a frame that is not in
// the log.
func decode(text []byte) (client.Event, error) {
	var f struct {
		Type, Event, Message, Name, Text, Session, Epoch string
		Seq, From, To                                    uint64
		Recovered                                        *bool
		At                                               *int64
		AfterMS                                          int64 `json:"after_ms"`
		Files                                            []client.File
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("read a frame of a feed: %w", err)
	}
	switch {
	case f.At != nil && f.Seq > 0 && f.Type != "message":
		return &other{seq: f.Seq}, nil
	case f.Type == "welcome":
		return &client.Welcome{Session: f.Session, Epoch: f.Epoch, Seq: f.Seq, Recovered: f.Recovered}, nil
	case f.Type == "message" && f.Event == "message":
		return &client.Message{Seq: f.Seq, ID: f.Message, Name: f.Name, Text: f.Text, Files: f.Files}, nil
	case f.Type == "message":
		return &other{seq: f.Seq}, nil
	case f.Type == "gap":
		return &client.Gap{From: f.From, To: f.To}, nil
	case f.Type == "reset":
		return &client.Reset{Epoch: f.Epoch, Seq: f.Seq}, nil
	case f.Type == "reconnect":
		return &client.Reconnect{AfterMS: f.AfterMS}, nil
	}
	return nil, nil
}
