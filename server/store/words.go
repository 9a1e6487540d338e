package store

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// What a search finds is decided here, and not by the databases: each has its own
// idea of what a letter is, which case it has and where a word ends. Messages and
// queries are cut into the same tokens, which the databases only compare.
//
// A word is a run of letters, digits and marks, folded: in NFKC, without case,
// without invisible characters. In scripts that are written without spaces nobody
// can say where a word ends, so a run of theirs becomes its pairs of characters
// (東京都: 東京 京都 都), and what is looked for is found inside it.

// maxWord is the longest word in characters. Of longer ones this much counts.
const maxWord = 64

// term is a part of a text that is looked for as a whole: one token, or several
// that follow each other.
type term struct {
	tokens []string
	prefix bool // the one token is the beginning of one in the text
}

// unspaced are the scripts in which words follow each other without spaces.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// folded brings a text into the form in which texts are compared.
func folded(text string) string {
	text = norm.NFKC.String(strings.ToValidUTF8(text, " "))
	text = norm.NFKC.String(cases.Fold().String(text)) // a Caser may not be shared
	return strings.ReplaceAll(text, "i\u0307", "i")    // folding makes that of İ
}

// A run is letters of one kind, to be cut in the same way.
const (
	noRun = iota
	wordRun
	unspacedRun
)

// kindOf says which run r is a part of. Marks belong to whatever is before them.
func kindOf(r rune, before int) int {
	const longVowel = 'ー' // of Hiragana and Katakana, and of neither
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

// pairs returns each two characters of a run that follow each other.
func pairs(run []rune) []string {
	all := make([]string, 0, len(run))
	for i := range len(run) - 1 {
		all = append(all, string(run[i:i+2]))
	}
	return all
}

// indexTokens returns the tokens of a message, in order. The last character of a
// run of pairs stands alone, so that each character begins one.
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

// queryTerms returns what a query looks for, up to maxSearchWords of it.
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

// wordsSQLite is the text that FTS5 indexes for a message: its tokens, which have
// no spaces.
func wordsSQLite(text string) string { return strings.Join(indexTokens(text), " ") }

// wordsPostgres is a message's tsvector as text; tokens have no signs that mean
// something in it. chat is a word of it, too, and "" in a room.
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

// matchSQLite is an FTS5 query for all terms, and matchPostgres a tsquery.
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
