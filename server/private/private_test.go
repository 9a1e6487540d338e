package private

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/store"
)

// house is a Service on a database with three accounts.
type house struct {
	*Service
	t             *testing.T
	store         *store.Store
	ann, bob, eve int64
	woken         int       // how often the relay would have been woken
	clock         time.Time // advances a second at each call
}

func newHouse(t *testing.T) *house {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite::memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &house{t: t, store: s, clock: time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.UTC)}
	h.Service = New(Options{Store: s, MaxText: 20, Wake: func() { h.woken++ }, Now: func() time.Time {
		h.clock = h.clock.Add(time.Second)
		return h.clock
	}})
	h.ann, h.bob, h.eve = h.account("ann"), h.account("bob"), h.account("eve")
	return h
}

func (h *house) account(name string) int64 {
	h.t.Helper()
	u, err := h.store.CreateUser(h.t.Context(), name, name, "hash")
	if err != nil {
		h.t.Fatal(err)
	}
	return u.ID
}

// chat creates the chat of ann and bob.
func (h *house) chat() string {
	h.t.Helper()
	c, _, err := h.Create(h.t.Context(), h.ann, "bob")
	if err != nil {
		h.t.Fatal(err)
	}
	return c.ID
}

// post posts a message that must succeed.
func (h *house) post(me int64, chatID, text string) store.Message {
	h.t.Helper()
	m, created, err := h.Post(h.t.Context(), me, chatID, "", text)
	if err != nil || !created {
		h.t.Fatalf("Post(%q) = %v, %t, %v", text, m, created, err)
	}
	return m
}

// refuses checks that an operation fails with the code.
func (h *house) refuses(what string, err error, want chat.Code) {
	h.t.Helper()
	if err == nil || chat.AsError(err).Code != want {
		h.t.Errorf("%s: %v, want code %s", what, err, want)
	}
}

func TestCreate(t *testing.T) {
	h := newHouse(t)
	c, created, err := h.Create(t.Context(), h.ann, "bob")
	if err != nil || !created || c.Other.Name != "bob" || c.Last != nil || uuid.Validate(c.ID) != nil ||
		h.woken != 1 {
		t.Fatalf("Create = %+v, %t, %v; woken %d times", c, created, err, h.woken)
	}
	if want := h.clock.Truncate(time.Millisecond); !c.Created.Equal(want) {
		t.Errorf("created at %v, want %v", c.Created, want)
	}
	for me, other := range map[int64]string{h.ann: "BOB", h.bob: "ann"} {
		again, created, err := h.Create(t.Context(), me, other)
		if err != nil || created || again.ID != c.ID {
			t.Errorf("Create(%s) again = %+v, %t, %v", other, again, created, err)
		}
	}
	if h.woken != 1 {
		t.Errorf("woken %d times, want once", h.woken)
	}
	for _, name := range []string{"ann", "Ann"} {
		_, _, err = h.Create(t.Context(), h.ann, name)
		h.refuses("a chat with oneself", err, chat.CodeBadChat)
	}
	for _, name := range []string{"", "nobody", "bob ", "b\x00b", "\xff", "bob'--", "bоb",
		strings.Repeat("b", 1<<20)} {
		_, _, err = h.Create(t.Context(), h.ann, name)
		h.refuses("a chat with "+name[:min(9, len(name))], err, chat.CodeUnknownUser)
	}
}

func TestPost(t *testing.T) {
	h := newHouse(t)
	id := h.chat()
	h.woken = 0
	m, created, err := h.Post(t.Context(), h.ann, strings.ToUpper(id), strings.ToUpper(messageA), "hi\r\nbob")
	if err != nil || !created || m.ID != messageA || m.Chat != id || m.N != 1 || m.Author != h.ann ||
		m.Text != "hi\nbob" || h.woken != 1 {
		t.Fatalf("Post = %+v, %t, %v; woken %d times", m, created, err, h.woken)
	}
	again, created, err := h.Post(t.Context(), h.ann, id, messageA, "hi\nbob")
	if err != nil || created || !reflect.DeepEqual(again, m) || h.woken != 1 {
		t.Errorf("Post again = %+v, %t, %v, want %+v; woken %d times", again, created, err, m, h.woken)
	}
	_, _, err = h.Post(t.Context(), h.ann, id, messageA, "something else")
	h.refuses("another text", err, chat.CodeIDConflict)
	_, _, err = h.Post(t.Context(), h.bob, id, messageA, "hi\nbob")
	h.refuses("another author", err, chat.CodeIDConflict)
	for text, want := range map[string]chat.Code{"": chat.CodeBadText, " \n": chat.CodeBadText,
		"a\x00": chat.CodeBadText, "\xff": chat.CodeBadText, strings.Repeat("ä", 21): chat.CodeTooLong} {
		_, _, err = h.Post(t.Context(), h.ann, id, "", text)
		h.refuses(fmt.Sprintf("text %q", text), err, want)
	}
	_, _, err = h.Post(t.Context(), h.ann, id, "17", "hi")
	h.refuses("no UUID", err, chat.CodeBadRequest)
	if m := h.post(h.bob, id, strings.Repeat("ä", 20)); m.N != 2 || uuid.Validate(m.ID) != nil {
		t.Errorf("the second message is %+v", m)
	}
}

