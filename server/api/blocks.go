package api

import (
	"net/http"

	"livechat/server/store"
)

// blockView is an account that a user blocks. Times are Unix milliseconds.
type blockView struct {
	Name  string `json:"name"`
	Since int64  `json:"since"`
}

func viewBlock(b store.Block) blockView { return blockView{b.Name, b.Since.UnixMilli()} }

func (a *api) listBlocks(w http.ResponseWriter, r *http.Request, me store.User) error {
	q, limit, err := pageQuery(r)
	if err != nil {
		return err
	}
	page, more, err := a.Chats.Blocks(r.Context(), me.ID, q.get("after"), limit)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, struct {
		Blocks []blockView `json:"blocks"`
		Next   string      `json:"next,omitzero"`
	}{viewAll(page, viewBlock), nextOf(page, more, func(b store.Block) string { return b.Name })})
}

func (a *api) block(w http.ResponseWriter, r *http.Request, me store.User) error {
	if err := noBody(w, r); err != nil {
		return err
	}
	if err := a.Chats.Block(r.Context(), me.ID, r.PathValue("name")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *api) unblock(w http.ResponseWriter, r *http.Request, me store.User) error {
	if err := noBody(w, r); err != nil {
		return err
	}
	if err := a.Chats.Unblock(r.Context(), me.ID, r.PathValue("name")); err != nil {
		return err
	}
	return noContent(w)
}
