package store_test

import (
	"fmt"
	"strings"
	"testing"

	"livechat/server/store"
)

// found returns the texts of the results of a search.
func (w *world) found(u store.User, query string, limit int) string {
	w.t.Helper()
	all, _, err := w.Search(w.t.Context(), store.SearchQuery{User: u.ID, Words: query, Limit: limit})
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
		"½":                         `[]`, // NFKC makes it 1 and 2
		"\u0301":                    `[]`,
		"\x00\xff":                  `[]`,
		"quick' OR NOT (":           `[]`,
		"quick AND NEAR":            `[]`,
		"quick \"fox\"*":            `["The quick brown fox"]`,
	} {
		same(t, query, w.found(w.ann, query, 10), want)
	}
	same(t, "limit", w.found(w.ann, "fox", 1), `["a fox in the room"]`)

	all, _, err := w.Search(t.Context(), store.SearchQuery{User: w.bob.ID, Words: "fox", Limit: 10})
	w.must(err)
	same(t, "in the room", all[0], store.Found{
		Room: "livechat", Epoch: epochA, Seq: 1, ID: room[0].ID, Author: "Zoë", Text: room[0].Text,
		At: room[0].At})
	same(t, "in the chat", all[1], store.Found{
		Chat: w.chat, N: 2, ID: fox.ID, Author: "bob", Text: fox.Text, At: fox.At})
}

func testSearchOutsiders(t *testing.T, w *world) {
	w.say(w.ann, w.chat, "a secret")
	same(t, "eve, no chats", w.found(w.eve, "secret", 10), `[]`)
	mine := w.newChat(w.eve, w.ann)
	w.say(w.eve, mine, "my secret")
	same(t, "eve", w.found(w.eve, "secret", 10), `["my secret"]`)
	same(t, "bob", w.found(w.bob, "secret", 10), `["a secret"]`)
	same(t, "ann", w.found(w.ann, "secret", 10), `["my secret" "a secret"]`)
	// On PostgreSQL the id of a chat is a word of the index: neither writing
	// nor searching it may give access to another chat.
	w.say(w.ann, w.chat, "open "+mine+" secret")
	same(t, "eve, id in the text", w.found(w.eve, "secret", 10), `["my secret"]`)
	same(t, "eve, id in the query", w.found(w.eve, "secret "+w.chat, 10), `[]`)
}

// searches are texts, queries that find them, and queries that do not.
var searches = []struct{ text, finds, misses string }{
	{"Café au lait", "café cafe\u0301 CAFÉ CAFE\u0301 LAIT", "cafe caf"},
	{"zoe\u0308 is here", "zoë ZOË zoe\u0308", "zoe"},
	{"ﬁne Ｆｕｌｌ ① x²", "fine full FULL 1 x2 ①", "fin x"},
	{"İstanbul Iğdır", "İstanbul istanbul ISTANBUL i\u0307stanbul iğdır IĞDIR|no", "stanbul"},
	{"Straße ΣΊΣΥΦΟΣ", "STRASSE strasse straße σίσυφος Σίσυφοσ", "stras"},
	{"soft\u00adhyphen می\u200cخواهم", "softhyphen می\u200cخواهم میخواهم", "soft"},
	{"東京都に住んでいます", "東京 京都 東京都 都 東 住んで います ます す", "京東 大阪 東に"},
	{"我喜欢吃苹果，真的", "苹果 喜欢 吃 我 真的 果", "果真 欢喜 梨"},
	{"ﾊﾝｶｸ カタカナー と ひらがな", "ハンカク カタ カナー ひら がな", "ナカ"},
	{"ดื่มน้ำทุกวัน", "น้ำ ดื่ม ทุกวัน วัน", "น้า วันน"},
	{"한국어 좋아요", "한국어 \u1112\u1161\u11ab국어", "한국"},
	{"日本語とEnglish混在123テスト", "english 日本語 混在 123 テスト", "engl 12"},
	{"naïve Ærøskøbing Привет мир", "NAÏVE ærøskøbing привет МИР", "aeroskobing"},
}

// testSearchScripts: words are found whatever keyboard they come from, and
// inside texts in scripts without spaces; the same on every database.
func testSearchScripts(t *testing.T, w *world) {
	for i, s := range searches {
		room := w.roomMessages("livechat", epochA, int64(2*i+1), int64(2*i+2))
		room[0].Text, room[1].Text = s.text, "something else"
		w.archive(room)
		w.say(w.ann, w.chat, s.text)
		want := fmt.Sprintf("%q", []string{s.text, s.text})
		for query := range strings.FieldsSeq(s.finds) {
			if query, no, _ := strings.Cut(query, "|"); no == "" && w.found(w.ann, query, 10) != want {
				t.Errorf("%q in %q: found %s", query, s.text, w.found(w.ann, query, 10))
			}
		}
		for query := range strings.FieldsSeq(s.misses) {
			if got := w.found(w.ann, query, 10); got != "[]" {
				t.Errorf("%q in %q: found %s", query, s.text, got)
			}
		}
	}
	same(t, "two words", w.found(w.ann, "京都 住んで", 10),
		fmt.Sprintf("%q", []string{searches[6].text, searches[6].text}))
	long := strings.Repeat("long", 500)
	w.say(w.ann, w.chat, long)
	same(t, "a long word", w.found(w.ann, long, 10), fmt.Sprintf("%q", []string{long}))
	w.say(w.ann, w.chat, strings.Repeat("字 x' \\ ", 1000))
	same(t, "many words", len(w.found(w.ann, "字 x", 10)) > 1000, true)
}

// testSearchLater: unindexed messages are found once they are indexed, in
// batches; deleted ones are never found.
func testSearchLater(t *testing.T, w *world) {
	for range 7 {
		w.say(w.ann, w.chat, "東京都 later")
	}
	w.archive(w.roomMessages("livechat", epochA, 1, 5))
	w.must(w.Exec(t.Context(), w.unindex()))
	same(t, "before", w.found(w.ann, "京都", 10), "[]")
	done := 0
	for {
		n, err := w.IndexWords(t.Context(), 3)
		w.must(err)
		if n > 3 {
			t.Errorf("%d at once", n)
		}
		if done += n; n == 0 {
			break
		}
	}
	same(t, "indexed", done, 12)
	all, _, err := w.Search(t.Context(), store.SearchQuery{User: w.ann.ID, Words: "京都", Limit: 10})
	w.must(err)
	same(t, "found", len(all), 7)
	same(t, "the newest first", all[0].N, int64(7))
}

// unindex is SQL that puts a database in the state just after the migration.
func (w *world) unindex() string {
	if w.Dialect() == "postgres" {
		return `UPDATE messages SET words = NULL; UPDATE room_messages SET words = NULL`
	}
	return `DELETE FROM messages_words; DELETE FROM room_messages_words;
INSERT INTO unindexed VALUES ('messages', 7), ('room_messages', 5)`
}
