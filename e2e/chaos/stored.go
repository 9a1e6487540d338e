package chaos

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"livechat/e2e/history"
	"livechat/internal/localcluster"
)

// stored is a message or an edit as the archive and the log have it. Of an edit
// the archive has only the number.
type stored struct {
	Seq                   uint64
	Epoch, ID, Name, Text string
	Target                struct{ ID string } // of an edit in the log
}

func (m stored) entry() history.Entry {
	return history.Entry{
		At:   history.Position{Epoch: m.Epoch, Seq: m.Seq},
		ID:   m.ID,
		Name: m.Name,
		Text: m.Text,
	}
}

// stored returns what archive and log have of a room after that seq: the
// archive's messages from the HTTP API, once it has caught up with the log, and
// messages that are only in Redis' stream, if it does not.
func (r *run) stored(ctx context.Context, room string, behind uint64) (all []history.Entry, err error) {
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
	late := localcluster.Poll(ctx, func(ctx context.Context) error {
		page, err := r.archivePage(ctx, room, "limit=1")
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
	_ = localcluster.Poll(ctx, func(context.Context) error {
		if archived, broken = r.archivePages(context.WithoutCancel(ctx), room, behind); broken != nil {
			return nil
		}
		return firstGap(archived, behind)
	})
	if broken != nil {
		return nil, broken
	}
	if late == nil {
		log = nil
	}
	return merge(archived, log, behind), nil
}

// merge returns what is archived, and what is only in the log, after that seq.
// An edit that is only in the log gives its message the text.
func merge(archived, log []stored, behind uint64) (all []history.Entry) {
	at := map[string]int{} // by id, in all
	edits := map[uint64]bool{}
	for _, m := range archived {
		at[m.ID] = len(all)
		edits[m.Seq] = m.ID == ""
		all = append(all, m.entry())
	}
	for _, m := range log {
		// entries that a repair removed from the log may still be in the stream
		if _, has := at[m.ID]; has || edits[m.Seq] || m.Seq <= behind {
			continue
		}
		at[m.ID] = len(all)
		all = append(all, m.entry())
		if edited, ok := at[m.Target.ID]; ok && m.Target.ID != "" {
			all[edited].Text = m.Text
		}
	}
	slices.SortStableFunc(all, func(a, b history.Entry) int { return cmp.Compare(a.At.Seq, b.At.Seq) })
	return all
}

// archivePages returns the archived entries of a room after that seq. A page
// ends with a message; the newest one has the edits after that.
func (r *run) archivePages(ctx context.Context, room string, behind uint64) (all []stored, err error) {
	for messages := 100; messages == 100; {
		page, err := r.archivePage(ctx, room, fmt.Sprintf("limit=100&after=%d", last(all, behind)))
		if err != nil {
			return nil, err
		}
		messages = 0
		for _, m := range page {
			if m.ID != "" {
				messages++
			}
		}
		all = append(all, page...)
	}
	page, err := r.archivePage(ctx, room, "limit=1")
	for _, m := range page {
		if m.Seq > last(all, behind) {
			all = append(all, m)
		}
	}
	return all, err
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

// archivePage returns a page of the archive, with the numbers of edits in their
// places.
func (r *run) archivePage(ctx context.Context, room, query string) ([]stored, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	status, body, err := localcluster.Get(ctx,
		"http://"+r.cluster.HAProxy.Addr+"/api/v1/rooms/"+room+"/messages/?"+query)
	if err != nil || status != 200 {
		return nil, fmt.Errorf("read the archive of %s: %d, %w", room, status, err)
	}
	page, err := decodePage([]byte(body))
	if err != nil {
		return nil, fmt.Errorf("read the archive of %s: %w", room, err)
	}
	return page, nil
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

// stream returns the messages and edits in the room's stream.
func (r *run) stream(room string) (all []stored, err error) {
	key := "{livechat}:log"
	if room != "livechat" {
		key = "{livechat:room:" + room + "}:log"
	}
	conn, err := net.DialTimeout("tcp", r.cluster.Redis.Addr, patience)
	if err != nil {
		return nil, fmt.Errorf("read the stream of %s: %w", room, err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, "XRANGE "+key+" - +\r\n"); err != nil {
		return nil, fmt.Errorf("read the stream of %s: %w", room, err)
	}
	err = bulks(bufio.NewReader(conn), func(text string) error {
		if !strings.HasPrefix(text, `{"type":"message"`) && !strings.HasPrefix(text, `{"type":"edit"`) {
			return nil
		}
		var m stored
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			return err
		}
		all = append(all, m)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the stream of %s: %w", room, err)
	}
	return all, nil
}

// bulks reads one reply from Redis, arrays within arrays, and calls each for
// its texts.
func bulks(in *bufio.Reader, each func(text string) error) error {
	for todo := 1; todo > 0; todo-- {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		line = strings.TrimSpace(line)
		n, _ := strconv.Atoi(line[1:])
		switch {
		case strings.HasPrefix(line, "-"):
			return errors.New(line[1:])
		case strings.HasPrefix(line, "*"):
			todo += max(n, 0)
		case strings.HasPrefix(line, "$") && n >= 0:
			text := make([]byte, n+2)
			if _, err := io.ReadFull(in, text); err != nil {
				return err
			}
			if err := each(string(text[:n])); err != nil {
				return err
			}
		}
	}
	return nil
}
