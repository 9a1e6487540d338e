package chat

// Sizes of a page of results, in everything that is read page by page.
const (
	DefaultPage = 50
	MaxPage     = 100
)

// PageSize returns how many results a page has: limit, or DefaultPage if it is
// 0. Codes: bad_request.
func PageSize(limit int) (int, error) {
	if limit < 0 || limit > MaxPage {
		return 0, Errorf(CodeBadRequest, "limit must be a number from 1 to %d", MaxPage)
	}
	if limit == 0 {
		return DefaultPage, nil
	}
	return limit, nil
}
