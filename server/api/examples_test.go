package api

import (
	"strings"
	"testing"

	"livechat/server/files"
	"livechat/server/store"
)

// example is a request, and the status of its answer.
type example struct {
	path, body string
	status     int
	guest      bool // no session required
}

// examples has a valid request for each route; %s is a chat's id.
var examples = map[string]example{
	"POST /accounts/": {body: `{"name":"new","password":"password"}`, status: 201, guest: true},
	"POST /login/": {body: `{"name":"ann","password":"password of ann"}`, status: 200,
		guest: true},
	"POST /logout/":            {status: 204, guest: true},
	"POST /logout-everywhere/": {status: 204},
	"GET /me/":                 {status: 200},
	"DELETE /me/":              {body: `{"password":"password of ann"}`, status: 204},
	"POST /me/password/":       {body: `{"old":"password of ann","new":"password"}`, status: 204},
	"POST /ticket/":            {status: 201},
	"GET /me/export/":          {status: 200},
	"GET /guests/export/":      {status: 200, guest: true},
	"POST /guests/erase/":      {body: `{"messages":"erase"}`, status: 202, guest: true},
	"GET /guests/erase/":       {status: 200, guest: true},
	"POST /chats/":             {body: `{"with":"bob"}`, status: 200},
	"GET /chats/":              {status: 200},
	"GET /chats/{id}/":         {path: "/chats/%s/", status: 200},
	"POST /chats/{id}/messages/": {path: "/chats/%s/messages/", body: `{"id":"` + anID + `","text":"hi"}`,
		status: 201},
	"GET /chats/{id}/messages/": {path: "/chats/%s/messages/", status: 200},
	"PATCH /chats/{id}/messages/{message}/": {path: "/chats/%s/messages/" + anotherID + "/",
		body: `{"text":"hi again"}`, status: 200},
	"DELETE /chats/{id}/messages/{message}/": {path: "/chats/%s/messages/" + anotherID + "/", status: 204},
	"GET /chats/{id}/messages/{message}/reactions/": {path: "/chats/%s/messages/" + anotherID + "/reactions/",
		status: 200},
	"PUT /chats/{id}/messages/{message}/reactions/{emoji}/": {
		path: "/chats/%s/messages/" + anotherID + "/reactions/👍/", status: 204},
	"DELETE /chats/{id}/messages/{message}/reactions/{emoji}/": {
		path: "/chats/%s/messages/" + anotherID + "/reactions/👍/", status: 204},
	"POST /chats/{id}/read/":     {path: "/chats/%s/read/", body: `{"n":1}`, status: 200},
	"POST /chats/{id}/typing/":   {path: "/chats/%s/typing/", status: 204},
	"GET /blocks/":               {status: 200},
	"PUT /blocks/{name}/":        {path: "/blocks/bob/", status: 204},
	"DELETE /blocks/{name}/":     {path: "/blocks/bob/", status: 204},
	"GET /rooms/":                {status: 200, guest: true},
	"POST /rooms/":               {body: `{"title":"Hall"}`, status: 201},
	"GET /rooms/{room}/":         {path: "/rooms/hall/", status: 200, guest: true},
	"PATCH /rooms/{room}/":       {path: "/rooms/hall/", body: `{"topic":"Talk"}`, status: 200},
	"DELETE /rooms/{room}/":      {path: "/rooms/hall/", status: 204},
	"GET /rooms/{room}/members/": {path: "/rooms/hall/members/", status: 200},
	"PUT /rooms/{room}/members/{name}/": {path: "/rooms/hall/members/bob/", body: `{"role":"moderator"}`,
		status: 204},
	"DELETE /rooms/{room}/members/{name}/": {path: "/rooms/hall/members/bob/", status: 204},
	"GET /rooms/{room}/invites/":           {path: "/rooms/hall/invites/", status: 200},
	"POST /rooms/{room}/invites/":          {path: "/rooms/hall/invites/", body: `{}`, status: 201},
	"DELETE /rooms/{room}/invites/{id}/":   {path: "/rooms/hall/invites/" + anID + "/", status: 204},
	"GET /invites/{token}/":                {path: "/invites/T0KEN/", status: 200, guest: true},
	"POST /invites/{token}/":               {path: "/invites/T0KEN/", status: 200},
	"GET /rooms/{room}/messages/":          {path: "/rooms/livechat/messages/", status: 200, guest: true},
	"GET /rooms/{room}/messages/{id}/reactions/": {path: "/rooms/livechat/messages/" + anID + "/reactions/",
		status: 200, guest: true},
	"POST /files/": {body: "--x\r\nContent-Disposition: form-data; name=file\r\n\r\nhi\r\n--x--\r\n",
		status: 201, guest: true},
	"OPTIONS /files/":          {status: 204, guest: true},
	"GET /files/{id}/":         {path: "/files/" + anID + "/", status: 200, guest: true},
	"PATCH /files/{id}/":       {path: "/files/" + anID + "/", status: 412, guest: true}, // no Tus-Resumable
	"POST /files/{id}/":        {path: "/files/" + anID + "/", status: 405, guest: true}, // no other method
	"DELETE /files/{id}/":      {path: "/files/" + anID + "/", status: 204, guest: true},
	"GET /files/{id}/{name}":   {path: "/files/" + anID + "/a.png", status: 200, guest: true},
	"GET /search/":             {path: "/search/?q=hi", status: 200},
	"GET /rooms/{room}/mutes/": {path: "/rooms/livechat/mutes/", status: 200},
	"POST /rooms/{room}/mutes/": {path: "/rooms/livechat/mutes/", body: `{"account":"bob","minutes":5}`,
		status: 201},
	"DELETE /rooms/{room}/mutes/{subject}/": {path: "/rooms/livechat/mutes/account:17/", status: 204},
	"GET /rooms/{room}/bans/":               {path: "/rooms/livechat/bans/", status: 200},
	"POST /rooms/{room}/bans/": {path: "/rooms/livechat/bans/", body: `{"author":"k3y","address":true}`,
		status: 201},
	"DELETE /rooms/{room}/bans/{subject}/": {path: "/rooms/livechat/bans/guest:k3y/", status: 204},
	"GET /rooms/{room}/rules/":             {path: "/rooms/livechat/rules/", status: 200},
	"PATCH /rooms/{room}/rules/": {path: "/rooms/livechat/rules/", body: `{"slow_s":10}`,
		status: 200},
	"POST /rooms/{room}/kick/": {path: "/rooms/livechat/kick/", body: `{"name":"gus"}`,
		status: 204},
	"DELETE /rooms/{room}/messages/": {path: "/rooms/livechat/messages/?account=bob", status: 200},
	"DELETE /rooms/{room}/messages/{id}/": {path: "/rooms/livechat/messages/" + anID + "/?seq=7",
		status: 204},
	"PUT /rooms/{room}/pin/": {path: "/rooms/livechat/pin/",
		body: `{"message":{"seq":7,"id":"` + anID + `"}}`, status: 204},
	"DELETE /rooms/{room}/pin/": {path: "/rooms/livechat/pin/", status: 204},
	"POST /rooms/{room}/reports/": {path: "/rooms/livechat/reports/",
		body: `{"message":{"seq":7,"id":"` + anID + `"},"reason":"spam"}`, status: 201},
	"GET /rooms/{room}/reports/": {path: "/rooms/livechat/reports/", status: 200},
	"POST /rooms/{room}/reports/{id}/": {path: "/rooms/livechat/reports/7/", body: `{"outcome":"deleted"}`,
		status: 200},
	"GET /reports/":      {status: 200},
	"GET /openapi.json":  {status: 200, guest: true},
	"GET /asyncapi.json": {status: 200, guest: true},
	"GET /docs/":         {status: 200, guest: true},
}

// each calls f for each example, with a new site where ann and bob have a chat.
func each(t *testing.T, f func(t *testing.T, s *site, ann *browser, method, path, body string, status int,
	guest bool)) {
	for _, r := range (&api{}).routes() {
		name := r.method + " " + r.path
		t.Run(name, func(t *testing.T) {
			example, ok := examples[name]
			if !ok {
				t.Fatal("this route has no example")
			}
			s := newSite(t, nil)
			ann, _ := s.register("ann"), s.register("bob")
			id := strings.Split(s.chat(ann, "bob"), "/")[4]
			if strings.HasPrefix(r.path, "/admin/") {
				s.appoint("ann")
			}
			if strings.Contains(example.path, anotherID) {
				s.chats[0].messages = []store.Message{{ID: anotherID, N: 1, Author: s.chats[0].members[0]}}
			}
			s.files.addLocked(anID, "a.png", files.Owner{}, []byte(png))
			path := r.path
			if example.path != "" {
				path = strings.ReplaceAll(example.path, "%s", id)
			}
			f(t, s, ann, r.method, base+path, example.body, example.status, example.guest)
		})
	}
}
