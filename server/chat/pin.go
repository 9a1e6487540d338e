package chat

import "github.com/go-json-experiment/json"

// Pin says which message is pinned in a room. It has no text: that would be one
// more place from which a deleted text has to go.
type Pin struct {
	Target  Target `json:"target"`
	Session string `json:"session"` // of the message, as are author and name
	Author  string `json:"author,omitzero"`
	Name    string `json:"name"`
	By      string `json:"by"` // who pinned it
	At      int64  `json:"at"` // when, Unix milliseconds
}

// PinOf reads a pin as Text writes it; nil if nothing is pinned.
func PinOf(text string) *Pin {
	var p Pin
	if text == "" || json.Unmarshal([]byte(text), &p) != nil || p.Target.ID == "" {
		return nil
	}
	return &p
}

// Text returns a pin as it is stored; "" for nil.
func (p *Pin) Text() string {
	if p == nil {
		return ""
	}
	text, err := json.Marshal(p)
	if err != nil {
		return "" // cannot happen: its texts are valid UTF-8
	}
	return string(text)
}
