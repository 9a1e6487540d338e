package chaos

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"livechat/e2e/history"
	"livechat/internal/localcluster"
)

// stored is a message, or an edit or delete of one, as the archive and the log
// have it. Of edits and deletes the archive has only the numbers.
type stored struct {
	Type                  string // in the log
	Seq                   uint64
	Epoch, ID, Name, Text string
	Deleted               bool                // in the archive
	Reactions             map[string]int      // in the archive
	Counts                map[string]int      // of a summary of reactions in the log
	Target                struct{ ID string } // of what is about a message in the log
}

func (m stored) entry() history.Entry {
	if m.Type == "reactions" {
		m.ID = "" // nobody sent it
	}
	return history.Entry{
		At:   history.Position{Epoch: m.Epoch, Seq: m.Seq},
		ID:   m.ID,
		Name: m.Name,
		Text: m.Text,

		Deleted: m.Deleted || m.Type == "tombstone",
		Counts:  history.CountsOf(m.Reactions),
	}
}

// stored returns what archive and log have of a room after that seq: the
// archive's messages from the HTTP API, once it has caught up with the log, and
// messages that are only in Redis' stream, if it does not.
// Neither may have one of the deleted texts.
func (r *run) stored(ctx context.Context, room string, behind uint64, deleted []string) (
	all []history.Entry, err error) {
	room = cmp.Or(room, "livechat")
	var log []stored
	if r.RedisURL == "" {
		if log, err = r.stream(room); err != nil {
			return nil, err
		}
	}
	newest := r.newest(room)
	for _, m := range log {
		newest = max(newest, m.Seq)
	}
	var archived []stored
	var pages string
	late := localcluster.Poll(ctx, func(ctx context.Context) error {
		page, _, err := r.archivePage(ctx, room, "limit=1")
		if err != nil || newest == 0 {
			return err
		}
		if at := last(page, 0); at < newest {
			return fmt.Errorf("the archive of %s is at %d, the log at %d", room, at, newest)
		}
		return nil
	})
	if late != nil {
		r.Progress("%v", late)
	}
	// Two processes archive, and the newest message may be stored before one
	// that the other process holds. Check names what stays missing.
	var broken error
	gap := localcluster.Poll(ctx, func(context.Context) error {
		archived, pages, broken = r.archivePages(context.WithoutCancel(ctx), room, behind)
		if broken != nil {
			return nil
		}
		return firstGap(archived, behind)
	})
	if gap == nil && broken == nil {
		// An edit that was stored while the pages were read is on the last one, and
		// the first one may have its message as it was before.
		archived, pages, broken = r.archivePages(context.WithoutCancel(ctx), room, behind)
	}
	if broken != nil {
		return nil, broken
	}
	err = errors.Join(leaked("the archive", pages, deleted), leaked("the log", textsOf(log), deleted))
	if late == nil {
		log = nil
	}
	return merge(archived, log, behind), err
}

// leaked returns an error if a deleted text is there, as a JSON string.
func leaked(where, there string, deleted []string) error {
	n, first := 0, ""
	for _, text := range deleted {
		if strings.Contains(there, `"`+text+`"`) {
			n, first = n+1, cmp.Or(first, text)
		}
	}
	if n > 0 {
		return fmt.Errorf("%s has %d deleted texts, one is %.40q", where, n, first)
	}
	return nil
}

// textsOf returns the texts as JSON strings.
func textsOf(all []stored) string {
	var texts strings.Builder
	for _, m := range all {
		texts.WriteString(`"` + m.Text + `"`)
	}
	return texts.String()
}

