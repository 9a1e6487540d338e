package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// adminSite returns a site, and the browsers of ann, an admin, and of bob.
func adminSite(t *testing.T) (s *site, ann, bob *browser) {
	t.Helper()
	s = newSite(t, nil)
	ann, bob = s.register("ann"), s.register("bob")
	s.appoint("ann")
	s.asked = nil
	return s, ann, bob
}

// called returns what the services were asked but whose session it is.
func (s *site) called() []string {
	return slices.DeleteFunc(slices.Clone(s.asked), func(line string) bool { return line == "who\n" })
}

// Whoever is no admin gets 403 on every path, and no service is called.
func TestAdminsOnly(t *testing.T) {
	s, _, bob := adminSite(t)
	n := 0
	for _, r := range (&api{}).routes() {
		if !strings.HasPrefix(r.path, "/admin/") {
			continue
		}
		n++
		example := examples[r.method+" "+r.path]
		path := base + r.path
		if example.path != "" {
			path = base + example.path
		}
		wantProblem(t, s.ask(bob, r.method, path, example.body), 403, "forbidden")
		wantProblem(t, s.ask(nil, r.method, path, example.body), 401, "unauthorized")
		if r.method != http.MethodGet {
			s.appoint("bob")
			wantProblem(t, s.ask(bob, r.method, path, example.body, "Origin: https://evil.example"), 403,
				"forbidden_origin")
			s.users[1].Role = ""
		}
	}
	if got := s.called(); len(got) > 0 || n == 0 {
		t.Errorf("%d paths; a service was called: %q", n, got)
	}
}

func TestAdminAccounts(t *testing.T) {
	s, ann, _ := adminSite(t)
	want(t, s.ask(ann, "GET", "/api/v1/admin/accounts/?limit=1", ""), 200,
		`{"accounts":[{"name":"ann","created_at":1763770000123,"role":"admin","id":1,"sessions":1}],"next":"ann"}`)
	want(t, s.ask(ann, "GET", "/api/v1/admin/accounts/?limit=1&after=ann", ""), 200,
		`{"accounts":[{"name":"bob","created_at":1763770000123,"id":2,"sessions":1}]}`)
	want(t, s.ask(ann, "GET", "/api/v1/admin/accounts/?q=o&role=admin", ""), 200, `{"accounts":[]}`)
	want(t, s.ask(ann, "GET", "/api/v1/admin/accounts/bob/", ""), 200,
		`{"name":"bob","created_at":1763770000123,"id":2,"sessions":1,"chats":2,"files":3,"file_bytes":4,`+
			`"open_sessions":[{"ends_at":1763770000123}]}`)
	wantProblem(t, s.ask(ann, "GET", "/api/v1/admin/accounts/eve/", ""), 404, "unknown_user")
	for _, query := range []string{"role=none", "q=" + strings.Repeat("a", 33), "limit=101", "q=%ff",
		"q=a&q=b"} {
		wantProblem(t, s.ask(ann, "GET", "/api/v1/admin/accounts/?"+query, ""), 400, "bad_request")
	}

	s.asked = nil
	want(t, s.ask(ann, "POST", "/api/v1/admin/accounts/bob/password/", `{"reason":" forgot it "}`), 200,
		`{"password":"abcd-efgh","ended":2}`)
	want(t, s.ask(ann, "POST", "/api/v1/admin/accounts/bob/logout/", ""), 200, `{"ended":2}`)
	want(t, s.ask(ann, "PUT", "/api/v1/admin/accounts/bob/role/", `{"role":"admin"}`), 204, "")
	want(t, s.ask(ann, "PUT", "/api/v1/admin/accounts/bob/role/", `{"role":"none","reason":"enough"}`), 204, "")
	want(t, s.ask(ann, "DELETE", "/api/v1/admin/accounts/bob/", `{}`), 204, "")
	if got := strings.Join(s.called(), ""); got != `reset ann:"forgot it" bob`+"\n"+`end ann:"" bob`+"\n"+
		`appoint ann:"" bob admin`+"\n"+`appoint ann:"enough" bob `+"\n"+`remove ann:"" bob`+"\n" {
		t.Errorf("done: %s", got)
	}
	if strings.Contains(s.log.String(), "abcd-efgh") {
		t.Error("the password is in the log")
	}
	for body, code := range map[string]string{
		`{"role":"king"}`: "bad_request", `{}`: "bad_request", `{"role":""}`: "bad_request",
		`{"role":"admin","reason":"` + strings.Repeat("a", 501) + `"}`: "too_long",
	} {
		w := s.ask(ann, "PUT", "/api/v1/admin/accounts/bob/role/", body)
		wantProblem(t, w, map[string]int{"bad_request": 400, "too_long": 413}[code], code)
	}
}

