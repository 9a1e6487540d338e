package chaos

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// logKey returns the name of a key of a room's log in Redis.
func logKey(room, name string) string {
	if room == "livechat" {
		return "{livechat}:" + name
	}
	return "{livechat:room:" + room + "}:" + name
}

// stream returns the messages in the room's log in Redis, and what is about
// them: the stream, and the tombstones beside it.
func (r *run) stream(room string) (all []stored, err error) {
	conn, err := net.DialTimeout("tcp", r.cluster.Redis.Addr, patience)
	if err != nil {
		return nil, fmt.Errorf("read the stream of %s: %w", room, err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, "XRANGE "+logKey(room, "log")+" - +\r\nZRANGE "+logKey(room, "tombs")+
		" 0 -1\r\n"); err != nil {
		return nil, fmt.Errorf("read the stream of %s: %w", room, err)
	}
	in := bufio.NewReader(conn)
	for range 2 {
		err = errors.Join(err, bulks(in, func(text string) error {
			if !strings.HasPrefix(text, `{"type":"`) {
				return nil
			}
			var m stored
			if err := json.Unmarshal([]byte(text), &m); err != nil {
				return err
			}
			all = append(all, m)
			return nil
		}))
	}
	if err != nil {
		return nil, fmt.Errorf("read the stream of %s: %w", room, err)
	}
	slices.SortStableFunc(all, func(a, b stored) int { return cmp.Compare(a.Seq, b.Seq) })
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
