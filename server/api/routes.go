package api

import (
	"net/http"
	"strings"

	"livechat/server/store"
)

// route is a method of a path below /api/v1. The path is as in openapi.json and
// works with and without a trailing slash.
type route struct {
	method, path string
	handle       handler
}

// movesFile reports whether a request to this route may take as long as it takes
// to move a file, or an export with files: see pace. Its handler checks the
// Content-Type.
func (r route) movesFile() bool {
	return strings.HasPrefix(r.path, "/files/") || strings.HasSuffix(r.path, "/export/")
}

func (a *api) routes() []route {
	return []route{
		{http.MethodPost, "/accounts/", a.register},
		{http.MethodPost, "/login/", a.login},
		{http.MethodPost, "/logout/", a.logout},
		{http.MethodPost, "/logout-everywhere/", a.user(a.logoutEverywhere)},
		{http.MethodGet, "/me/", a.user(a.me)},
		{http.MethodDelete, "/me/", a.user(a.deleteMe)},
		{http.MethodPost, "/me/password/", a.user(a.changePassword)},
		{http.MethodGet, "/me/export/", a.user(a.exportMe)},
		{http.MethodGet, "/guests/export/", a.guest(a.exportGuest)},
		{http.MethodPost, "/guests/erase/", a.guest(a.eraseGuest)},
		{http.MethodGet, "/guests/erase/", a.guest(a.guestErasure)},
		{http.MethodPost, "/ticket/", a.user(a.ticket)},

		{http.MethodPost, "/chats/", a.user(a.writes(a.createChat))},
		{http.MethodGet, "/chats/", a.user(a.listChats)},
		{http.MethodGet, "/chats/{id}/", a.user(a.getChat)},
		{http.MethodPost, "/chats/{id}/messages/", a.user(a.writes(a.postMessage))},
		{http.MethodGet, "/chats/{id}/messages/", a.user(a.listMessages)},
		{http.MethodPatch, "/chats/{id}/messages/{message}/", a.user(a.writes(a.editMessage))},
		{http.MethodDelete, "/chats/{id}/messages/{message}/", a.user(a.writes(a.deleteMessage))},
		{http.MethodGet, "/chats/{id}/messages/{message}/reactions/", a.user(a.whoReacted)},
		{http.MethodPut, "/chats/{id}/messages/{message}/reactions/{emoji}/",
			a.user(a.writes(a.react(true)))},
		{http.MethodDelete, "/chats/{id}/messages/{message}/reactions/{emoji}/",
			a.user(a.writes(a.react(false)))},
		{http.MethodPost, "/chats/{id}/read/", a.user(a.markRead)},
		{http.MethodPost, "/chats/{id}/typing/", a.user(a.typing)},

		{http.MethodGet, "/blocks/", a.user(a.listBlocks)},
		{http.MethodPut, "/blocks/{name}/", a.user(a.block)},
		{http.MethodDelete, "/blocks/{name}/", a.user(a.unblock)},

		{http.MethodGet, "/rooms/", a.anybody(a.listRooms)},
		{http.MethodPost, "/rooms/", a.actor(a.makeRoom)},
		{http.MethodGet, "/rooms/{room}/", a.anybody(a.getRoom)},
		{http.MethodPatch, "/rooms/{room}/", a.actor(a.setRoom)},
		{http.MethodDelete, "/rooms/{room}/", a.actor(a.deleteRoom)},
		{http.MethodGet, "/rooms/{room}/members/", a.actor(a.listMembers)},
		{http.MethodPut, "/rooms/{room}/members/{name}/", a.actor(a.setMember)},
		{http.MethodDelete, "/rooms/{room}/members/{name}/", a.actor(a.removeMember)},
		{http.MethodGet, "/rooms/{room}/invites/", a.actor(a.listInvites)},
		{http.MethodPost, "/rooms/{room}/invites/", a.actor(a.makeInvite)},
		{http.MethodDelete, "/rooms/{room}/invites/{id}/", a.actor(a.removeInvite)},
		{http.MethodGet, "/invites/{token}/", a.invited},
		{http.MethodPost, "/invites/{token}/", a.actor(a.join)},

		{http.MethodGet, "/rooms/{room}/messages/", a.roomMessages},
		{http.MethodGet, "/rooms/{room}/messages/{id}/reactions/", a.reactions},
		{http.MethodGet, "/search/", a.search},

		{http.MethodGet, "/rooms/{room}/mutes/", a.bans(store.KindMute)},
		{http.MethodPost, "/rooms/{room}/mutes/", a.addBan(store.KindMute)},
		{http.MethodDelete, "/rooms/{room}/mutes/{subject}/", a.liftBan(store.KindMute)},
		{http.MethodGet, "/rooms/{room}/bans/", a.bans(store.KindBan)},
		{http.MethodPost, "/rooms/{room}/bans/", a.addBan(store.KindBan)},
		{http.MethodDelete, "/rooms/{room}/bans/{subject}/", a.liftBan(store.KindBan)},
		{http.MethodGet, "/rooms/{room}/rules/", a.user(a.rules)},
		{http.MethodPatch, "/rooms/{room}/rules/", a.user(a.setRules)},
		{http.MethodPost, "/rooms/{room}/kick/", a.user(a.kick)},
		{http.MethodDelete, "/rooms/{room}/messages/", a.user(a.eraseMessages)},
		{http.MethodDelete, "/rooms/{room}/messages/{id}/", a.user(a.eraseMessage)},
		{http.MethodPut, "/rooms/{room}/pin/", a.user(a.pin)},
		{http.MethodDelete, "/rooms/{room}/pin/", a.user(a.unpin)},
		{http.MethodPost, "/rooms/{room}/reports/", a.report},
		{http.MethodGet, "/rooms/{room}/reports/", a.user(a.reports)},
		{http.MethodPost, "/rooms/{room}/reports/{id}/", a.user(a.closeReport)},
		{http.MethodGet, "/reports/", a.user(a.reports)},

		{http.MethodPost, "/files/", a.needFiles(a.upload)},
		{http.MethodOptions, "/files/", a.needFiles(a.tusOptions)},
		{http.MethodGet, "/files/{id}/", a.needFiles(a.file)},
		{http.MethodPatch, "/files/{id}/", a.needFiles(a.tus(a.tusPatch))},
		{http.MethodPost, "/files/{id}/", a.needFiles(a.tusOverride)},
		{http.MethodDelete, "/files/{id}/", a.needFiles(a.deleteFile)},
		{http.MethodGet, "/files/{id}/{name}", a.needFiles(a.download)},

		{http.MethodGet, "/admin/accounts/", a.admin(a.adminFind)},
		{http.MethodGet, "/admin/accounts/{name}/", a.admin(a.adminShow)},
		{http.MethodDelete, "/admin/accounts/{name}/", a.change(a.adminRemove)},
		{http.MethodPut, "/admin/accounts/{name}/role/", a.admin(a.adminRole)},
		{http.MethodPost, "/admin/accounts/{name}/password/", a.change(a.adminPassword)},
		{http.MethodPost, "/admin/accounts/{name}/logout/", a.change(a.adminLogOut)},
		{http.MethodGet, "/admin/bans/", a.admin(a.adminBans)},
		{http.MethodGet, "/admin/rooms/", a.admin(a.adminRooms)},
		{http.MethodGet, "/admin/connections/", a.admin(a.adminPeople)},
		{http.MethodPost, "/admin/connections/close/", a.admin(a.adminClose)},
		{http.MethodPost, "/admin/follows/", a.admin(a.adminFollow)},
		{http.MethodGet, "/admin/follows/{id}/", a.admin(a.adminFrames)},
		{http.MethodDelete, "/admin/follows/{id}/", a.change(a.adminUnfollow)},
		{http.MethodGet, "/admin/storage/", a.admin(a.adminStorage)},
		{http.MethodGet, "/admin/servers/", a.admin(a.adminServers)},
		{http.MethodGet, "/admin/audit/", a.admin(a.adminAudit)},
		{http.MethodGet, "/admin/settings/", a.admin(a.adminSettings)},

		{http.MethodGet, "/openapi.json",
			func(w http.ResponseWriter, r *http.Request) error { return description(openAPI).serve(w, r) }},
		{http.MethodGet, "/asyncapi.json",
			func(w http.ResponseWriter, r *http.Request) error { return description(asyncAPI).serve(w, r) }},
		{http.MethodGet, "/docs/", a.serveDocs},
	}
}