func TestAdminBans(t *testing.T) {
	s, ann, _ := adminSite(t)
	const mute = `{"room":"den","kind":"mute","subject":"account:7","name":"eve","by":"ann","at":1763773600123,` +
		`"ends":1763777200123}`
	const ban = `{"room":"livechat","kind":"ban","subject":"guest:k1","name":"gus","reason":"spam","by":"operator",` +
		`"at":1763770000123}`
	want(t, s.ask(ann, "GET", "/api/v1/admin/bans/", ""), 200, `{"bans":[`+mute+`,`+ban+`]}`)
	const next = "1763773600123,den,mute,account:7"
	want(t, s.ask(ann, "GET", "/api/v1/admin/bans/?limit=1", ""), 200, `{"bans":[`+mute+`],"next":"`+next+`"}`)
	want(t, s.ask(ann, "GET", "/api/v1/admin/bans/?limit=1&before="+next, ""), 200, `{"bans":[`+ban+`]}`)
	want(t, s.ask(ann, "GET", "/api/v1/admin/bans/?room=livechat", ""), 200, `{"bans":[`+ban+`]}`)
	for _, query := range []string{"before=x", "before=1,a,ban", "before=-1,den,mute,account:7",
		"before=1,den,mute,king:7", "room=livechat&before=" + next} {
		wantProblem(t, s.ask(ann, "GET", "/api/v1/admin/bans/?"+query, ""), 400, "bad_request")
	}
	wantProblem(t, s.ask(ann, "GET", "/api/v1/admin/bans/?room=A", ""), 400, "bad_room")
}

func TestAdminAudit(t *testing.T) {
	s, ann, _ := adminSite(t)
	const entry = `"at":1763770000123,"by":"ann","actor":1,"action":"user.role","target_kind":"user","target_id":"2",` +
		`"target":"bob","reason":"spam","details":{"from":"","to":"admin"}}`
	want(t, s.ask(ann, "GET", "/api/v1/admin/audit/", ""), 200,
		`{"entries":[{"id":8,`+entry+`,{"id":7,`+entry+`]}`)
	want(t, s.ask(ann, "GET", "/api/v1/admin/audit/?limit=1", ""), 200,
		`{"entries":[{"id":8,`+entry+`],"next":"1763770000123-8"}`)
	s.asked = nil
	s.ask(ann, "GET", "/api/v1/admin/audit/?action=user&target=bob&by=ann&room=den&before=1763770000123-8", "")
	if got := strings.Join(s.called(), ""); got != "audit {user bob ann den} 1763770000123 8\n" {
		t.Errorf("asked: %s", got)
	}
	for _, query := range []string{"action=USER", "action=user.", "before=8", "before=1-0", "before=1-x",
		"by=%00",
		"target=" + strings.Repeat("a", 65), "limit=0"} {
		wantProblem(t, s.ask(ann, "GET", "/api/v1/admin/audit/?"+query, ""), 400, "bad_request")
	}
}

func TestAdminSettings(t *testing.T) {
	s, ann, _ := adminSite(t)
	want(t, s.ask(ann, "GET", "/api/v1/admin/settings/", ""), 200,
		`{"settings":[{"name":"APPID","about":"name","value":"1000","changed":true},`+
			`{"name":"REDIS_URL","about":"Redis","value":"","secret":true}]}`)
}

func TestAdminRooms(t *testing.T) {
	s, ann, _ := adminSite(t)
	want(t, s.ask(ann, "GET", "/api/v1/admin/rooms/?q=e&from=10&limit=5", ""), 200,
		`{"rooms":[{"room":"den","online":3,"servers":{"1000":3}},{"room":"hall","online":0}],"total":2}`)
	wantProblem(t, s.ask(ann, "GET", "/api/v1/admin/rooms/?from=-1", ""), 400, "bad_request")
}

