package main

import (
	"fmt"
	"io"
	"strings"

	"livechat/server/config"
)

const usage = `livechat is a live chat server: rooms over WebSocket, the page and the HTTP API.

Usage:
  livechat                start the server; it needs no settings
  livechat healthcheck    ask the server at ADDR whether it is alive; status 0 if so
  livechat export         write the database to standard output, a line of JSON per record, with
                          the bytes of files; with -files=false without those
  livechat import         read such an export from standard input into an empty database
  livechat admin files check
                          compare the files in the database with FILES_URL; with -repair remove
                          bytes without a file, and files without bytes
  livechat admin user list|show|passwd|sessions|role|delete
                          accounts, beside running servers: list; show NAME; passwd NAME sets
                          and prints a temporary password; sessions NAME, with -end to end them;
                          role NAME admin|none; delete NAME. -json is for programs, -reason TEXT
                          for the audit log
  livechat admin room list|show|set|delete
                          made rooms, and the rules of all rooms: list; show ROOM; set
                          ROOM with -slow 10s (0: off), -registered=true (only accounts write),
                          -paused=true (only moderators do), and, which makes the room, -title,
                          -topic, -access open|registered|invite, -listed=true, -owner NAME or
                          -retention 720h; delete ROOM
  livechat admin ban add|list|remove
                          who may not be in a room or, with -mute, not write: add ROOM NAME, or
                          account:ID or guest:KEY, with -for 24h (else for ever); list [ROOM];
                          remove ROOM NAME, or a subject as list shows it
  livechat admin message delete ROOM SEQ ID
                          delete an archived message, everywhere
  livechat admin audit    what operators and admins did, the newest first; -n N entries (50),
                          -json for programs
  livechat page DIR       write the page, bundled, into an empty folder for another web server
  livechat version        print the version
  livechat help           print this text

Settings are environment variables. An empty value is the same as none.

`

// help writes the commands and all settings.
func help(w io.Writer) error {
	var text strings.Builder
	text.WriteString(usage)
	for _, s := range config.Settings() {
		fmt.Fprintf(&text, "  %-22s  %s", s.Name, s.About)
		if s.Default != "" {
			fmt.Fprintf(&text, " (%s)", s.Default)
		}
		text.WriteByte('\n')
	}
	text.WriteString("\nDefaults are in parentheses. docs/configuration.md explains each setting.\n")
	_, err := io.WriteString(w, text.String())
	return err
}
