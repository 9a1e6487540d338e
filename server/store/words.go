package store

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// This file decides what a search finds. The databases do not: each has its own
// idea of letters, case and word boundaries. Messages and queries are split
// into the same tokens, which the databases only compare.
//
// A word is a run of letters, digits and marks, folded: NFKC, no case, no
// invisible characters. Scripts without spaces have no visible word boundaries,
// so a run of such a script becomes its pairs of characters (東京都: 東京 京都 都), and
// a search text is found inside it.

// maxWord is the longest word in characters. The rest of a longer one is
// ignored.
const maxWord = 64

// term is a part of a query that is searched as a whole: one token, or several
// in a row.
type term struct {
	tokens []string
	prefix bool // the single token is a prefix of one in the text
}

// unspaced are the scripts written without spaces between words.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// folded returns a text in the form in which texts are compared.
func folded(text string) string {
	text = norm.NFKC.String(strings.ToValidUTF8(text, " "))
	text = norm.NFKC.String(cases.Fold().String(text)) // a Caser may not be shared
	return strings.ReplaceAll(text, "i\u0307", "i")    // the folded form of İ
}

// A run is a sequence of letters of one kind, split in the same way.
const (
	noRun = iota
	wordRun
	unspacedRun
)

// kindOf returns the kind of run that r belongs to. A mark belongs to the run
// before it.
func kindOf(r rune, before int) int {
	const longVowel = 'ー' // used in both Hiragana and Katakana, and assigned to neither
	switch {
	case r == longVowel || unicode.In(r, unspaced...) && !unicode.Is(unicode.P, r):
		return unspacedRun
	case unicode.Is(unicode.M, r):
		return before
	case unicode.IsLetter(r) || unicode.IsNumber(r):
		return wordRun
	}
	return noRun
}

// runs calls found for each run of a text, in order.
func runs(text string, found func(run []rune, kind int)) {
	var run []rune
	kind := noRun
	end := func() {
		if kind != noRun {
			found(run, kind)
		}
		run = run[:0]
	}
	for _, r := range folded(text) {
		if unicode.Is(unicode.Cf, r) {
			continue
		}
		next := kindOf(r, kind)
		if next != kind {
			end()
		}
		kind, run = next, append(run, r)
	}
	end()
}

// pairs returns each pair of adjacent characters of a run.
func pairs(run []rune) []string {
	all := make([]string, 0, len(run))
	for i := range len(run) - 1 {
		all = append(all, string(run[i:i+2]))
	}
	return all
}

// indexTokens returns the tokens of a message, in order. The last character of
// an unspaced run is also a token, so that each character begins one.
func indexTokens(text string) (tokens []string) {
	runs(text, func(run []rune, kind int) {
		if kind == wordRun {
			tokens = append(tokens, string(run[:min(len(run), maxWord)]))
			return
		}
		tokens = append(append(tokens, pairs(run)...), string(run[len(run)-1:]))
	})
	return tokens
}

// queryTerms returns the terms of a query, up to maxSearchWords.
func queryTerms(query string) (terms []term) {
	runs(query, func(run []rune, kind int) {
		switch {
		case len(terms) == maxSearchWords:
		case kind == wordRun:
			terms = append(terms, term{tokens: []string{string(run[:min(len(run), maxWord)])}})
		case len(run) == 1:
			terms = append(terms, term{tokens: []string{string(run)}, prefix: true})
		default:
			terms = append(terms, term{tokens: pairs(run)})
		}
	})
	return terms
}

// wordsSQLite returns the text that FTS5 indexes for a message: its tokens,
// which contain no spaces.
func wordsSQLite(text string) string { return strings.Join(indexTokens(text), " ") }

// wordsPostgres returns a message's tsvector as text. Tokens contain no
// character that needs quoting. In a private chat the id of the chat is a word
// too; it is "" for a room.
func wordsPostgres(chat, text string) string {
	var b strings.Builder
	if chat != "" {
		b.WriteString("'" + chat + "'")
	}
	for i, token := range indexTokens(text) {
		b.WriteString(" '" + token + "':" + strconv.Itoa(i+1))
	}
	return b.String()
}

// matchSQLite returns an FTS5 query for all terms; matchPostgres returns a
// tsquery.
func matchSQLite(terms []term) string {
	all := make([]string, len(terms))
	for i, t := range terms {
		all[i] = `"` + strings.Join(t.tokens, " ") + `"`
		if t.prefix {
			all[i] += "*"
		}
	}
	return strings.Join(all, " AND ")
}

func matchPostgres(terms []term) string {
	all := make([]string, len(terms))
	for i, t := range terms {
		all[i] = "'" + strings.Join(t.tokens, "' <-> '") + "'"
		if t.prefix {
			all[i] += ":*"
		}
	}
	return strings.Join(all, " & ")
}
