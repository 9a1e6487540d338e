package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"

	"livechat/client"
)

// Person is somebody with an account. It is safe for concurrent use.
type Person struct {
	Name string

	site     *Site // with the cookie
	password string
}

// registerTime is how long a person waits for an account, if others make many
// at the same address.
const registerTime = time.Minute

// Register makes an account, and the person is logged in. It waits if the server
// says that too many accounts are made.
func (s *Site) Register(ctx context.Context, name, password string) (*Person, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("register %s: %w", name, err)
	}
	own := *s
	own.client = &http.Client{Transport: s.client.Transport, Jar: jar}
	p := &Person{name, &own, password}
	ctx, cancel := context.WithTimeout(ctx, registerTime)
	defer cancel()
	for {
		err := own.do(ctx, http.MethodPost, "accounts/", map[string]string{"name": name, "password": password},
			nil)
		if err == nil {
			return p, nil
		}
		refusal, ok := errors.AsType[*client.RefusedError](err)
		if !ok || refusal.Final() {
			return nil, fmt.Errorf("register %s: %w", name, err)
		}
		pause := time.NewTimer(max(refusal.RetryAfter, time.Second/2))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil, fmt.Errorf("register %s: %w; start the servers with REGISTER_RATE=0 for more "+
				"accounts", name, err)
		}
	}
}

// Delete deletes the account.
func (p *Person) Delete(ctx context.Context) error {
	return p.site.do(ctx, http.MethodDelete, "me/", map[string]string{"password": p.password}, nil)
}

// Search searches everywhere for words.
func (p *Person) Search(ctx context.Context, words string) error {
	return p.site.do(ctx, http.MethodGet, "search/?q="+url.QueryEscape(words), nil, &struct{}{})
}

// Chat returns the id of the chat with another person.
func (p *Person) Chat(ctx context.Context, with *Person) (id string, err error) {
	var chat struct {
		ID string `json:"id"`
	}
	err = p.site.do(ctx, http.MethodPost, "chats/", map[string]string{"with": with.Name}, &chat)
	return chat.ID, err
}

// Post writes a message into a chat. With the same id it is there once, however
// often it is posted.
func (p *Person) Post(ctx context.Context, chat, id, text string) error {
	return p.site.do(ctx, http.MethodPost, "chats/"+chat+"/messages/",
		map[string]string{"id": id, "text": text}, nil)
}

// Feed opens the person's feed: after that position, or with what is new.
func (p *Person) Feed(ctx context.Context, after *client.Position) (*client.Conn, error) {
	var ticket struct {
		Ticket string `json:"ticket"`
	}
	if err := p.site.do(ctx, http.MethodPost, "ticket/", struct{}{}, &ticket); err != nil {
		return nil, fmt.Errorf("get a ticket: %w", err)
	}
	header := http.Header{"Sec-Websocket-Protocol": {"livechat.user, livechat.ticket." + ticket.Ticket}}
	none := 0
	o := client.Options{URL: p.site.Base() + "/feed", Header: header, After: after, History: &none}
	if transport, ok := p.site.client.Transport.(*http.Transport); ok {
		o.TLS = transport.TLSClientConfig
	}
	return client.Dial(ctx, o)
}
