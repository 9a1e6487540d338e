package store_test

import (
	"fmt"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"livechat/server/store"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		store.SharedPostgres.Close()
		os.Exit(code)
	}))
}

// behaviour is the contract that every database must fulfil.
var behaviour = []struct {
	name string
	run  func(*testing.T, *world)
}{
	{"accounts", testAccounts},
	{"sessions", testSessions},
	{"revocations", testRevocations},
	{"deleted account", testDeletedAccount},
	{"accounts, page by page", testUsers},
	{"operators", testOperators},
	{"roles", testUserRoles},
	{"audit log", testAudit},
	{"audit log expires", testExpireAudit},
	{"accounts that are looked for", testFindUsers},
	{"audit log that is looked through", testFindAudit},
	{"bans of all rooms", testAllBans},
	{"known rooms", testKnownRooms},
	{"types of files", testFileTypes},
	{"one chat for two", testCreateChat},
	{"one chat for two who ask at once", testCreateChatAtOnce},
	{"list of chats", testChats},
	{"messages", testMessages},
	{"pages of messages", testMessagePages},
	{"message again", testMessageAgain},
	{"messages at once", testMessagesAtOnce},
	{"edits of private messages", testPrivateEdits},
	{"refused edits of private messages", testPrivateEditsRefused},
	{"edits of private messages at once", testPrivateEditsAtOnce},
	{"deletes of private messages", testPrivateDeletes},
	{"read mark", testRead},
	{"unread while others write", testReadWhileWriting},
	{"outsiders", testOutsiders},
	{"private reactions", testPrivateReactions},
	{"private reactions that are refused", testPrivateReactionsRefused},
	{"private reactions to what was deleted", testPrivateReactionsDeleted},
	{"private reactions at once", testPrivateReactionsAtOnce},
	{"blocks", testBlocks},
	{"blocked accounts do not write", testBlockedWrites},
	{"marks of blocked accounts", testBlockedMarks},
	{"blocks are bounded", testBlocksBounded},
	{"lease", testLease},
	{"outbox", testOutbox},
	{"events are resent", testResend},
	{"epochs of events", testOutboxEpoch},
	{"outbox cannot be written", testOutboxBroken},
	{"cancelled", testCancelled},
	{"rooms", testRooms},
	{"rooms whatever the epoch", testRoomsOfAllEpochs},
	{"rooms in which numbers came twice", testRoomsOfSameNumbers},
	{"rooms as logs", testLogPages},
	{"entries that are not messages", testEntries},
	{"numbers of other entries", testOthers},
	{"edits", testEdits},
	{"edits in any order", testEditsInAnyOrder},
	{"edits of one's own", testEditsOfOnesOwn},
	{"edits of what was moved", testEditsOfMoved},
	{"edits at once", testEditsAtOnce},
	{"deletes", testDeletes},
	{"deletes in any order", testDeletesInAnyOrder},
	{"deletes of one's own", testDeletesOfOnesOwn},
	{"deletes of what was moved", testDeletesOfMoved},
	{"deletes at once", testDeletesAtOnce},
	{"reports", testReports},
	{"reports on what was deleted", testReportsOfDeleted},
	{"reports are bounded", testReportsBounded},
	{"messages for those who moderate", testFindRoomMessage},
	{"deletes on their way", testRoomDeletes},
	{"a room that an operator empties", testEmptiedRoom},
	{"pins", testPins},
	{"reactions", testReactions},
	{"reactions in any order", testReactionsInAnyOrder},
	{"reactions to what was moved", testReactionsOfMoved},
	{"reactions to what was deleted", testReactionsOfDeleted},
	{"reactions at once", testReactionsAtOnce},
	{"who reacted", testReacted},
	{"who reacted is deleted with the message", testReactedDeleted},
	{"who reacted, of a deleted account", testReactedAccount},
	{"ends of epochs", testEpochEnds},
	{"strange text in rooms", testStrangeText},
	{"search", testSearch},
	{"search is for members", testSearchOutsiders},
	{"search in all scripts", testSearchScripts},
	{"search for what was not indexed", testSearchLater},
	{"search page by page", testSearchPages},
	{"search for one name or room", testSearchNarrow},
	{"first message since a time", testSince},
	{"export and import", testTransfer},
	{"export and import of nothing", testTransferEmpty},
	{"export of one moment", testExportMoment},
	{"import of the unsound", testImportUnsound},
	{"import into what is not empty", testImportNotEmpty},
	{"import moves the ids on", testImportIDs},
	{"rooms expire", testExpire},
	{"rooms expire in batches", testExpireMany},
	{"reactions expire", testExpireReactions},
	{"rules of rooms", testRoomRules},
	{"versions of rules", testRuleVersions},
	{"rules and what is written with them", testRulesAlso},
	{"bans expire", testBansExpire},
	{"too many bans", testTooManyBans},
	{"bans at once", testBansAtOnce},
	{"settings at once", testSettingsAtOnce},
	{"made rooms", testMadeRooms},
	{"closed rooms", testClosedRooms},
	{"rules of made rooms", testMadeRoomRules},
	{"roles in rooms", testRoomRoles},
	{"too many members", testTooManyMembers},
	{"invites", testInvites},
	{"too many invites", testTooManyInvites},
	{"an invite used by many at once", testInviteAtOnce},
	{"rooms of a deleted account", testOwnerLeaves},
	{"deleted rooms", testDeletedRoom},
	{"rooms that keep messages for a time", testRetention},
	{"messages with files", testMessagesWithFiles},
	{"empty edits", testEmptyEdits},
	{"archived files", testArchivedFiles},
	{"files without author", testFilesWithoutAuthor},
	{"claims of files", testClaims},
	{"claims of files at once", testClaimsAtOnce},
	{"files of private messages", testPrivateFiles},
	{"deleted files", testDeletedFiles},
	{"files expire", testFilesExpire},
	{"files of a deleted account", testFilesOfDeletedAccount},
	{"files that are not archived", testUnarchivedFiles},
	{"reservations of files", testReservations},
}

