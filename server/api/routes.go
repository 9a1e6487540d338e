package api

import (
	"net/http"
	"strings"
)

// route is a method of a path below /api/v1. The path is as in openapi.json and
// works with and without a trailing slash.
type route struct {
	method, path string
	handle       handler
}

// movesFile reports whether a request to this route may take as long as it takes
// to move a file: see pace. Its handler checks the Content-Type.
func (r route) movesFile() bool { return strings.HasPrefix(r.path, "/files/") }

func (a *api) routes() []route {
	return []route{
		{http.MethodPost, "/accounts/", a.register},
		{http.MethodPost, "/login/", a.login},
		{http.MethodPost, "/logout/", a.logout},
		{http.MethodPost, "/logout-everywhere/", a.user(a.logoutEverywhere)},
		{http.MethodGet, "/me/", a.user(a.me)},
		{http.MethodDelete, "/me/", a.user(a.deleteMe)},
		{http.MethodPost, "/me/password/", a.user(a.changePassword)},
		{http.MethodPost, "/ticket/", a.user(a.ticket)},

		{http.MethodPost, "/chats/", a.user(a.createChat)},
		{http.MethodGet, "/chats/", a.user(a.listChats)},
		{http.MethodGet, "/chats/{id}/", a.user(a.getChat)},
		{http.MethodPost, "/chats/{id}/messages/", a.user(a.postMessage)},
		{http.MethodGet, "/chats/{id}/messages/", a.user(a.listMessages)},
		{http.MethodPatch, "/chats/{id}/messages/{message}/", a.user(a.editMessage)},
		{http.MethodDelete, "/chats/{id}/messages/{message}/", a.user(a.deleteMessage)},
		{http.MethodGet, "/chats/{id}/messages/{message}/reactions/", a.user(a.whoReacted)},
		{http.MethodPut, "/chats/{id}/messages/{message}/reactions/{emoji}/", a.user(a.react(true))},
		{http.MethodDelete, "/chats/{id}/messages/{message}/reactions/{emoji}/", a.user(a.react(false))},
		{http.MethodPost, "/chats/{id}/read/", a.user(a.markRead)},
		{http.MethodPost, "/chats/{id}/typing/", a.user(a.typing)},

		{http.MethodGet, "/rooms/{room}/messages/", a.roomMessages},
		{http.MethodGet, "/rooms/{room}/messages/{id}/reactions/", a.reactions},
		{http.MethodGet, "/search/", a.search},

		{http.MethodPost, "/files/", a.needFiles(a.upload)},
		{http.MethodOptions, "/files/", a.needFiles(a.tusOptions)},
		{http.MethodGet, "/files/{id}/", a.needFiles(a.file)},
		{http.MethodPatch, "/files/{id}/", a.needFiles(a.tus(a.tusPatch))},
		{http.MethodPost, "/files/{id}/", a.needFiles(a.tusOverride)},
		{http.MethodDelete, "/files/{id}/", a.needFiles(a.deleteFile)},
		{http.MethodGet, "/files/{id}/{name}", a.needFiles(a.download)},

		{http.MethodGet, "/openapi.json",
			func(w http.ResponseWriter, r *http.Request) error { return a.spec.serve(w, r) }},
		{http.MethodGet, "/asyncapi.json",
			func(w http.ResponseWriter, r *http.Request) error { return a.sockets.serve(w, r) }},
		{http.MethodGet, "/docs/", func(w http.ResponseWriter,
			r *http.Request) error {
			return a.docs.serve(w, r)
		}},
	}
}