func TestHistory(t *testing.T) {
	h := newHouse(t)
	id := h.chat()
	for i := range 7 {
		h.post([]int64{h.ann, h.bob}[i%2], id, fmt.Sprint("text ", i+1))
	}
	for _, test := range []struct {
		before, after int64
		limit         int
		want          []int64
	}{
		{0, 0, 0, []int64{1, 2, 3, 4, 5, 6, 7}},
		{0, 0, 3, []int64{5, 6, 7}},
		{5, 0, 3, []int64{2, 3, 4}},
		{2, 0, 3, []int64{1}},
		{1, 0, 3, nil},
		{0, store.FromStart, 2, []int64{1, 2}},
		{0, 3, 3, []int64{4, 5, 6}},
		{0, 6, 3, []int64{7}},
		{0, 7, 100, nil},
		{99, 0, 2, []int64{6, 7}},
	} {
		list, err := h.History(t.Context(), h.bob, id, test.before, test.after, test.limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, m := range list {
			got = append(got, m.N)
			if want := fmt.Sprint("text ", m.N); m.Text != want || m.Chat != id || m.AuthorName == "" {
				t.Errorf("message %d is %+v", m.N, m)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("before %d after %d limit %d: got %v, want %v", test.before, test.after, test.limit,
				got, test.want)
		}
	}
	for _, bad := range [][3]int64{{1, 1, 10}, {-1, 0, 10}, {0, -2, 10}, {1, store.FromStart, 10},
		{0, 0, -1}, {0, 0, 101}} {
		_, err := h.History(t.Context(), h.bob, id, bad[0], bad[1], int(bad[2]))
		h.refuses(fmt.Sprint("History ", bad), err, chat.CodeBadRequest)
	}
}

func TestRead(t *testing.T) {
	h := newHouse(t)
	id := h.chat()
	for i := range 4 {
		h.post(h.ann, id, fmt.Sprint(i))
	}
	h.woken = 0
	for _, test := range []struct {
		n     int64
		moved bool
		read  int64
	}{{0, false, 0}, {2, true, 2}, {1, false, 2}, {2, false, 2}, {99, true, 4}, {100, false, 4}} {
		moved, read, err := h.Read(t.Context(), h.bob, id, test.n)
		if moved != test.moved || read != test.read || err != nil {
			t.Errorf("Read(%d) = %t, %d, %v, want %t, %d", test.n, moved, read, err, test.moved, test.read)
		}
	}
	if h.woken != 2 {
		t.Errorf("woken %d times, want 2", h.woken)
	}
	if c, err := h.Get(t.Context(), h.ann, id); err != nil || c.OtherRead != 4 {
		t.Errorf("ann sees %+v, %v", c, err)
	}
	_, _, err := h.Read(t.Context(), h.bob, id, -1)
	h.refuses("a number below 0", err, chat.CodeBadRequest)
}

func TestList(t *testing.T) {
	h := newHouse(t)
	var want []string // names, most recent activity first
	var first string
	for i := range 6 {
		name := fmt.Sprint("friend-", i)
		h.account(name)
		c, _, err := h.Create(t.Context(), h.ann, name)
		if err != nil {
			t.Fatal(err)
		}
		want = slices.Insert(want, 0, name)
		if i == 3 { // then the oldest moves to the front
			h.post(h.ann, first, "hi")
			want = append([]string{"friend-0"}, want[:3]...)
		}
		if i == 0 {
			first = c.ID
		}
	}
	for limit, pages := range map[int]int{1: 6, 4: 2, 3: 2, 6: 1, 0: 1} {
		var got []string
		cursor, n := "", 0
		for ; n == 0 || cursor != ""; n++ {
			chats, next, err := h.List(t.Context(), h.ann, cursor, limit)
			if err != nil || n > 6 {
				t.Fatalf("limit %d, page %d: %v", limit, n, err)
			}
			for _, c := range chats {
				got = append(got, c.Other.Name)
			}
			cursor = next
		}
		if !slices.Equal(got, want) || n != pages {
			t.Errorf("limit %d: %d pages of %v, want %d of %v", limit, n, got, pages, want)
		}
	}
	_, _, err := h.List(t.Context(), h.ann, "x", 0)
	h.refuses("a bad cursor", err, chat.CodeBadRequest)
	_, _, err = h.List(t.Context(), h.ann, "", 101)
	h.refuses("a long page", err, chat.CodeBadRequest)
}