// behaves tests the contract on databases that create makes, one for each test.
func behaves(t *testing.T, create func(testing.TB) string) {
	t.Parallel()
	for _, b := range behaviour {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			b.run(t, newWorld(t, create(t)))
		})
	}
}

func TestSQLiteFile(t *testing.T) { behaves(t, store.MigratedSQLite) }

func TestSQLiteMemory(t *testing.T) {
	behaves(t, func(testing.TB) string { return "sqlite::memory:" })
}

func TestPostgres(t *testing.T) { behaves(t, store.SharedPostgres.Database) }

// world is a new database with three users: ann and bob have a chat that eve is
// not a member of.
type world struct {
	*store.Store
	url           string
	t             *testing.T
	ann, bob, eve store.User
	chat          string
	at            time.Time // moves on with each message
}

func open(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	w := &world{Store: open(t, url), url: url, t: t, at: time.UnixMilli(1_800_000_000_000).UTC()}
	w.ann, w.bob, w.eve = w.user("ann"), w.user("bob"), w.user("eve")
	w.chat = w.newChat(w.ann, w.bob)
	return w
}

func (w *world) user(name string) store.User {
	w.t.Helper()
	u, err := w.CreateUser(w.t.Context(), name, "~"+name, "hash of "+name)
	w.must(err)
	return u
}

// members returns the members of w.chat in the order of their events.
func (w *world) members() []store.User {
	if w.ann.ID < w.bob.ID {
		return []store.User{w.ann, w.bob}
	}
	return []store.User{w.bob, w.ann}
}

func (w *world) newChat(a, b store.User) string {
	w.t.Helper()
	id := uuid.NewString()
	got, created, err := w.CreateChat(w.t.Context(), id, a.ID, b.ID, w.now())
	w.must(err)
	if got != id || !created {
		w.t.Fatalf("CreateChat = %s, %t", got, created)
	}
	return id
}

// now is a second later with each call.
func (w *world) now() time.Time {
	w.at = w.at.Add(time.Second)
	return w.at
}

func (w *world) say(author store.User, chat, text string) store.Message {
	w.t.Helper()
	m, created, err := w.AddMessage(w.t.Context(),
		store.Message{ID: uuid.NewString(), Chat: chat, Author: author.ID, Text: text, At: w.now()})
	w.must(err)
	if !created {
		w.t.Fatal("a new message was not created")
	}
	return m
}

// sayMany adds n messages of ann's, "1", "2", ….
func (w *world) sayMany(n int) {
	w.t.Helper()
	for i := range n {
		w.say(w.ann, w.chat, fmt.Sprint(i+1))
	}
}

// events empties the outbox.
func (w *world) events() []store.Event {
	w.t.Helper()
	var all []store.Event
	for {
		events, err := w.Outbox(w.t.Context(), 100)
		w.must(err)
		if len(events) == 0 {
			return all
		}
		all = append(all, events...)
		epochs := make(map[int64]string)
		for _, e := range events {
			epochs[e.Seq] = "e1"
		}
		w.must(w.Published(w.t.Context(), epochs))
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// same fails the test unless got equals want.
func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}
