package client

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gorilla/websocket"
)

// Post sends a message and does not wait: its ack, or the server's complaint, arrives as an event. id should be a UUID; with an empty one
// there is no ack and no safe way to send it again. Invalid UTF-8 is refused here, as the server would close the connection for it.
func (c *Conn) Post(id, text string) error {
	buffer := buffers.Get().(*[]byte)
	defer giveBack(buffer)
	frame := append((*buffer)[:0], `{"type":"message",`...)
	var err error
	if id != "" {
		frame = append(frame, `"id":`...)
		if frame, err = jsontext.AppendQuote(frame, id); err != nil {
			return fmt.Errorf("encode the id: %w", err)
		}
		frame = append(frame, ',')
	}
	frame = append(frame, `"text":`...)
	if frame, err = jsontext.AppendQuote(frame, text); err != nil {
		return fmt.Errorf("encode the text: %w", err)
	}
	frame = append(frame, '}')
	*buffer = frame
	return c.SendRaw(websocket.TextMessage, frame)
}

// Typing tells the others that somebody is writing here. Nothing answers it.
func (c *Conn) Typing() error {
	return c.SendRaw(websocket.TextMessage, []byte(`{"type":"typing"}`))
}

// SendRaw sends one frame as it is. kind is a data opcode of RFC 6455, section 11.8: 1 text, 2 binary. For plain text as wscat sends it, and for
// tests. A write that fails ends the connection, as half a frame may have gone out.
func (c *Conn) SendRaw(kind int, payload []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	_ = c.ws.SetWriteDeadline(time.Now().Add(c.writeTimeout)) // only noted; the write sets it and returns its error
	if err := c.ws.WriteMessage(kind, payload); err != nil {
		c.ws.Close()
		return fmt.Errorf("write to the server: %w", err)
	}
	return nil
}

// Close says goodbye with 1000 and closes the socket; a call of Next returns. It does not wait for the server.
func (c *Conn) Close() error {
	goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = c.ws.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(time.Second)) // a courtesy: the socket closes anyway
	return c.ws.Close()
}