// merge returns what is archived, and what is only in the log, after that seq.
// An edit that is only in the log gives its message the text, and a delete takes
// it.
func merge(archived, log []stored, behind uint64) (all []history.Entry) {
	at := map[string]int{} // by id, in all
	changes := map[uint64]bool{}
	for _, m := range archived {
		at[m.ID] = len(all)
		changes[m.Seq] = m.ID == ""
		all = append(all, m.entry())
	}
	for _, m := range log {
		// entries that a repair removed from the log may still be in the stream
		if _, has := at[m.ID]; has || changes[m.Seq] || m.Seq <= behind {
			continue
		}
		at[m.ID] = len(all)
		all = append(all, m.entry())
		about, ok := at[m.Target.ID]
		switch {
		case ok && m.Type == "edit" && !all[about].Deleted:
			all[about].Text = m.Text
		case ok && m.Type == "reactions" && !all[about].Deleted:
			all[about].Counts = history.CountsOf(m.Counts)
		case ok && m.Type == "delete":
			all[about].Text, all[about].Deleted, all[about].Counts = "", true, ""
		}
	}
	slices.SortStableFunc(all, func(a, b history.Entry) int { return cmp.Compare(a.At.Seq, b.At.Seq) })
	return all
}

// archivePages returns the archived entries of a room after that seq, and the
// pages as they came. A page ends with a message; the newest one has the edits
// and deletes after that.
func (r *run) archivePages(ctx context.Context, room string, behind uint64) (
	all []stored, pages string, err error) {
	var bodies strings.Builder
	for messages := 100; messages == 100; {
		page, body, err := r.archivePage(ctx, room, fmt.Sprintf("limit=100&after=%d", last(all, behind)))
		if err != nil {
			return nil, "", err
		}
		bodies.WriteString(body)
		messages = 0
		for _, m := range page {
			if m.ID != "" {
				messages++
			}
		}
		all = append(all, page...)
	}
	page, body, err := r.archivePage(ctx, room, "limit=1")
	bodies.WriteString(body)
	for _, m := range page {
		if m.Seq > last(all, behind) {
			all = append(all, m)
		}
	}
	return all, bodies.String(), err
}

// last returns the seq of the last entry; none if there is no entry.
func last(all []stored, none uint64) uint64 {
	if len(all) == 0 {
		return none
	}
	return all[len(all)-1].Seq
}

// firstGap returns an error that names the first seq after behind that is not
// archived although later ones are; nil if there is none.
func firstGap(archived []stored, behind uint64) error {
	for _, m := range archived {
		if m.Seq > behind+1 {
			return fmt.Errorf("entry %d is archived and %d is not", m.Seq, behind+1)
		}
		behind = max(behind, m.Seq)
	}
	return nil
}

// newest returns the newest seq that the room's clients have received.
func (r *run) newest(room string) (seq uint64) {
	for _, c := range r.crowds() {
		if cmp.Or(c.size.Room, "livechat") != room {
			continue
		}
		for _, m := range c.members {
			at, _ := m.Position()
			seq = max(seq, at.Seq)
		}
	}
	return seq
}

// archivePage returns a page of the archive, with the numbers of edits and
// deletes in their places, and as it came.
func (r *run) archivePage(ctx context.Context, room, query string) (page []stored, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	status, body, err := localcluster.Get(ctx,
		"http://"+r.cluster.HAProxy.Addr+"/api/v1/rooms/"+room+"/messages/?"+query)
	if err != nil || status != 200 {
		return nil, "", fmt.Errorf("read the archive of %s: %d, %w", room, status, err)
	}
	if page, err = decodePage([]byte(body)); err != nil {
		return nil, "", fmt.Errorf("read the archive of %s: %w", room, err)
	}
	return page, body, nil
}

// decodePage reads a page of the archive.
func decodePage(body []byte) ([]stored, error) {
	var page struct {
		Messages []stored
		Others   [][2]uint64
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, err
	}
	all := page.Messages
	for _, others := range page.Others {
		for seq := others[0]; seq <= others[1]; seq++ {
			all = append(all, stored{Seq: seq})
		}
	}
	slices.SortStableFunc(all, func(a, b stored) int { return cmp.Compare(a.Seq, b.Seq) })
	return all, nil
}
