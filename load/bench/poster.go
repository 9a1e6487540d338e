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

// poster is somebody with an account who writes to one other. He has an address of his own, as people do, so that limits for an address see many, and
// one connection on which he posts; net/http's client would cost more than what it measures.
type poster struct {
	number int
	name   string
	host   string // HAProxy's address
	cookie string
	chat   string

	conn net.Conn // nil until the first request
	in   *bufio.Reader
	used time.Time // when the last answer came

	feed, room *client.Conn
	listening  sync.WaitGroup
	hear       ear // what the feed brings
	live       ear // and what the room does
}

func newPoster(host string, number int) *poster {
	return &poster{number: number, name: fmt.Sprintf("person-%c%d", 'a'+number%2, number/2), host: host}
}

// from is where he connects from.
func (p *poster) from() *net.TCPAddr { return &net.TCPAddr{IP: net.IPv4(127, 3, 3, byte(1+p.number))} }

// answer is what came back for a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// keepAlive is how long a connection is used again; HAProxy closes it after 10 s without a request.
const keepAlive = 3 * time.Second

// request sends one request and reads its answer.
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
	if _, err := fmt.Fprintf(p.conn, "POST /api/v1%s HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nCookie: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		path, p.host, p.host, p.cookie, len(body), body); err != nil {
		return a, fmt.Errorf("post %s: %w", path, err)
	}
	resp, err := http.ReadResponse(p.in, nil)
	if err != nil {
		return a, fmt.Errorf("read the answer to %s: %w", path, err)
	}
	defer resp.Body.Close()
	a = answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = io.ReadAll(resp.Body); err == nil && resp.Close {
		err = errors.New("the connection was closed")
	}
	return a, err
}

// must is request until it is answered well; who is told to come later does. into is what the answer is read into.
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

// register makes an account and logs in.
func (p *poster) register(ctx context.Context) error {
	header, err := p.must(ctx, "/accounts/", fmt.Sprintf(`{"name":%q,"password":"%s battery staple"}`, p.name, p.name), &struct{}{})
	if err != nil {
		return err
	}
	p.cookie, _, _ = strings.Cut(header.Get("Set-Cookie"), ";")
	return nil
}

// open opens the chat of the two.
func (p *poster) open(ctx context.Context, with *poster) error {
	var c struct{ ID string }
	if _, err := p.must(ctx, "/chats/", fmt.Sprintf(`{"with":%q}`, with.name), &c); err != nil {
		return err
	}
	p.chat, with.chat = c.ID, c.ID
	return nil
}

// listen opens the feed, and a room. leave ends both.
func (p *poster) listen(ctx context.Context, url, room string) error {
	var t struct{ Ticket string }
	if _, err := p.must(ctx, "/ticket/", "{}", &t); err != nil {
		return err
	}
	none := 0
	o := client.Options{URL: url + "feed", History: &none, Skim: true, ReadBuffer: 8192, LocalAddr: p.from(),
		Header: http.Header{"Sec-Websocket-Protocol": {"livechat.user, livechat.ticket." + t.Ticket}}}
	var err error
	if p.feed, err = client.Dial(ctx, o); err != nil {
		return err
	}
	o.URL, o.Header, o.Room = url, nil, room
	if p.room, err = client.Dial(ctx, o); err != nil {
		return err
	}
	p.listening.Go(func() { p.hear.listen(ctx, p.feed, p.number, byN) })
	p.listening.Go(func() { p.live.listen(ctx, p.room, p.number, bySeq) })
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

// post writes a private message that was due then, and returns when it was answered. ok says that it was taken.
func (p *poster) post(ctx context.Context, due time.Time) (ok bool, err error) {
	body := `{"id":"` + uuid.NewString() + `","text":"` + p.text(due) + `"}`
	a, err := p.request(ctx, "/chats/"+p.chat+"/messages/", body)
	return err == nil && a.status == http.StatusCreated, err
}

// text is as long as that of all messages here, and says who wrote it.
func (p *poster) text(due time.Time) string {
	s := fmt.Sprintf("%s%d by=%d ", stampMark, due.UnixNano(), p.number)
	return s + strings.Repeat("x", textBytes-len(s))
}

// ear is what one person hears on one socket.
type ear struct {
	mu      sync.Mutex
	got     int
	last    uint64 // number of the last message
	lost    int    // numbers left out
	doubled int    // numbers that came again, or too late
	others  []time.Duration
	acked   []time.Time
	err     error // that ended it
}

// Messages are numbered in their chat, which a feed's frame tells, or in the room.
func byN(m *client.Message) uint64   { n, _ := number(m.Raw, `,"n":`); return uint64(n) }
func bySeq(m *client.Message) uint64 { return m.Seq }

// number reads the digits behind a mark.
func number(frame []byte, mark string) (int64, bool) {
	_, rest, ok := bytes.Cut(frame, []byte(mark))
	if !ok {
		return 0, false
	}
	end := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	n, err := strconv.ParseInt(string(rest[:max(end, 0)]), 10, 64)
	return n, err == nil
}

// listen hears until the socket is closed.
func (e *ear) listen(ctx context.Context, conn *client.Conn, me int, which func(*client.Message) uint64) {
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

// take counts a message; mu is held.
func (e *ear) take(m *client.Message, now time.Time, me int, which func(*client.Message) uint64) {
	due, ok := stamp(m.Raw)
	if !ok {
		return // that the chat was opened
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

// begin forgets what was counted, and returns what the next message's number is.
func (e *ear) begin() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.got, e.lost, e.doubled, e.others, e.acked = 0, 0, 0, nil, nil
}
