package node

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"livechat/internal/testapi"
)

// apiClient uses the API from a given address, as behind a load balancer.
type apiClient struct {
	client       *http.Client
	base         string
	addr, cookie string
}

// ask returns the status of an answer, and its session cookie if it sets one.
func (v apiClient) ask(
	ctx context.Context,
	method, path string,
	body any,
) (status int, cookie string, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, "", err
	}
	r, err := http.NewRequestWithContext(ctx, method, v.base+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", v.base)
	r.Header.Set("X-Forwarded-For", v.addr)
	if v.cookie != "" {
		r.Header.Set("Cookie", v.cookie)
	}
	resp, err := v.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	for _, c := range resp.Cookies() {
		cookie = c.Name + "=" + c.Value
	}
	return resp.StatusCode, cookie, nil
}

// slowSearch fills the archive with two words that many messages contain, but
// none contains both.
func slowSearch(t *testing.T, url string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `
INSERT INTO room_messages (room, epoch, seq, id, app, session, name, text, at, words)
SELECT 'livechat', '00000000000000aa', i, i::text, 'A', 's', 'n', 'x', i,
	CAST(CASE i % 2 WHEN 0 THEN '''ever'':1 ''more'':2' ELSE '''never'':1 ''less'':2' END AS tsvector)
FROM generate_series(1, 100000) i`)
	if err != nil {
		t.Fatal(err)
	}
}

// TestManyClientsAtOneAddress has one address search 230 times and log in 300
// times at once, with ten accounts, again and again. Other addresses log in and
// search meanwhile: the test logs how long that takes, and wants all of it to
// succeed.
func TestManyClientsAtOneAddress(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a database")
	}
	url := postgres.Database(t)
	n := start(t, "DATABASE_URL="+url, "REGISTER_RATE=0", "LOG_LEVEL=error", "TRUSTED_PROXIES=127.0.0.1")
	slowSearch(t, url)
	transport := &http.Transport{MaxIdleConnsPerHost: 600}
	defer transport.CloseIdleConnections()
	from := func(addr string) apiClient {
		return apiClient{client: &http.Client{Transport: transport}, base: "http://" + n.Addr(), addr: addr}
	}
	register := func(v apiClient, name string) apiClient {
		status, cookie, err := v.ask(t.Context(), "POST", "/accounts/",
			map[string]string{"name": name, "password": testapi.Password})
		if err != nil || status != http.StatusCreated {
			t.Fatalf("register %s: %d, %v", name, status, err)
		}
		v.cookie = cookie
		return v
	}
	var crowd []apiClient
	for i := range 10 {
		crowd = append(crowd, register(from("192.0.2.1"), "crowd-"+strconv.Itoa(i)))
	}
	var others []apiClient // as many as stay within their own limits
	for i := range 5 {
		others = append(others, register(from("192.0.2."+strconv.Itoa(10+i)), "other-"+strconv.Itoa(i)))
	}
	timed := func(v apiClient, method, path string, body any) time.Duration {
		began, tries := time.Now(), 1
		status, _, err := v.ask(t.Context(), method, path, body)
		// A full queue answers at once. An answer after the time limit of requests
		// tells only that the machine is slow.
		for ; status == http.StatusServiceUnavailable && time.Since(began) > time.Duration(tries)*5*time.Second &&
			tries < 5; tries++ {
			status, _, err = v.ask(t.Context(), method, path, body)
		}
		if err != nil || status != http.StatusOK {
			t.Errorf("%s %s: %d, %v", method, path, status, err)
		}
		return time.Since(began)
	}
	const search = "/search/?q=ever+never"
	measure := func(when string, who []apiClient) {
		var logins, searches []time.Duration
		right := map[string]string{"name": "other-0", "password": testapi.Password}
		for i := range 2 * len(who) {
			v := who[i%len(who)]
			searches = append(searches, timed(v, "GET", search, nil), timed(v, "GET", search, nil))
			logins = append(logins, timed(from(v.addr), "POST", "/login/", right))
		}
		for what, took := range map[string][]time.Duration{"logins": logins, "searches": searches} {
			slices.Sort(took)
			t.Logf("%s, %d %s: p50 %v, p99 %v", when, len(took), what, took[len(took)/2],
				took[len(took)*99/100])
		}
	}
	measure("alone", others[:1])

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var running sync.WaitGroup
	again := func(do func() int) {
		running.Go(func() {
			for ctx.Err() == nil {
				if do() != http.StatusOK {
					time.Sleep(200 * time.Millisecond) // leaves the machine to the others
				}
			}
		})
	}
	for i := range 230 {
		again(func() int { status, _, _ := crowd[i%10].ask(ctx, "GET", search, nil); return status })
	}
	for i := range 300 {
		wrong := map[string]string{
			"name":     "crowd-" + strconv.Itoa(i%10),
			"password": "not " + testapi.Password,
		}
		again(
			func() int { status, _, _ := from("192.0.2.1").ask(ctx, "POST", "/login/", wrong); return status },
		)
	}
	measure("with the crowd", others[1:])
	stop()
	running.Wait()
}
