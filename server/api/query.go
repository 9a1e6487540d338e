package api

import (
	"net/http"
	"net/url"
	"strconv"

	"livechat/server/chat"
	"livechat/server/store"
)

// The sizes of a page of results.
const (
	defaultLimit = 50
	maxLimit     = 100
)

// query is the parameters of a request, each there at most once.
type query url.Values

// parseQuery refuses what url.Query would leave out in silence.
func parseQuery(r *http.Request) (query, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, chat.Errorf(chat.CodeBadRequest, "the query cannot be read")
	}
	for name, all := range values {
		if len(all) > 1 {
			return nil, chat.Errorf(chat.CodeBadRequest, "%q is there more than once", name)
		}
	}
	return query(values), nil
}

func (q query) has(name string) bool { _, given := q[name]; return given }

func (q query) get(name string) string { return url.Values(q).Get(name) }

// limit is how many results are wanted.
func (q query) limit() (int, error) {
	n, err := q.number("limit", 1)
	if err != nil || n > maxLimit {
		return 0, chat.Errorf(chat.CodeBadRequest, "limit must be a number from 1 to %d", maxLimit)
	}
	if n == 0 {
		return defaultLimit, nil
	}
	return int(n), nil
}

// number is a number from least, or 0 for one that is not given.
func (q query) number(name string, least int64) (int64, error) {
	if !q.has(name) {
		return 0, nil
	}
	n, err := strconv.ParseInt(q.get(name), 10, 64)
	if err != nil || n < least || n > chat.MaxSeq {
		return 0, chat.Errorf(chat.CodeBadRequest, "%s must be a number from %d to %d", name, least, chat.MaxSeq)
	}
	return n, nil
}

// window is which part of a list of messages is wanted: those before a number, those after one, or the newest. As for the services, 0 is not given, and
// an after of 0, from the beginning, is store.FromStart.
type window struct {
	before, after int64
	limit         int
}

func (q query) window() (win window, err error) {
	if win.before, err = q.number("before", 1); err != nil {
		return win, err
	}
	if win.after, err = q.number("after", 0); err != nil {
		return win, err
	}
	if q.has("after") && win.after == 0 {
		win.after = store.FromStart
	}
	if win.before > 0 && win.after != 0 {
		return win, chat.Errorf(chat.CodeBadRequest, "before and after cannot be given both")
	}
	win.limit, err = q.limit()
	return win, err
}
