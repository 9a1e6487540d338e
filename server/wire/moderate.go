package wire

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/chat"
)

// TypeModerate is the type of frames with which clients moderate their room.
const TypeModerate = "moderate"

// Actions of a moderate frame.
const (
	ActionMute       = "mute"
	ActionUnmute     = "unmute"
	ActionBan        = "ban"
	ActionUnban      = "unban"
	ActionKick       = "kick"
	ActionDelete     = "delete" // a message or, without a target, all that somebody wrote lately
	ActionSlow       = "slow"
	ActionPause      = "pause"
	ActionResume     = "resume"
	ActionRegistered = "registered"
	ActionPin        = "pin"
	ActionUnpin      = "unpin"
)

// Moderate is what a moderate frame asks for. Nothing in it is checked but the
// types.
type Moderate struct {
	Type   string         `json:"type"`        // "moderate"
	ID     jsontext.Value `json:"id,omitzero"` // Request.ID
	Action string         `json:"action"`

	// The person that the request is about.
	Target  jsontext.Value `json:"target,omitzero"` // Request.Target
	Account string         `json:"account,omitzero"`
	Author  string         `json:"author,omitzero"`
	Session string         `json:"session,omitzero"`
	Subject string         `json:"subject,omitzero"` // to take back a mute or a ban
	Name    string         `json:"name,omitzero"`    // to kick

	Minutes int64  `json:"minutes,omitzero"` // 0: not given
	Reason  string `json:"reason,omitzero"`
	Address bool   `json:"address,omitzero"`
	Slow    int64  `json:"slow_s,omitzero"`
	On      *bool  `json:"on,omitzero"` // of registered; nil: not given
}

// parseModerate parses a moderate frame.
func parseModerate(payload []byte, req *Request, id jsontext.Value) (err error) {
	if req.ID, err = parseID(id); err != nil {
		return err
	}
	req.Moderate = &Moderate{}
	if err := json.Unmarshal(payload, req.Moderate); err != nil {
		return chat.Errorf(chat.CodeBadRequest, "a member of this moderate is not of its type")
	}
	if target := req.Moderate.Target; target != nil {
		req.Target, err = parseTarget("target", target)
	}
	return err
}
