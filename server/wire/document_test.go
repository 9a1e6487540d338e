package wire

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"livechat/server/chat"
)

const protocolFile = "docs/protocol.md"

// TestProtocolDocument compares the tables of docs/protocol.md with this package:
// frames and their fields in order, error codes with their HTTP status, close
// codes with their reasons.
func TestProtocolDocument(t *testing.T) {
	text, err := os.ReadFile("../../" + protocolFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range compareProtocol(string(text)) {
		t.Error(fault)
	}
}

// TestCompareProtocol shows that the comparison finds each kind of mistake.
func TestCompareProtocol(t *testing.T) {
	read, err := os.ReadFile("../../" + protocolFile)
	if err != nil {
		t.Fatal(err)
	}
	good := string(read)
	for name, change := range map[string][2]string{
		"no table":                    {"<!-- close codes -->", ""},
		"a frame is missing":          {"| `gap` |", "| gap |"},
		"a frame too many":            {"| `gap` |", "| `dance` | | |\n| `gap` |"},
		"a field is missing":          {"`id` `seq` `duplicate`", "`id` `seq`"},
		"a field in the wrong place":  {"`id` `seq` `duplicate`", "`seq` `id` `duplicate`"},
		"an optional field":           {"`app` `session` [`author`]", "`app` `session` `author`"},
		"a request's field":           {"[`id`] [`text`] [`reply`] [`files`] [`data`]", "`text`"},
		"a field of a server":         {" `uptime_s`", ""},
		"an error code is missing":    {"`id_conflict` | 409", "| 409"},
		"an error code too many":      {"`id_conflict` | 409", "`id_conflict` `fun` | 409"},
		"an error's status":           {"`id_conflict` | 409", "`id_conflict` | 410"},
		"a close code is missing":     {"| 4009 |", "| |"},
		"a close code too many":       {"| 4009 |", "| 4010 | x | |\n| 4009 |"},
		"the reason of a close code":  {"no answer to pings", "no answer"},
		"a state that nobody can say": {"`gone` (", "`lost` ("},
	} {
		if !strings.Contains(good, change[0]) {
			t.Fatalf("%s: %q is not in %s", name, change[0], protocolFile)
		}
		if faults := compareProtocol(strings.Replace(good, change[0], change[1], 1)); len(faults) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
}

func compareProtocol(text string) (faults []string) {
	server := map[string]string{
		"message": "`seq` `id` `app` `session` [`author`] `name` `text` [`reply`] [`files`] " +
			"[`mentions`] [`data`] [`edited`] [`reactions`] `at`",
		"edit":      "`seq` `id` `app` `session` [`author`] `name` `text` `target` [`mentions`] `at`",
		"delete":    "`seq` `id` `app` `session` [`author`] `name` `target` `by` `at`",
		"reactions": "`seq` `id` `app` `target` `counts` `at`",
		"tombstone": "`seq` `id` `app` `session` [`author`] `name` [`target`] `at`",
	}
	for name, frame := range map[string]any{
		"welcome": Welcome{}, "ack": Ack{}, "error": Error{}, "presence": Presence{}, "typing": Typing{},
		"notice": Notice{}, "gap": Gap{}, "reset": Reset{}, "reconnect": Reconnect{}, "cluster": Cluster{},
		"pin": Pin{},
	} {
		server[name] = fieldsOf(frame)
	}
	faults = append(faults, compareRows(text, "server frames", server)...)
	faults = append(faults, compareRows(text, "client frames",
		map[string]string{TypeMessage: "[`id`] [`text`] [`reply`] [`files`] [`data`]",
			TypeEdit:   "[`id`] `target` `text`",
			TypeDelete: "[`id`] `target`", TypeReact: "[`id`] `target` `emoji` [`on`]", TypeTyping: "",
			TypeModerate: fieldsOf(Moderate{})})...)
	faults = append(faults, compareRows(text, "file", map[string]string{
		"files": fieldsOf(chat.File{}), "limits.files": fieldsOf(FileLimits{}),
	})...)
	faults = append(faults, compareRows(text, "cluster", map[string]string{
		"redis": fieldsOf(ClusterRedis{}), "servers": fieldsOf(ClusterServer{}),
	})...)
	codes := map[string]string{}
	for code, status := range statuses {
		codes[string(code)] = strconv.Itoa(status)
	}
	faults = append(faults, compareRows(text, "error codes", codes)...)
	closes := map[string]string{}
	for code, reason := range reasons {
		closes[strconv.Itoa(int(code))] = reason
	}
	faults = append(faults, compareRows(text, "close codes", closes)...)
	for _, state := range []string{
		ClusterStarting, ClusterReady, ClusterDraining, ClusterDeaf, ClusterReadOnly, ClusterLeft,
		ClusterGone, ClusterUnknown,
	} {
		if !strings.Contains(text, "`"+state+"`") {
			faults = append(faults, "the state "+state+" is missing")
		}
	}
	return faults
}

// fieldsOf lists the JSON fields of a frame as the tables do: those that may be
// missing are in brackets.
func fieldsOf(frame any) string {
	var fields []string
	for field := range reflect.TypeOf(frame).Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "type" && fields == nil: // the first of a frame
		case options != "":
			fields = append(fields, "[`"+name+"`]")
		default:
			fields = append(fields, "`"+name+"`")
		}
	}
	return strings.Join(fields, " ")
}

var (
	codeSpan = regexp.MustCompile("`([^`]+)`")
	number   = regexp.MustCompile(`^\d+$`)
)

// compareRows compares the first two columns of a table: names, of which a row
// may have several, and what belongs to each.
func compareRows(text, table string, want map[string]string) (faults []string) {
	_, rest, found := strings.Cut(text, "<!-- "+table+" -->")
	rows, _, closed := strings.Cut(rest, "<!-- /"+table+" -->")
	if !found || !closed {
		return []string{"there is no table " + table}
	}
	var seen []string
	for line := range strings.Lines(rows) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) < 2 {
			continue
		}
		var names []string
		for _, match := range codeSpan.FindAllStringSubmatch(cells[0], -1) {
			names = append(names, match[1])
		}
		if first := strings.TrimSpace(cells[0]); number.MatchString(first) {
			names = append(names, first)
		}
		value := strings.TrimSpace(cells[1])
		for _, name := range names {
			seen = append(seen, name)
			if expected, ok := want[name]; !ok {
				faults = append(faults, fmt.Sprintf("%s: %s does not exist", table, name))
			} else if value != expected {
				faults = append(faults, fmt.Sprintf("%s: %s has %q, want %q", table, name, value, expected))
			}
		}
	}
	for name := range want {
		if !slices.Contains(seen, name) {
			faults = append(faults, fmt.Sprintf("%s: %s is missing", table, name))
		}
	}
	return faults
}
