package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"livechat/client"
)

// poster is a user with an account who writes to one other. Each has its own
// address, as users do, so that limits per address apply as in production. It
// posts over one connection; net/http's client would cost more than the request
// that is measured.
type poster struct {
	number int
	name   string
	host   string // HAProxy's address
	cookie string
	chat   string

	conn net.Conn // nil until the first request
	in   *bufio.Reader
	used time.Time // when the last response came

	feed, room *client.Conn
	listening  sync.WaitGroup
	fromFeed   listener // what the feed delivers
	fromRoom   listener // what the room delivers
}

func newPoster(host string, number int) *poster {
	return &poster{number: number, name: fmt.Sprintf("person-%c%d", 'a'+number%2, number/2), host: host}
}

// from is the local address of the poster's connections.
func (p *poster) from() *net.TCPAddr { return &net.TCPAddr{IP: net.IPv4(127, 3, 3, byte(1+p.number))} }

// answer is the response to a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// keepAlive is how long a connection is reused. HAProxy closes it after 10 s
// without a request.
const keepAlive = 3 * time.Second

// request sends one request and reads its response.
func (p *poster) request(ctx context.Context, path, body string) (a answer, err error) {
	if p.conn != nil && time.Since(p.used) > keepAlive {
		_ = p.conn.Close()
		p.conn = nil
	}
	if p.conn == nil {
		if p.conn, err = (&net.Dialer{LocalAddr: p.from()}).DialContext(ctx, "tcp", p.host); err != nil {
			return a, fmt.Errorf("connect: %w", err)
		}
		p.in = bufio.NewReader(p.conn)
	}
	defer func() {
		if p.used = time.Now(); err != nil {
			_ = p.conn.Close()
			p.conn = nil
		}
	}()
	_ = p.conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := fmt.Fprintf(p.conn,
		"POST /api/v1%s HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nCookie: %s\r\nContent-Type: "+
			"application/json\r\nContent-Length: %d\r\n\r\n%s",
		path, p.host, p.host, p.cookie, len(body), body); err != nil {
		return a, fmt.Errorf("post %s: %w", path, err)
	}
	resp, err := http.ReadResponse(p.in, nil)
	if err != nil {
		return a, fmt.Errorf("read the response to %s: %w", path, err)
	}
	defer resp.Body.Close()
	a = answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = io.ReadAll(resp.Body); err == nil && resp.Close {
		err = errors.New("the connection was closed")
	}
	return a, err
}

// must repeats a request until it succeeds, after the time that a 429 or 503
// asks for. It decodes the response into into.
func (p *poster) must(ctx context.Context, path, body string, into any) (http.Header, error) {
	for {
		a, err := p.request(ctx, path, body)
		switch {
		case err != nil:
			return nil, err
		case a.status < 300:
			return a.header, json.Unmarshal(a.body, into)
		case a.status != http.StatusTooManyRequests && a.status != http.StatusServiceUnavailable:
			return nil, fmt.Errorf("post %s: %d %s", path, a.status, a.body)
		}
		seconds, _ := strconv.Atoi(a.header.Get("Retry-After"))
		if err := rest(ctx, time.Duration(max(seconds, 1))*time.Second); err != nil {
			return nil, err
		}
	}
}

// register creates an account and logs in.
func (p *poster) register(ctx context.Context) error {
	header, err := p.must(ctx, "/accounts/",
		fmt.Sprintf(`{"name":%q,"password":"%s battery staple"}`, p.name, p.name), &struct{}{})
	if err != nil {
		return err
	}
	p.cookie, _, _ = strings.Cut(header.Get("Set-Cookie"), ";")
	return nil
}

// open opens the chat of the pair.
func (p *poster) open(ctx context.Context, with *poster) error {
	var c struct{ ID string }
	if _, err := p.must(ctx, "/chats/", fmt.Sprintf(`{"with":%q}`, with.name), &c); err != nil {
		return err
	}
	p.chat, with.chat = c.ID, c.ID
	return nil
}

