package plan

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Act is something that people do in a chat.
type Act int

// Values of Act. The first one is done in turn, up to Upload instead of it, and
// the others besides.
const (
	Send    Act    = iota // sends a message
	Edit                  // edits its last message
	Delete                // deletes it
	React                 // reacts to the newest message of the room
	Upload                // sends a message with a file
	Type                  // is typing
	Scroll                // reads a page of the room's history
	Search                // searches all rooms
	Private               // sends a private message
	Acts    = iota        // how many there are
)

var actNames = [Acts]string{"messages", "edits", "deletes", "reactions", "uploads", "typing", "history",
	"search", "private"}

// String returns the name of an act in a mix.
func (a Act) String() string { return actNames[a] }

// Mix says how often people do what, in percent of the messages: of each 100
// messages that are due, so many are an edit, a delete, a reaction or an upload
// instead, and to 100 of them come so many of the other acts. That of Send is 0.
type Mix [Acts]float64

// maxBesides is the most in percent of what comes to the messages.
const maxBesides = 1000

// mixForm says what -mix accepts.
const mixForm = "want percentages such as edits=5%,typing=20%; there are edits, deletes, reactions and " +
	"uploads, together at most 100 %, and typing, history, search and private, at most 1000 % each"

// ParseMix parses percentages such as edits=5%,typing=20%. Each is there once at
// most, and the percent signs may be missing.
func ParseMix(list string) (mix Mix, err error) {
	seen := make(map[Act]bool)
	for text := range strings.SplitSeq(list, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		name, value, _ := strings.Cut(text, "=")
		act, ok := actByName(strings.TrimSpace(name))
		percent, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), "%"), 64)
		switch {
		case !ok || err != nil || !(percent >= 0 && percent <= maxBesides):
			return Mix{}, fmt.Errorf("-mix %q: %s", text, mixForm)
		case seen[act]:
			return Mix{}, fmt.Errorf("-mix: %s is given twice", act)
		}
		seen[act], mix[act] = true, percent
	}
	if mix[Edit]+mix[Delete]+mix[React]+mix[Upload] > 100 {
		return Mix{}, fmt.Errorf("-mix %q: %s", list, mixForm)
	}
	return mix, nil
}

func actByName(name string) (Act, bool) {
	for a := Edit; a < Acts; a++ {
		if actNames[a] == name {
			return a, true
		}
	}
	return 0, false
}

// String formats the mix as ParseMix reads it.
func (m Mix) String() string {
	var all []string
	for a := Edit; a < Acts; a++ {
		if m[a] > 0 {
			all = append(all, fmt.Sprintf("%s=%g%%", a, m[a]))
		}
	}
	return strings.Join(all, ",")
}

// Percents returns what is more than 0, by name.
func (m Mix) Percents() map[string]float64 {
	all := make(map[string]float64)
	for a := Edit; a < Acts; a++ {
		if m[a] > 0 {
			all[a.String()] = m[a]
		}
	}
	return all
}

// Changes reports whether some messages are something else instead.
func (m Mix) Changes() bool { return m[Edit]+m[Delete]+m[React]+m[Upload] > 0 }

// NeedsAPI reports whether something is done over the servers' HTTP API.
func (m Mix) NeedsAPI() bool { return m[Upload]+m[Scroll] > 0 || m.NeedsAccounts() }

// NeedsAccounts reports whether something is done by people with accounts.
func (m Mix) NeedsAccounts() bool { return m[Search]+m[Private] > 0 }

// Instead draws what is done when a message is due; Send if that is sent.
func (m Mix) Instead(random *rand.Rand) Act {
	turn := 100 * random.Float64()
	for a := Edit; a <= Upload; a++ {
		if turn -= m[a]; turn < 0 {
			return a
		}
	}
	return Send
}

// Besides draws what is done besides a message. An act may be there more than
// once.
func (m Mix) Besides(random *rand.Rand) (all []Act) {
	for a := Type; a < Acts; a++ {
		for rest := m[a]; rest > 0; rest -= 100 {
			if 100*random.Float64() < rest {
				all = append(all, a)
			}
		}
	}
	return all
}

// The most that one account does a second, well below the servers' limits:
// searches and private messages.
const (
	searchesOfAccount = 1
	postsOfAccount    = 2.5
)

// MaxAccounts is how many accounts a process of a run makes at most.
const MaxAccounts = 20

// Accounts returns how many people with accounts this process needs for the mix:
// an even number, since each has another one to write to.
func (s *Settings) Accounts() int {
	if !s.Mix.NeedsAccounts() {
		return 0
	}
	_, clients := s.Own()
	rate := s.top() * float64(clients) / float64(s.Clients) / 100
	pairs := int(max(rate*s.Mix[Search]/searchesOfAccount, rate*s.Mix[Private]/postsOfAccount)/2) + 1
	return min(2*pairs, MaxAccounts)
}
