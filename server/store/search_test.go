package store_test

import (
	"fmt"
	"testing"

	"livechat/server/store"
)

// found returns what a search finds, as texts.
func (w *world) found(u store.User, query string, limit int) string {
	w.t.Helper()
	all, err := w.Search(w.t.Context(), u.ID, query, limit)
	w.must(err)
	texts := make([]string, len(all))
	for i, f := range all {
		texts[i] = f.Text
	}
	return fmt.Sprintf("%q", texts)
}

func testSearch(t *testing.T, w *world) {
	w.say(w.ann, w.chat, "The quick brown fox")
	fox := w.say(w.bob, w.chat, "mail fox@example.com, or call 555-1234; well-known C++ Ärger")
	room := w.roomMessages("livechat", epochA, 1, 2)
	room[0].Text, room[1].Text = "a fox in the room", "nothing here"
	w.archive(room)

	for query, want := range map[string]string{
		"fox":                       `["a fox in the room" "mail fox@example.com, or call 555-1234; well-known C++ Ärger" "The quick brown fox"]`,
		"FOX quick":                 `["The quick brown fox"]`,
		"fox nothing":               `[]`,
		"example":                   `["mail fox@example.com, or call 555-1234; well-known C++ Ärger"]`,
		"fox@example.com":           `["mail fox@example.com, or call 555-1234; well-known C++ Ärger"]`,
		"1234":                      `["mail fox@example.com, or call 555-1234; well-known C++ Ärger"]`,
		"known":                     `["mail fox@example.com, or call 555-1234; well-known C++ Ärger"]`,
		"c++":                       `["mail fox@example.com, or call 555-1234; well-known C++ Ärger"]`,
		"ärger":                     `["mail fox@example.com, or call 555-1234; well-known C++ Ärger"]`,
		"arger":                     `[]`,
		"fo":                        `[]`,
		"":                          `[]`,
		" ' \" * ( ) & | ! : -- \\": `[]`,
		"½":                         `[]`, // no word to PostgreSQL: must not be a search for everything
		"\u0301":                    `[]`,
		"\x00\xff":                  `[]`,
		"quick' OR NOT (":           `[]`,
		"quick AND NEAR":            `[]`,
		"quick \"fox\"*":            `["The quick brown fox"]`,
	} {
		same(t, query, w.found(w.ann, query, 10), want)
	}
	same(t, "limit", w.found(w.ann, "fox", 1), `["a fox in the room"]`)

	all, err := w.Search(t.Context(), w.bob.ID, "fox", 10)
	w.must(err)
	same(t, "in the room", all[0], store.Found{Room: "livechat", Epoch: epochA, Seq: 1, ID: room[0].ID, Author: "Zoë", Text: room[0].Text, At: room[0].At})
	same(t, "in the chat", all[1], store.Found{Chat: w.chat, N: 2, ID: fox.ID, Author: "bob", Text: fox.Text, At: fox.At})
}

func testSearchStrangers(t *testing.T, w *world) {
	w.say(w.ann, w.chat, "a secret")
	same(t, "eve, no chats", w.found(w.eve, "secret", 10), `[]`)
	mine := w.newChat(w.eve, w.ann)
	w.say(w.eve, mine, "my secret")
	same(t, "eve", w.found(w.eve, "secret", 10), `["my secret"]`)
	same(t, "bob", w.found(w.bob, "secret", 10), `["a secret"]`)
	same(t, "ann", w.found(w.ann, "secret", 10), `["my secret" "a secret"]`)
	// On PostgreSQL a chat's id is a word of the index: neither writing nor searching one may open another chat.
	w.say(w.ann, w.chat, "open "+mine+" secret")
	same(t, "eve, id in the text", w.found(w.eve, "secret", 10), `["my secret"]`)
	same(t, "eve, id in the query", w.found(w.eve, "secret "+w.chat, 10), `[]`)
}
