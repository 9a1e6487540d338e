package store

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/chat"
)

// The rules of rooms in an export: a line for the settings of each room that
// has or had rules, then one for each mute and ban.
type (
	exportRules struct {
		Type       string `json:"type"` // "room_rules"
		Room       string `json:"room"`
		SlowMS     int64  `json:"slow_ms"`
		Registered bool   `json:"registered"`
		Paused     bool   `json:"paused"`
		Version    int64  `json:"version"`

		Words  []string       `json:"words,omitzero"`  // blocked ones
		Pinned jsontext.Value `json:"pinned,omitzero"` // a chat.Pin
	}
	exportBan struct {
		Type        string `json:"type"` // "ban"
		Room        string `json:"room"`
		Kind        string `json:"kind"` // "mute" or "ban"
		SubjectKind string `json:"subject_kind"`
		Subject     string `json:"subject"`
		Name        string `json:"name"`
		Reason      string `json:"reason"`
		By          string `json:"by"`
		At          int64  `json:"at"`
		Ends        int64  `json:"ends"` // 0: never
	}
)

const (
	typeRules = "room_rules"
	typeBan   = "ban"

	exportRoomRules = `SELECT room, slow_ms, registered, paused, words, version, pinned FROM rooms_rules
		ORDER BY `
	exportBans = `SELECT ` + banColumns + ` FROM bans ORDER BY `
	banOrder   = `room, kind, subject_kind, subject`
	banOrderC  = `room COLLATE "C", kind COLLATE "C", subject_kind COLLATE "C", subject COLLATE "C"`

	// Redis has not got them, whatever it got from the store that was exported.
	importRules = `INSERT INTO rooms_rules (room, slow_ms, registered, paused, words, version, pinned,
		applied) VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT (room) DO NOTHING`
	// Of a room whose rules have a version.
	importBan = `INSERT INTO bans (` + banColumns + `)
		SELECT r.room, $2, $3, $4, $5, $6, $7, $8, $9 FROM rooms_rules r WHERE r.room = $1
		ON CONFLICT (room, kind, subject_kind, subject) DO NOTHING`
)

// roomRules writes the rules of all rooms.
func (x *exporter) roomRules(dialect string) error {
	rules, bans := exportRoomRules+`room`, exportBans+banOrder
	if dialect == postgres {
		rules, bans = exportRoomRules+`room COLLATE "C"`, exportBans+banOrderC
	}
	if err := exportAll(x, typeRules, rules, scanExportRules); err != nil {
		return err
	}
	return exportAll(x, typeBan, bans, scanExportBan)
}

func scanExportRules(row scanner) (exportRules, error) {
	r := exportRules{Type: typeRules}
	var words, pinned string
	err := row.Scan(&r.Room, &r.SlowMS, &r.Registered, &r.Paused, &words, &r.Version, &pinned)
	r.Words, r.Pinned = chat.WordsOf(words), jsonValue(pinned)
	return r, err
}

// scanExportBan does not call storable: AddBan has.
func scanExportBan(row scanner) (exportBan, error) {
	b := exportBan{Type: typeBan}
	err := row.Scan(&b.Room, &b.Kind, &b.SubjectKind, &b.Subject, &b.Name, &b.Reason, &b.By, &b.At, &b.Ends)
	return b, err
}

func (im *importer) rules(r exportRules) error {
	switch {
	case r.Room == "":
		return errors.New("room is empty")
	case hasZero(r.Room), hasZero(r.Words...):
		return errZero
	case r.SlowMS < 0 || r.SlowMS > chat.MaxSlow.Milliseconds() || r.Version < 1:
		return fmt.Errorf("want 0 <= slow_ms <= %d, and a version", chat.MaxSlow.Milliseconds())
	case len(r.Pinned) > 0 && (chat.PinOf(string(r.Pinned)) == nil || hasZero(string(r.Pinned))):
		return errors.New("pinned names no message")
	}
	added, err := im.insert(importRules, r.Room, r.SlowMS, r.Registered, r.Paused, chat.WordsText(r.Words),
		r.Version, chat.PinOf(string(r.Pinned)).Text())
	if err == nil && added == 0 {
		err = errors.New("duplicate rules")
	}
	return err
}

func (im *importer) ban(b exportBan) error {
	_, bad := chat.NewSubject(b.SubjectKind, b.Subject)
	switch {
	case b.Room == "" || !slices.Contains([]string{KindMute, KindBan}, b.Kind) || bad != nil || b.Ends < 0:
		return errors.New("room, kind, subject or end is not sound")
	case hasZero(b.Room, b.Name, b.Reason, b.By):
		return errZero
	}
	added, err := im.insert(importBan, b.Room, b.Kind, b.SubjectKind, b.Subject, b.Name, b.Reason, b.By, b.At,
		b.Ends)
	if err == nil && added == 0 {
		err = errors.New("duplicate ban, or no line above has the rules of its room")
	}
	return err
}
