package store

import (
	"database/sql"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestNoSequentialScan asks PostgreSQL for the plans of frequent queries, both
// for the given values and generic. A sequential scan would be fast on today's
// tables and slow on next year's.
func TestNoSequentialScan(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("fills a database")
	}
	s, err := Open(t.Context(), SharedPostgres.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	begin := time.Now()
	// Fewer messages than the benchmark has: filling is most of this test.
	if err := s.Exec(t.Context(), strings.Replace(fill, "999999", "399999", 1)); err != nil {
		t.Fatal(err)
	}
	t.Logf("filled in %v", time.Since(begin))

	const big, small = "'00000000-0000-0000-0000-000000000001'", "'00000000-0000-0000-0000-000000000777'"
	const newest = "9223372036854775807"
	const newestChat, newestInRoom = newest + ", '" + topID + "', 0", newest + ", '', '', 0, 1, 0"
	const noMessage = "'00000000-0000-4000-8000-000000000000'"
	for _, q := range []struct{ name, query, args string }{
		{"list of chats", selectChatsPage, "1, 9223372036854775807, '" + topID + "', 50"},
		{"list of chats, later page", selectChatsPage, "1, 100, " + small + ", 50"},
		{"one chat", selectChat, big + ", 1"},
		{"is a member", selectMember, small + ", 777"},
		{"newest messages", selectMessagesBefore, big + ", 9223372036854775807, 0, 100"},
		{"newest messages of a small chat", selectMessagesBefore, small + ", 9223372036854775807, 0, 100"},
		{"older messages", selectMessagesBefore, big + ", 100000, 0, 100"},
		{"messages after", selectMessagesAfter, big + ", 100000, 100"},
		{"message by id", selectMessage, noMessage},
		{"lock chats", lockChats, "ARRAY[" + small + "]::uuid[]"},
		{"add messages", addMessages, fmt.Sprintf(
			"ARRAY[%s]::uuid[], ARRAY[%s]::uuid[], ARRAY[777]::bigint[], ARRAY['x'], ARRAY[1]::bigint[], "+
				"ARRAY['x']", small, noMessage)},
		{"count a message", countMessage, small + ", 777"},
		{"touch members", touchMembers, small + ", 777, 1"},
		{"unread at the end", countUnread, big + ", 199990, 2"},
		{"outbox", selectOutbox, "100"},
		{"outbox lag", selectOutboxLag, "100"},
		{"published", postgresQueries.published, `'{"1":"e","2":"e","3":"e","4":"e"}'`},
		{"resend", postgresQueries.resend, "'{1,2,3,4,5,6,7,8,9,10}'"},
		{"forget published", fmt.Sprintf(forgetEvents, "1763770000000"), "600000, 1000"},
		{"sessions", selectSessions, `ARRAY['\x00', '\x01']::bytea[]`},
		{"expired sessions", deleteExpired, "10"},
		{"sessions of a user", deleteSessions, "10"},
		{"user by name", selectUser, "'user7'"},
		{"users", selectUsers, "10, 'user7', 100"},
		{"what a user has", selectUserFigures, "10, 'user:7', 'user7'"},
		{"sessions of a user, in order", selectUserSessions, "7, 1, 0, '', 100"},
		{"audit log", selectAudit, "9223372036854775807, 0, 100, '', '', '', ''"},
		{"audit log, later page", selectAudit, "1000, 77, 100, '', '', '', ''"},
		{"old entries of the audit log", selectOldAudit, "1000, 500"},
		{"expire the audit log", deleteAudit, "1, 500"},
		{"name reserved", selectSkeleton, "'user7'"},
		{"chats of a user, to be locked", lockUserChats, "777"},
		{"pair", selectPair, "777, 20777"},
		{"blocked accounts", selectBlocks, "777, 'user7', 100"},
		{"whether one of two is blocked", selectBlocked, "777, 778"},
		{"number of blocked accounts", countBlocks, "777"},
		{"unblock", deleteBlock, "777, 776"},
		{"blocks of an account that is deleted", deleteBlocks, "779"},
		{"newest of a room", selectRoomBefore, "'livechat', '00000000000000aa', 9223372036854775807, 0, 100"},
		{"newest of a room whatever the epoch", selectAnyEpochBefore,
			"'livechat', 9223372036854775807, 0, 100"},
		{"room after whatever the epoch", selectAnyEpochAfter, "'livechat', 100000, 100"},
		{"same seq whatever the epoch", selectAnyEpochAt, "'livechat', 100000"},
		{"room after", selectRoomAfter, "'livechat', '00000000000000aa', 100000, 100"},
		{"room as a log", selectLog, "'livechat', '00000000000000aa', 50000, 90000, 200"},
		{"last entry of a room", selectLastEntry, "'livechat'"},
		{"numbers of other entries", selectOthers, "'livechat', 50000, 90000, ''"},
		{"edit a message", setText + setWords + whereTarget,
			"'x', 1, 90000, 'livechat', '50000', '', 's', 50000, 50000, 'x'"},
		{"edit of a message", selectEdit, "'livechat', '50000', '', 's'"},
		{"messages that were edited or deleted", selectTargets, "ARRAY['livechat'], ARRAY['50000']"},
		{"summaries of reactions", selectSummaries, "ARRAY['livechat', 'livechat'], ARRAY['50000', '7']"},
		{"count reactions", setReactions, "'{}', 'livechat', '50000', 50000, 50000"},
		{"copies of a message", selectCopies, "'livechat', '50000', 50000, 50000"},
		{"reactions to a message", selectReactions, "'livechat', '777'"},
		{"who reacted to a message", selectReacted, "'livechat', '777', 100"},
		{"add reactions", addReactionsAtOnce, "'livechat', '777', ARRAY['p3885'], ARRAY['👍'], " +
			"ARRAY[''], ARRAY['n'], ARRAY[1]::bigint[], ARRAY[TRUE]"},
		{"expire reactions", deleteBatchReactions, "'livechat', '00000000000000aa', 0, 100, 1, 100"},
		{"entries about a message", selectAbout, "'livechat', '50000'"},
		{"delete a message", eraseMessage + eraseWords + whereErased,
			"'livechat', '50000', '', 's', 50000, 50000"},
		{"epochs of a room", selectEpochs, "'livechat', 16"},
		{"part of a room", countPart, "'livechat', '00000000000000aa', 50000, 50900"},
		{"search for a rare word", searchChatsPostgres, "'only5', 1, 50, '', " + newestChat},
		{"search for a common word in small chats", searchChatsPostgres, "'the', 777, 50, '', " + newestChat},
		{"search for a common word in many chats", searchChatsPostgres, "'word7', 1, 50, '', " + newestChat},
		{"search for a user's word in chats", searchChatsPostgres,
			"'word7', 1, 50, 'User1', " + newestChat},
		{"search the chats, later page", searchChatsPostgres,
			"'word7', 1, 50, '', 100000, " + big + ", 100001"},
		{"search the rooms for a rare word", searchRoomsPostgres, "'only5', 50, '', '', " + newestInRoom},
		{"search the rooms for a common word", searchRoomsPostgres, "'the', 50, '', '', " + newestInRoom},
		{"search the rooms, later page", searchRoomsPostgres,
			"'the', 50, '', '', 50000, 'livechat', '00000000000000aa', 50000, 1, 0"},
		{"search one room for a common word", searchRoomsPostgres,
			"'the', 50, 'livechat', '', " + newestInRoom},
		{"search an empty room for a common word", searchRoomsPostgres,
			"'the', 50, 'nowhere', '', " + newestInRoom},
		{"file", selectFileFor, noMessage + ", 1, 0"},
		{"claim a file", claimFile, noMessage + ", '@a', 'livechat', '7', 0, '', 1"},
		{"claim files again", claimAgain, "'7', 'livechat', '@a', 1"},
		{"files of a message", selectClaimed, "'7', 'livechat', '@a'"},
		{"attach a file", attachFile, noMessage + ", 7, " + small + ", '7', 0, '', 1"},
		{"archive files", archiveFiles, "ARRAY[" + noMessage + "]::uuid[], ARRAY['livechat'], ARRAY['7'], " +
			"ARRAY['00000000000000aa'], ARRAY[1]::bigint[], 1"},
		{"delete the files of a message", deleteFiles, "'8', 'livechat', '@a', 1"},
		{"delete the files of a private message", deleteChatFiles, "'9', " + small + ", 1"},
		{"expire files", expireFiles, "'livechat', '00000000000000aa', 100, 200, 1, 150, 1"},
		{"delete files of an account", deleteUserFiles, "777, 1"},
		{"delete unclaimed files", deleteUnclaimed, "1, 50000, 100"},
		{"delete old files of guests", deleteGuests, "1, 10000, 100"},
		{"rooms with unarchived files", unarchivedRooms, "50000, 100"},
		{"deleted files", selectDeleted, "100"},
		{"keep the ids of deleted files", keepNamed, "-1, 100, -2"},
		{"forget deleted files", forgetGone, "-1, 100"},
		{"rules of a room", selectRules, "'room777'"},
		{"bans in force", selectInForce, "'room777', 100"},
		{"list of bans", selectBans, "'room777', 100"},
		{"bans of a room", countOthers, "'room777', 'ban', 'account', '777'"},
		{"raise rules", raiseRules, "'room777', 3"},
		{"rules that Redis has not got", selectNew, "100"},
		{"rules applied", rulesApplied, "'room777', 3"},
		{"remove a ban", removeBan, "'room777', 'ban', 'account', '777'"},
		{"bans of an account", deleteUserBans, "'778'"},
		{"expire bans", expireBans, "400, 100"},
		{"made room", selectView, "777, 'room777'"},
		{"listed rooms", selectListed, "0, 'room15', 100"},
		{"rooms for an account", selectVisible, "777, 'room15', 51"},
		{"rooms of an account", selectMine, "777, '', 51"},
		{"all made rooms", selectAllRooms, "0, 'room15', 100"},
		{"who may be in a room", selectRoles, "'room777'"},
		{"members of a room", selectMembers, "'room777', '', 100"},
		{"owner of a room", selectOwner, "'room777'"},
		{"member of a room", selectNamed, "'room777', 'user778'"},
		{"number of members", countMembers, "'room777'"},
		{"rooms that an account owns", countRooms, "777"},
		{"rooms that an account has made", countCreated, "777, 0"},
		{"who becomes the owner", selectSuccessor, "'room777'"},
		{"who is there longest", selectOldest, "'room777'"},
		{"rooms that an account leaves", selectRoomsOf, "777"},
		{"rooms that expire", selectExpiring, "'', 100"},
		{"invite", selectInvite, "sha256('7'), 0"},
		{"invites to a room", selectInvites, "'room777', 0"},
		{"number of invites", countInvites, "'room777', 0"},
		{"use an invite", useInvite, "sha256('7'), 'room7', 0"},
		{"expire invites", expireInvites, "400"},
		{"message of a room", selectMessageNear, "'livechat', '50000', 50000, 50000, 50000"},
		{"messages of an author", selectMessagesBy, "'livechat', 99500, '', 's', 100"},
		{"deletes on their way", selectRoomDeletes, "500, 100"},
		{"a delete is in the log", dropRoomDelete, "'777'"},
		{"add a report", addReport, "'room7', 7, '9', 'k3y', 's', 'n', '', 'a:1', '', '', 1"},
		{"open reports of a room, counted", countReports, "'room7', 1000"},
		{"open reports", openReports + newestReports, newest + ", 100"},
		{"closed reports, later page", closedReports + newestReports, "40000, 100"},
		{"open reports of a room", openReports + inRoom + newestReports, newest + ", 100, 'room8'"},
		{"closed reports of a room", closedReports + inRoom + newestReports, newest + ", 100, 'room7'"},
		{"close a report", closeReport, "7, 'room7', 5, 'ann', 'other'"},
		{"one report", selectReport, "7, 'room7'"},
		{"erase reports", eraseReports, "'room7', '7', 'k3y', 's'"},
		{"expire closed reports", dropClosed, "100, 100"},
		{"message is deleted", isDeleted, "'livechat', '7', 'k3y', 's'"},
		{"pin", selectPin, "'room777'"},
		{"unpin", dropPin, "'room777', '{}', 3"},
		{"room since a time", selectRoomSince, "'livechat', 50000"},
		{"chat since a time", selectMessageSince, big + ", 100000"},
	} {
		for _, mode := range []string{"custom", "generic"} {
			if mode == "generic" && (q.query == searchChatsPostgres || q.query == searchRoomsPostgres) {
				continue // see Store.planned
			}
			plan := explain(t, s.write, mode, q.query, q.args)
			t.Logf("%s (%s): %s", q.name, mode, plan[strings.LastIndex(plan, "Execution Time"):])
			if strings.Contains(plan, "Seq Scan") {
				t.Errorf("%s (%s plan) scans a whole table:\n%s", q.name, mode, plan)
			}
			if n := mostRows(plan); n > manyRows {
				t.Errorf("%s (%s plan) reads %d rows:\n%s", q.name, mode, n, plan)
			}
		}
	}
}

// manyRows is more than any page needs to read: the largest has 100 rows, and
// the rarer of two words 200 matches.
const manyRows = 1000

var actualRows = regexp.MustCompile(`actual time=\S+ rows=(\d+) loops=(\d+)`)

// mostRows returns how many rows the busiest node of a plan read.
func mostRows(plan string) (most int) {
	for _, found := range actualRows.FindAllStringSubmatch(plan, -1) {
		rows, _ := strconv.Atoi(found[1])
		loops, _ := strconv.Atoi(found[2])
		most = max(most, rows*loops)
	}
	return most
}

// explain runs a query and returns its plan.
func explain(t *testing.T, db *sql.DB, mode, query, args string) string {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, statement := range []string{"SET plan_cache_mode = force_" + mode + "_plan",
		"PREPARE q AS " + query} {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%v: %s", err, statement)
		}
	}
	lines, err := list(t.Context(), conn, func(row scanner) (
		line string, err error) {
		return line, row.Scan(&line)
	},
		fmt.Sprintf("EXPLAIN (ANALYZE, BUFFERS) EXECUTE q(%s)", args))
	if err != nil {
		t.Fatalf("%v: %s", err, query)
	}
	if _, err := conn.ExecContext(t.Context(), "DEALLOCATE q"); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
