package socket

import (
	"context"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/chat"
	"livechat/server/wire"
)

// extra returns the Extra of what the client sends under an id. gone is why its
// files cannot be sent, or sent again: it is only asked then whether the log has
// the message, as it had the files until it was deleted.
func (c *conn) extra(req wire.Request, id, text string) (extra string, gone, err error) {
	if req.Type == wire.TypeDelete {
		target, err := c.deletable(req.Target)
		return chat.ByAuthor(target), nil, err
	}
	m, err := c.members(req, text)
	if err != nil || req.Files == nil {
		return m.Extra(), nil, err
	}
	m.Files, err = c.claim(id, req.Files)
	if err != nil && req.ID != "" && chat.AsError(err).Code == chat.CodeUnknownFile {
		m.Files, gone, err = chat.UnknownFiles(req.Files), err, nil
	}
	return m.Extra(), gone, err
}

// members returns what a message or an edit has after its text: what the client
// gave, and what it names as the server knows it.
func (c *conn) members(req wire.Request, text string) (m chat.Members, err error) {
	switch {
	case req.Type == wire.TypeEdit:
		target, err := c.editable(req.Target, text)
		if err != nil {
			return m, err
		}
		m.Target = &target
	case req.Reply != chat.Target{}:
		if m.Reply, err = c.answered(req.Reply); err != nil {
			return m, err
		}
	}
	if req.Data != "" {
		m.Data = jsontext.Value(req.Data)
	}
	m.Mentions = chat.Mentions(text, func(name string) bool {
		return c.server.opts.Presence.Here(c.room.Name, name)
	}, func(names []string) []string { return c.server.accounts.of(c.server.ctx, c.from, names) })
	return m, nil
}

// answered returns the reply to a message, with the text that it has now. That
// of a deleted one has none, and is acked if it is in the log from before.
func (c *conn) answered(t chat.Target) (*chat.Reply, error) {
	m, err := c.lookUp(t, func(*chat.Message) bool { return true })
	if err != nil {
		return nil, err
	}
	if !m.IsDeletedMessage() {
		if text, ok := c.room.EditOf(&m); ok {
			m.Text = text
		}
	}
	return chat.ReplyTo(&m), nil
}

const (
	// accountsTime bounds how long a message waits for whether the names in its
	// text are those of accounts. Without an answer they are not mentioned.
	accountsTime = time.Second
	// accountsAge is how long an answer is used again.
	accountsAge = 30 * time.Second
	// maxAccounts is how many answers are kept.
	maxAccounts = 4096
)

// accounts knows for some names whether accounts have them.
type accounts struct {
	users *UserOptions // nil: there are no accounts

	mu    sync.Mutex
	known map[string]accountKnown // guarded by mu
}

type accountKnown struct {
	is bool
	at time.Time
}

// of returns which of some names accounts have. What a client may not ask, or
// cannot be known for now, is none. from is the client's address.
func (a *accounts) of(ctx context.Context, from string, names []string) (some []string) {
	if a.users == nil {
		return nil
	}
	now := time.Now()
	var ask []string
	a.mu.Lock()
	for _, name := range names {
		switch k, ok := a.known[name]; {
		case !ok || now.Sub(k.at) > accountsAge:
			ask = append(ask, name)
		case k.is:
			some = append(some, name)
		}
	}
	a.mu.Unlock()
	var asked []string
	for _, name := range ask {
		if a.users.AskMention(from, name) != nil {
			break
		}
		asked = append(asked, name)
	}
	if len(asked) == 0 {
		return some
	}
	ctx, cancel := context.WithTimeout(ctx, accountsTime)
	defer cancel()
	are, err := a.users.AccountsOf(ctx, asked)
	if err != nil {
		return some // nobody logs it: the bus has warned that Redis is down
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.known) > maxAccounts {
		clear(a.known)
	}
	for _, name := range asked {
		a.known[name] = accountKnown{at: now}
	}
	for _, name := range are {
		a.known[name] = accountKnown{is: true, at: now}
	}
	return append(some, are...)
}
