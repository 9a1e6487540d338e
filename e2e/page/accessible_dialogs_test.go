package page

import (
	"testing"

	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
	"livechat/internal/need"
)

// The dialogs that a guest sees, and those of an account with a form unfolded,
// as assistive technology gets them.
func TestAccessibleDialogs(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	server, browser := harness.StartAlone(t), browse(t)
	open := func(name string) *window { return openWindow(t, browser, name, "http://"+server.Addr+"/") }
	eve, ann := open("eve"), open("ann")
	ann.registers()
	ann.say("hello")
	eve.enter()
	eve.hides("ann")
	wrong := func() {
		eve.do(chromedp.WaitVisible("#login-dialog #account-name", chromedp.ByQuery),
			typeIn("#account-password", "not the password"), pressEnter(0))
	}
	for _, s := range []accessState{
		{name: "log in", click: "#login", until: "#login-dialog #account-password", modal: "login-dialog"},
		{name: "log in, narrow", width: 390, click: "#menu-login", until: "#login-dialog #account-password",
			modal: "login-dialog"},
		{name: "log in, refused", until: "#login-dialog #account-error:not(:empty)", modal: "login-dialog",
			arrange: func() { eve.do(chromedp.Click("#login", chromedp.ByQuery)); wrong() }},
		{name: "hidden people", click: "#hidden-people", until: "#hidden-list .button",
			modal: "hidden-dialog"},
		{name: "hidden people, narrow", width: 390, click: "#hidden-people", until: "#hidden-list .button",
			modal: "hidden-dialog"},
		{name: "rooms", click: "#menu-rooms", until: "#finder-list li", modal: "room-finder"},
		{name: "rooms, narrow", width: 390, click: "#menu-rooms", until: "#finder-list li",
			modal: "room-finder"},
		{name: "keyboard shortcuts", click: "#menu-keys", until: "#keys li", modal: "keys-dialog"},
		{name: "emoji", click: "#emoji-button", until: "#emoji-grid > button", modal: "emoji"},
		{name: "emoji, narrow", width: 390, click: "#emoji-button", until: "#emoji-grid > button",
			modal: "emoji"},
		{name: "search of guests, narrow", width: 390, click: "#search-button", until: "#search",
			modal: "finder"},
		{name: "search of guests, wide", until: "#search", // it stays, as a column
			roles: "banner main log status search searchbox textbox heading complementary"},
	} {
		eve.checkState(s)
	}
	unfolds := func(item string) func() {
		return func() {
			ann.do(chromedp.Click("#account", chromedp.ByQuery), chromedp.Click(item, chromedp.ByQuery))
		}
	}
	for _, s := range []accessState{
		{name: "change password", until: "#new-password", modal: "account-dialog",
			arrange: unfolds("#change-password")},
		{name: "new room", until: "#maker-name", modal: "room-maker", arrange: func() {
			ann.finds()
			ann.clicks(".finder-foot button")
		}},
		{name: "delete account", until: "#delete-confirm", modal: "account-dialog",
			arrange: unfolds("#delete-account")},
	} {
		ann.checkState(s)
	}
}