func TestAdminPeople(t *testing.T) {
	s, ann, _ := adminSite(t)
	const next = "Z3VzAHMx"
	want(t, s.ask(ann, "GET", "/api/v1/admin/connections/", ""), 200,
		`{"connections":[{"session":"s1","node":"n1","app":"1000","room":"den","name":"gus","person":"guest:k1",`+
			`"since":1763770000123}],"total":2,"next":"`+next+`","missing":["2000"]}`)
	s.asked = nil
	const query = "?q=g&room=den&server=1000&person=guest:k1&limit=7&after="
	s.ask(ann, "GET", "/api/v1/admin/connections/"+query+next, "")
	if got := strings.Join(s.called(), ""); got != "people { guest:k1 den 1000 g gus\x00s1 7}\n" {
		t.Errorf("asked: %q", got)
	}
	for _, query := range []string{"after=*", "limit=0", "q=" + strings.Repeat("a", 99)} {
		wantProblem(t, s.ask(ann, "GET", "/api/v1/admin/connections/?"+query, ""), 400, "bad_request")
	}
	s.asked = nil
	const path = "/api/v1/admin/connections/close/"
	want(t, s.ask(ann, "POST", path, `{"session":"s1","reason":"noise"}`), 200, `{"closed":2}`)
	want(t, s.ask(ann, "POST", path, `{"person":"guest:k1"}`), 200, `{"closed":2}`)
	if got := strings.Join(s.called(), ""); got != `close ann:"noise" s1 `+"\n"+`close ann:""  guest:k1`+"\n" {
		t.Errorf("done: %q", got)
	}
	for _, body := range []string{`{}`, `{"session":"s1","person":"guest:k1"}`, `{"reason":"x"}`} {
		wantProblem(t, s.ask(ann, "POST", path, body), 400, "bad_request")
	}
	want(t, s.ask(ann, "GET", "/api/v1/admin/servers/", ""), 200, `{"servers":[{"node":"n1","app":"1000","role":"ws",`+
		`"version":"v1","uptime_s":7,"connections":2}]}`)
}

func TestAdminFollows(t *testing.T) {
	s, ann, _ := adminSite(t)
	const path = "/api/v1/admin/follows/"
	w := s.ask(ann, "POST", path, `{"session":"s1","reason":"always gone"}`)
	want(t, w, 201, `{"id":"`+followedID+`","lasts_s":300,"connection":{"session":"s1","node":"n1","app":"1000",`+
		`"room":"den","name":"gus","person":"guest:k1","since":1}}`)
	if got := w.Header().Get("Location"); got != path+followedID+"/" {
		t.Errorf("Location %s", got)
	}
	want(t, s.ask(ann, "GET", path+followedID+"/?after=41", ""), 200,
		`{"frames":[{"at":1,"dir":"out","type":"message","seq":7,"size":90}],"after":42}`)
	want(t, s.ask(ann, "DELETE", path+followedID+"/", ""), 204, "")
	if got := strings.Join(s.called(), ""); got != `follow ann:"always gone" s1`+"\n"+"frames "+followedID+" 41\n"+
		"unfollow "+followedID+"\n" {
		t.Errorf("done: %s", got)
	}
	wantProblem(t, s.ask(ann, "POST", path, `{}`), 400, "bad_request")
	for _, id := range []string{"x", followedID + "0", strings.ToUpper(followedID)} {
		wantProblem(t, s.ask(ann, "GET", path+id+"/", ""), 404, "not_found")
		wantProblem(t, s.ask(ann, "DELETE", path+id+"/", ""), 404, "not_found")
	}
	wantProblem(t, s.ask(ann, "GET", path+followedID+"/?after=-1", ""), 400, "bad_request")
}

func TestAdminStorage(t *testing.T) {
	s, ann, _ := adminSite(t)
	want(t, s.ask(ann, "GET", "/api/v1/admin/storage/", ""), 200, `{"away":true,"files":2,"bytes":30,"guest_files":0,`+
		`"guest_bytes":0,"limits":{"file":0,"all":0,"guests":0,"user":0,"guest_day":0},`+
		`"kinds":[{"kind":"image","files":2,"bytes":30}]}`)
}
