package moderation

import (
	"strings"
	"testing"

	"livechat/server/chat"
)

func TestReports(t *testing.T) {
	o := open(t)
	ctx, mod, admin := t.Context(), o.actor("mod1"), o.actor("admin1")
	target := o.says("k3y", "s", "buy")
	member := o.users["member"]
	account := Reporter{Subject: chat.AccountSubject(member.ID), Name: "member", Author: "@member"}
	guest := Reporter{Subject: "g:other", Author: "other"}
	reports := func(what string, by Reporter, room, reason string, wantNew bool, code chat.Code) {
		t.Helper()
		isNew, err := o.Report(ctx, by, room, target, reason)
		wantCode(t, what, err, code)
		if isNew != wantNew {
			t.Errorf("%s: new %t", what, isNew)
		}
	}
	reports("an account", account, "hall", "spam", true, "")
	reports("again", account, "hall", "spam!", false, "")
	reports("a guest", guest, "hall", "ads", true, "")
	reports("its author", Reporter{Subject: "g:k3y", Author: "k3y"}, "hall", "", false, chat.CodeBadRequest)
	reports("a long reason", guest, "hall", strings.Repeat("x", 501), false, chat.CodeTooLong)
	reports("no room", guest, "No", "", false, chat.CodeBadRoom)
	_, err := o.Report(ctx, guest, "hall", chat.Target{Seq: 99, ID: target.ID}, "")
	wantCode(t, "no message", err, chat.CodeUnknownMessage)

	_, err = o.Reports(ctx, o.actor("member"), "hall", false, 0, 10)
	wantCode(t, "a member lists", err, chat.CodeForbidden)
	_, err = o.Reports(ctx, mod, "", false, 0, 10)
	wantCode(t, "a moderator lists all rooms", err, chat.CodeForbidden)
	all, err := o.Reports(ctx, mod, "hall", false, 0, 10)
	if err != nil || len(all) != 2 || all[1].Message.Text != "buy" || all[1].ReporterName != "member" {
		t.Fatalf("reports %+v, %v", all, err)
	}
	if every, err := o.Reports(ctx, admin, "", false, 0, 10); err != nil || len(every) != 2 {
		t.Errorf("of all rooms: %+v, %v", every, err)
	}
	_, err = o.CloseReport(ctx, mod, "hall", all[0].ID, "shot", "")
	wantCode(t, "no outcome", err, chat.CodeBadRequest)
	_, err = o.CloseReport(ctx, o.actor("member"), "hall", all[0].ID, "deleted", "")
	wantCode(t, "a member closes", err, chat.CodeForbidden)
	closed, err := o.CloseReport(ctx, mod, "hall", all[0].ID, "deleted", "ads")
	if err != nil || closed.Outcome != "deleted" || closed.ClosedBy != "mod1" {
		t.Errorf("closed %+v, %v", closed, err)
	}
	_, err = o.CloseReport(ctx, mod, "hall", all[0].ID, "deleted", "")
	wantCode(t, "close again", err, chat.CodeNotFound)
	if got := strings.Join(o.audit(), "; "); got != "mod1 report.close  gus ads" {
		t.Errorf("audit log: %s", got)
	}
}
