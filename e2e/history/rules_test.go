package history

import "testing"

// Of the messages m1 to m3 each is sent at a multiple of ten seconds and acked
// five seconds later.
func TestRules(t *testing.T) {
	muted := func(name string, asked, holds, lifting, lifted int) Silence {
		return Silence{Name: name, Rule: "muted", Asked: second(asked), Holds: second(holds),
			Lifting: second(lifting), Lifted: second(lifted)}
	}
	for _, c := range []struct {
		name     string
		silences []Silence
		refused  string // the rule, for message m4 of ann, sent at 50 and refused at 52; empty: it was not
		want     string
	}{
		{"nobody was muted", nil, "", ""},
		{"muted between two messages", []Silence{muted("", 26, 27, 28, 29)}, "", ""},
		{"muted while one was on its way", []Silence{muted("", 21, 22, 24, 29)}, "", ""},
		{"lifted while one was on its way", []Silence{muted("", 16, 19, 24, 29)}, "", ""},
		{"wrote in a pause", []Silence{muted("", 16, 19, 26, 29)}, "", " wrote m2 at "},
		{"another one is muted", []Silence{muted("bob", 16, 19, 26, 29)}, "", ""},
		{"refused by a rule", []Silence{muted("ann", 47, 49, 58, 59)}, "muted", ""},
		{"refused by a rule that is being asked for", []Silence{muted("ann", 51, 55, 58, 59)}, "muted", ""},
		{"refused by another rule", []Silence{muted("ann", 47, 49, 58, 59)}, "paused",
			"message m4 of ann was refused with paused"},
		{"refused for another one", []Silence{muted("bob", 47, 49, 58, 59)}, "muted", "without such a rule"},
		{"refused before it was asked for", []Silence{muted("ann", 53, 54, 58, 59)}, "muted",
			"without such a rule"},
		{"refused long after it was lifted", []Silence{muted("ann", 16, 17, 18, 19)}, "muted",
			"without such a rule"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, a, b := sentHistory(3)
			saw(a, 1, 2, 3)
			saw(b, 1, 2, 3)
			if c.refused != "" {
				h.SendingContent(Send{ID: "m4", Name: "ann", Sent: second(50)})
				h.Ruled("m4", c.refused, second(52))
			}
			for _, s := range c.silences {
				h.Silenced(s)
			}
			verdict(t, h, c.want)
		})
	}
}

// An author may delete a message while the room is silent.
func TestDeleteInASilence(t *testing.T) {
	h, a, b := deletedHistory()
	for _, r := range []*Reader{a, b} {
		receivedBuried(r)
	}
	h.Silenced(Silence{Rule: "paused", Asked: second(56), Holds: second(57), Lifting: second(68),
		Lifted: second(69)})
	verdict(t, h, "")
}
