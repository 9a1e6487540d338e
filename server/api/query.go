package api

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// query is the parameters of a request, each at most once.
type query url.Values

// parseQuery returns an error for what url.Query would silently skip.
func parseQuery(r *http.Request) (query, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, chat.Errorf(chat.CodeBadRequest, "The query string is malformed.")
	}
	for name, all := range values {
		if len(all) > 1 {
			return nil, chat.Errorf(chat.CodeBadRequest, "%q is given more than once.", name)
		}
	}
	return query(values), nil
}

// pageQuery returns the parameters of a request for a page of a list, and how
// many entries it wants.
func pageQuery(r *http.Request) (q query, limit int, err error) {
	if q, err = parseQuery(r); err != nil {
		return nil, 0, err
	}
	limit, err = q.limit()
	return q, limit, err
}

func (q query) has(name string) bool { _, given := q[name]; return given }

func (q query) get(name string) string { return url.Values(q).Get(name) }

// flag returns whether a parameter is true; it may be false or missing.
func (q query) flag(name string) (bool, error) {
	switch value := q.get(name); {
	case !q.has(name) || value == "false":
		return false, nil
	case value == "true":
		return true, nil
	}
	return false, chat.Errorf(chat.CodeBadRequest, "%s must be true or false.", name)
}

// limit returns the size of the page.
func (q query) limit() (int, error) {
	n, err := q.number("limit", 1, chat.MaxPage)
	if err != nil {
		return 0, err
	}
	return chat.PageSize(int(n))
}

// number returns a number from least to most, or 0 if it is not given.
func (q query) number(name string, least, most int64) (int64, error) {
	if !q.has(name) {
		return 0, nil
	}
	n, err := strconv.ParseInt(q.get(name), 10, 64)
	if err != nil || n < least || n > most {
		return 0, chat.Errorf(chat.CodeBadRequest, "%s must be a number from %d to %d.", name, least, most)
	}
	return n, nil
}

// window selects a part of a list of messages: those before a number, those
// after one, those around a time, or the newest. As in the services, 0 means
// not given, and an after of 0, from the beginning, is store.FromStart.
type window struct {
	before, after int64
	limit         int
}

// window reads the selection; since finds the number of the first message at or
// after a time, 0 for none.
func (q query) window(since func(at time.Time) (int64, error)) (win window, err error) {
	if win.before, err = q.number("before", 1, chat.MaxSeq); err != nil {
		return win, err
	}
	if win.after, err = q.number("after", 0, chat.MaxSeq); err != nil {
		return win, err
	}
	if q.has("after") && win.after == 0 {
		win.after = store.FromStart
	}
	if win.before > 0 && win.after != 0 {
		return win, chat.Errorf(chat.CodeBadRequest, "Give only one of before and after.")
	}
	if win.limit, err = q.limit(); err != nil || !q.has("at") {
		return win, err
	}
	if win.before > 0 || win.after != 0 {
		return win, chat.Errorf(chat.CodeBadRequest, "Give at without before and after.")
	}
	at, err := q.time("at")
	if err != nil {
		return win, err
	}
	n, err := since(at)
	if n > 0 {
		win.before = n + int64(win.limit-1)/2 + 1
	}
	return win, err // without such a message, the newest
}

// time returns a time given as RFC 3339 or in Unix milliseconds.
func (q query) time(name string) (time.Time, error) {
	text := q.get(name)
	if at, err := time.Parse(time.RFC3339, text); err == nil && at.Year() > 0 {
		return at, nil
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ms < 0 || ms > maxTime {
		return time.Time{}, chat.Errorf(chat.CodeBadRequest,
			"%s must be a time such as 2026-03-01T09:00:00Z, or Unix milliseconds.", name)
	}
	return time.UnixMilli(ms), nil
}

const maxTime = 253402300799999 // ms; the end of the year 9999