// listen connects to the feed and to a room. leave closes both.
func (p *poster) listen(ctx context.Context, url, room string) error {
	var t struct{ Ticket string }
	if _, err := p.must(ctx, "/ticket/", "{}", &t); err != nil {
		return err
	}
	none := 0
	o := client.Options{
		URL:     url + "feed",
		History: &none,
		Load:    client.LoadOptions{Skim: true, ReadBuffer: 8192, LocalAddr: p.from()},
		Header:  http.Header{"Sec-Websocket-Protocol": {"livechat.user, livechat.ticket." + t.Ticket}},
	}
	var err error
	if p.feed, err = client.Dial(ctx, o); err != nil {
		return err
	}
	o.URL, o.Header, o.Room = url, nil, room
	if p.room, err = client.Dial(ctx, o); err != nil {
		return err
	}
	p.listening.Go(func() { p.fromFeed.receive(ctx, p.feed, p.number, byN) })
	p.listening.Go(func() { p.fromRoom.receive(ctx, p.room, p.number, bySeq) })
	return nil
}

func (p *poster) leave() {
	if p.conn != nil {
		_ = p.conn.Close()
	}
	for _, c := range []*client.Conn{p.feed, p.room} {
		if c != nil {
			c.Close()
		}
	}
	p.listening.Wait()
}

// post writes a private message that was due at the given time and returns
// after the response. ok reports whether it was accepted.
func (p *poster) post(ctx context.Context, due time.Time) (ok bool, err error) {
	body := `{"id":"` + uuid.NewString() + `","text":"` + p.text(due) + `"}`
	a, err := p.request(ctx, "/chats/"+p.chat+"/messages/", body)
	return err == nil && a.status == http.StatusCreated, err
}

// text returns a text that names its author and is as long as all texts here.
func (p *poster) text(due time.Time) string {
	s := fmt.Sprintf("%s%d by=%d ", stampMark, due.UnixNano(), p.number)
	return s + strings.Repeat("x", textBytes-len(s))
}

// listener counts what one user receives on one socket.
type listener struct {
	mu      sync.Mutex
	got     int
	last    uint64 // seq or n of the last message
	lost    int    // numbers that were skipped
	doubled int    // numbers that came twice or too late
	others  []time.Duration
	acked   []time.Time
	err     error // why the connection ended
}

// A message has a number in its chat, which the feed's frame contains, or in
// the room.
func byN(m *client.Message) uint64   { n, _ := number(m.Raw, `,"n":`); return uint64(n) }
func bySeq(m *client.Message) uint64 { return m.Seq }

// number returns the digits after a mark.
func number(frame []byte, mark string) (int64, bool) {
	_, rest, ok := bytes.Cut(frame, []byte(mark))
	if !ok {
		return 0, false
	}
	end := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	n, err := strconv.ParseInt(string(rest[:max(end, 0)]), 10, 64)
	return n, err == nil
}

// receive reads until the socket is closed.
func (e *listener) receive(
	ctx context.Context,
	conn *client.Conn,
	me int,
	which func(*client.Message) uint64,
) {
	for {
		event, err := conn.Next(ctx)
		now := time.Now()
		e.mu.Lock()
		switch event := event.(type) {
		case *client.Ack:
			e.acked = append(e.acked, now)
		case *client.Message:
			e.take(event, now, me, which)
		}
		e.err = err
		e.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// take counts a message. Callers hold mu.
func (e *listener) take(m *client.Message, now time.Time, me int, which func(*client.Message) uint64) {
	due, ok := stamp(m.Raw)
	if !ok {
		return // a chat was opened
	}
	n := which(m)
	if n <= e.last {
		e.doubled++
		return
	}
	e.lost += int(n - e.last - 1)
	e.last = n
	e.got++
	if by, _ := number(m.Raw, " by="); int(by) != me {
		e.others = append(e.others, now.Sub(due))
	}
}

// reset forgets what was counted.
func (e *listener) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.got, e.lost, e.doubled, e.others, e.acked = 0, 0, 0, nil, nil
}
