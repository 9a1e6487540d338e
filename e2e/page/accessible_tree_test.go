package page

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// axNode is a node of the accessibility tree. The types of cdproto refuse
// properties that are newer than they are.
type axNode struct {
	ID         string  `json:"nodeId"`
	Parent     string  `json:"parentId"`
	Ignored    bool    `json:"ignored"`
	Role       axValue `json:"role"`
	Name       axValue `json:"name"`
	Properties []struct {
		Name  string  `json:"name"`
		Value axValue `json:"value"`
	} `json:"properties"`
}

type axValue struct {
	Value any `json:"value"`
}

func (v axValue) String() string { return strings.TrimSpace(fmt.Sprint(cmp.Or(v.Value, any("")))) }

func (n axNode) property(name string) string {
	for _, p := range n.Properties {
		if p.Name == name {
			return p.Value.String()
		}
	}
	return ""
}

// The elements that need a name: everything that one can operate, and every
// part that one can jump to.
var (
	interactive = strings.Fields("button link textbox searchbox combobox checkbox radio switch slider " +
		"spinbutton menuitem menuitemradio menuitemcheckbox tab option Date")
	landmarks = strings.Fields("banner complementary contentinfo form main navigation region search")
	named     = slices.Concat(interactive,
		strings.Fields("dialog alertdialog menu log region complementary navigation image heading"))
)

// checkTree checks names, roles and landmarks.
func (w *window) checkTree(s accessState) {
	w.t.Helper()
	var tree struct {
		Nodes []axNode `json:"nodes"`
	}
	w.do(chromedp.ActionFunc(func(ctx context.Context) error {
		return cdp.Execute(ctx, "Accessibility.getFullAXTree", nil, &tree)
	}))
	w.checkMenus(s, tree.Nodes)
	count, places := map[string]int{}, map[string]int{}
	modals := 0
	for _, n := range tree.Nodes {
		role, name := n.Role.String(), n.Name.String()
		if n.Ignored {
			continue
		}
		count[role]++
		if name == "" && (slices.Contains(named, role) ||
			n.property("focusable") == "true" && role != "RootWebArea" && role != "listitem") {
			w.t.Errorf("%s: a %s has no name: %+v", s.name, role, n)
		}
		if slices.Contains(landmarks, role) && (role != "form" || name != "") { // without a name it is none
			places[role+" "+name]++
		}
		if n.property("modal") == "true" {
			modals++
		}
		if role == "heading" && n.property("level") == "1" {
			count["h1"]++
		}
	}
	for place, n := range places {
		if n > 1 {
			w.t.Errorf("%s: %d landmarks are %q", s.name, n, place)
		}
	}
	if s.modal != "" {
		w.is(s.name+": the focus is in the modal dialog", fmt.Sprintf(
			`(d => d?.matches(":modal") && d.contains(document.activeElement))(document.getElementById(%q))`,
			s.modal))
		if modals != 1 || count["h1"] > 0 {
			w.t.Errorf("%s: the tree has %d modal dialogs and %d h1, want the dialog alone",
				s.name, modals, count["h1"])
		}
		return
	}
	for _, role := range strings.Fields(s.roles) {
		if count[role] == 0 {
			w.t.Errorf("%s: the tree has no %s: %v", s.name, role, count)
		}
	}
	if count["h1"] != 1 || count["main"] != 1 || count["log"] > 1 || modals > 0 {
		w.t.Errorf("%s: %d h1, %d main, %d log, %d modal dialogs, want 1, 1, at most 1, 0",
			s.name, count["h1"], count["main"], count["log"], modals)
	}
}

// checkMenus checks that menus contain items, and groups of items, only: a
// screen reader goes from item to item, and counts them.
func (w *window) checkMenus(s accessState, tree []axNode) {
	w.t.Helper()
	nodes := make(map[string]axNode, len(tree))
	for _, n := range tree {
		nodes[n.ID] = n
	}
	none := func(n axNode) bool { return n.Ignored || n.Role.String() == "generic" }
	within := func(n axNode) axNode {
		n = nodes[n.Parent]
		for none(n) && n.Parent != "" {
			n = nodes[n.Parent]
		}
		return n
	}
	for _, n := range tree {
		role, owner := n.Role.String(), within(n)
		inMenu := owner.Role.String() == "menu"
		inGroup := owner.Role.String() == "group" && within(owner).Role.String() == "menu"
		isAllowed := strings.HasPrefix(role, "menuitem") || inMenu && role == "group"
		if (inMenu || inGroup) && !none(n) && !isAllowed {
			w.t.Errorf("%s: a menu contains a %s: %q", s.name, role, n.Name.String())
		}
	}
}
