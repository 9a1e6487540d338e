package plan

// Share is which of the clients one process of a run has: Count of them from
// First on. The zero value means all. Everything else in the settings is about
// the whole run, so that it does not depend on how many processes perform it.
type Share struct{ First, Count int }

// Own returns the share of these settings.
func (s *Settings) Own() (first, count int) {
	if s.Share == (Share{}) {
		return 0, s.Clients
	}
	return s.Share.First, s.Share.Count
}

// Split returns the shares of n processes. Consecutive clients are in different
// rooms and use different addresses, so each share has some of all of them.
func (s *Settings) Split(n int) []Share {
	all := make([]Share, n)
	for i := range all {
		first := i * s.Clients / n
		all[i] = Share{first, (i+1)*s.Clients/n - first}
	}
	return all
}
