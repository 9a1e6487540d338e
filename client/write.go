package client

import (
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gorilla/websocket"
)

// Post sends a message without waiting: its ack, or an error of the server,
// arrives as an event. id should be a UUID; with an empty one there is no ack
// and no safe way to send the message again. Invalid UTF-8 is refused here,
// because the server would close the connection for it.
func (c *Conn) Post(id, text string, more ...More) error {
	return c.post([]byte(`{"type":"message",`), id, text, more)
}

// PostEdit sends an edit of a message without waiting, as Post does.
func (c *Conn) PostEdit(id string, message Target, text string) error {
	frame, err := appendTarget([]byte(`{"type":"edit","target":`), message)
	if err != nil {
		return err
	}
	return c.post(append(frame, ','), id, text, nil)
}

// PostDelete deletes a message without waiting, as Post sends one.
func (c *Conn) PostDelete(id string, message Target) error {
	frame, err := appendAbout([]byte(`{"type":"delete","target":`), message, id)
	if err != nil {
		return err
	}
	return c.SendRaw(websocket.TextMessage, append(frame, '}'))
}

// PostReact sets an emoji under a message, or takes it back, without waiting, as
// Post sends a message.
func (c *Conn) PostReact(id string, message Target, emoji string, on bool) error {
	frame, err := appendAbout([]byte(`{"type":"react","target":`), message, id)
	if err != nil {
		return err
	}
	if frame, err = jsontext.AppendQuote(append(frame, `,"emoji":`...), emoji); err != nil {
		return fmt.Errorf("encode the emoji: %w", err)
	}
	frame = strconv.AppendBool(append(frame, `,"on":`...), on)
	return c.SendRaw(websocket.TextMessage, append(frame, '}'))
}

// appendAbout appends a target, and an id unless it is empty.
func appendAbout(frame []byte, message Target, id string) (_ []byte, err error) {
	if frame, err = appendTarget(frame, message); err != nil || id == "" {
		return frame, err
	}
	if frame, err = jsontext.AppendQuote(append(frame, `,"id":`...), id); err != nil {
		return nil, fmt.Errorf("encode the id: %w", err)
	}
	return frame, nil
}

func appendTarget(frame []byte, message Target) (_ []byte, err error) {
	frame = strconv.AppendUint(append(frame, `{"seq":`...), message.Seq, 10)
	if message.ID != "" {
		if frame, err = jsontext.AppendQuote(append(frame, `,"id":`...), message.ID); err != nil {
			return nil, fmt.Errorf("encode the id of the message: %w", err)
		}
	}
	return append(frame, '}'), nil
}

func (c *Conn) post(start []byte, id, text string, more []More) error {
	buffer := buffers.Get().(*[]byte)
	defer recycle(buffer)
	frame := append((*buffer)[:0], start...)
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
	for _, one := range more {
		if frame, err = one(frame); err != nil {
			return err
		}
	}
	frame = append(frame, '}')
	*buffer = frame
	return c.SendRaw(websocket.TextMessage, frame)
}

// Typing tells the room that the user is typing. There is no answer.
func (c *Conn) Typing() error {
	return c.SendRaw(websocket.TextMessage, []byte(`{"type":"typing"}`))
}

// SendRaw sends one frame unchanged. kind is a data opcode of RFC 6455, section
// 11.8: 1 text, 2 binary. It is for plain text, as wscat sends it, and for
// tests. A failed write ends the connection, because half a frame may have been
// sent.
func (c *Conn) SendRaw(kind int, payload []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	// only recorded; the write applies it and returns its error
	_ = c.ws.SetWriteDeadline(time.Now().Add(c.writeTimeout))
	if err := c.ws.WriteMessage(kind, payload); err != nil {
		c.ws.Close()
		return fmt.Errorf("write to the server: %w", err)
	}
	return nil
}

// Close sends a close frame with 1000 and closes the socket; a pending Next
// returns. It does not wait for the server.
func (c *Conn) Close() error {
	goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	// a courtesy: the socket is closed anyway
	_ = c.ws.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(time.Second))
	return c.ws.Close()
}
