package account

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"livechat/server/chat"
)

// Passwords that an attacker tries first are refused, however long they are:
// the user's name, a few characters repeated, a run along the keyboard or the
// alphabet, and common words, with or without digits around or within them.
// This is a rule and not a list of leaked passwords. It refuses little else,
// and covers most of the top of such lists.

// commonWords are compared in lower case, after digits that stand for letters
// are replaced.
var commonWords = func() map[string]bool {
	m := make(map[string]bool)
	for _, word := range strings.Fields(`
		password passwort parola motdepasse contrasena senha wachtwoord passphrase passcode secret
		secrets geheim letmein welcome welcomeback changeme
		default administrator admin root login logmein access master superuser guest trustnoone trustme
		opensesame
		iloveyou loveyou ilovegod lovely lovers sweetheart babygirl princess prinzessin sunshine rainbow
		butterfly flower summer winter spring autumn
		football baseball basketball softball soccer hockey tennis swimming liverpool arsenal chelsea
		barcelona realmadrid juventus manchester
		superman batman spiderman ironman wonderwoman starwars startrek pokemon minecraft fortnite
		naruto dragon monkey shadow phoenix unicorn
		michael jennifer jessica charlie jordan daniel thomas ashley andrew joshua matthew michelle
		nicole elizabeth alexander samantha victoria
		computer internet samsung google facebook microsoft windows whatsapp instagram youtube livechat
		freedom liberty forever whatever nothing something anything everything hello hellohello hallo
		abc abcd abcdef qwer qwerty qwertz azerty asdf asdfgh zxcvbn
		january february march april june july august september october november december monday tuesday
		wednesday thursday friday saturday sunday
		chocolate cookie cookies banana cheese coffee pepper ginger orange purple yellow silver golden
		diamond
		mustang ferrari porsche corvette mercedes harley yamaha kawasaki honda toyota money killer
		hunter ranger soldier warrior
		jesus jesuschrist christ angel angels heaven blessed family mother father brother sister friend
		friends test testing tester testtest`) {
		m[word] = true
	}
	return m
}()

// rows are runs of keys and letters, in both directions.
var rows = func() (all []string) {
	for _, row := range []string{
		"01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm",
		"qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn",
		"asdfghjkl;'", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "qazwsxedcrfvtgbyhnujmikolp",
		"1q2w3e4r5t6z7u8i9o0p", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0",
		"zaq12wsxcde34rfvbgt56yhnmju7", "1234qwerasdfzxcv", "123qweasdzxc", "1a2b3c4d5e6f7g8h9i",
		"a1b2c3d4e5f6g7h8i9", "abc123def456ghi789", "147258369", "741852963",
		"!@#$%^&*()_+", `!"§$%&/()=`,
	} {
		all = append(all, row, reversed(row))
	}
	return all
}()

var errCommonPassword = chat.Errorf(chat.CodeBadPassword,
	"This password is easy to guess. Choose another one, for instance several unrelated words.")

// checkCommon refuses a password that attackers try first. name is the user's,
// password as returned by checkPassword.
func checkCommon(password, name string) error {
	p := strings.ToLower(password)
	word, digits := trimmed(p, unicode.IsLetter), trimmed(p, unicode.IsDigit)
	switch {
	case repeats(p), strings.ReplaceAll(p, name, "") == "", word != "" &&
		word == trimmed(name, unicode.IsLetter):
	case commonWords[word], commonWords[letters(word)]:
	case onRow(p), onRow(word) && len(word)+3 >= len(p), onRow(digits) && len(digits)+3 >= len(p):
	default:
		return nil
	}
	return errCommonPassword
}

// trimmed removes characters other than those from both ends of s.
func trimmed(s string, those func(rune) bool) string {
	return strings.TrimFunc(s, func(r rune) bool { return !those(r) })
}

func onRow(s string) bool {
	return slices.ContainsFunc(rows, func(row string) bool { return strings.Contains(row, s) })
}

// repeats reports whether s repeats a unit of up to four characters.
func repeats(s string) bool {
	runes := []rune(s)
	for n := 1; n <= 4; n++ {
		same := true
		for i := n; i < len(runes) && same; i++ {
			same = runes[i] == runes[i-n]
		}
		if same {
			return true
		}
	}
	return false
}

// letters replaces digits and signs by the letters that they stand for.
func letters(s string) string {
	return strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$",
		"s", "!", "i").Replace(s)
}

func reversed(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeLastRuneInString(s)
		b.WriteRune(r)
		s = s[:len(s)-n]
	}
	return b.String()
}
