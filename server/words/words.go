// Package words finds blocked words in what people write.
//
// A room has a list of patterns: words, or regular expressions in the syntax of
// RE2 (Go's package regexp), whose time is linear in the text. They are looked
// for without regard to case, in the text and in its skeleton, in which
// characters that look alike are the same (account.Skeleton). So "paypal" also
// finds "PayPal" and "раураl" in Cyrillic letters.
package words

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"livechat/server/account"
	"livechat/server/chat"
)

const (
	// MaxPatterns is how many patterns a room may have.
	MaxPatterns = 100
	// MaxPattern is the longest pattern, in bytes.
	MaxPattern = 200
	// maxProgram bounds the instructions of all regular expressions of a room,
	// and with them the time for a message: with the worst of them, 40 ms for 4000
	// characters (BenchmarkVerdict). Words need none.
	maxProgram = 1000
)

// List is what a room's patterns are compiled to. Its methods may be called
// from any goroutine.
type List struct {
	version string // chat.WordsVersion
	texts   matcher
	looks   matcher // of skeletons
}

// matcher finds patterns in texts of one form.
type matcher struct {
	plain []plain
	exprs []*regexp.Regexp
}

// plain is a pattern that is a text.
type plain struct {
	text        string
	left, right bool // has to begin, or end, with a word, as \b says
}

// Clean returns patterns as they are stored: trimmed, without empty ones, each
// once. The error, a *chat.Error with code bad_request, says what is wrong with
// one, or that they are too many.
func Clean(patterns []string) (list []string, err error) {
	for i, p := range patterns {
		p = strings.TrimSpace(p)
		switch {
		case p == "" || slices.Contains(list, p):
			continue
		case len(list) == MaxPatterns:
			return nil, chat.Errorf(chat.CodeBadRequest, "a room has at most %d blocked words", MaxPatterns)
		case len(p) > MaxPattern:
			return nil, chat.Errorf(chat.CodeBadRequest, "blocked word %d is longer than %d bytes", i+1,
				MaxPattern)
		case !utf8.ValidString(p) || strings.ContainsFunc(p, unicode.IsControl):
			return nil, chat.Errorf(chat.CodeBadRequest,
				"blocked word %d is not valid UTF-8, or has control characters", i+1)
		}
		list = append(list, p)
	}
	_, err = Compile(list)
	return list, err
}

// Compile returns the list of these patterns; nil if there are none. The error
// is that of Clean.
func Compile(patterns []string) (*List, error) {
	if len(patterns) == 0 {
		return nil, nil
	}
	l, size := &List{version: chat.WordsVersion(patterns)}, 0
	for _, p := range patterns {
		n, err := l.add(p)
		if err != nil {
			return nil, chat.Errorf(chat.CodeBadRequest, "blocked word %q %v", p, err)
		}
		if size += n; size > maxProgram {
			return nil, chat.Errorf(chat.CodeBadRequest, "the blocked words are too complex together: "+
				"use plain words, smaller counts in {}, or fewer expressions")
		}
	}
	return l, nil
}

// add adds a pattern, and returns how many instructions it has.
func (l *List) add(pattern string) (size int, err error) {
	tree, err := syntax.Parse(pattern, syntax.Perl|syntax.FoldCase)
	if err != nil {
		return 0, fmt.Errorf("is not a regular expression as RE2 knows them: %w", err)
	}
	text, err := l.texts.add(clone(tree), fold)
	switch {
	case err != nil:
		return 0, err
	case l.texts.findsNothing():
		return 0, fmt.Errorf("finds the empty text, and so everything")
	}
	if !hasSkeleton(tree) {
		return text, nil
	}
	look, err := l.looks.add(tree, skeleton)
	if l.looks.findsNothing() {
		l.looks.drop()
	}
	return text + look, err
}

// minLetters is how many letters a text needs that has punctuation between them,
// so that they say enough without it.
const minLetters = 4

// hasSkeleton reports whether a pattern means the same in skeletons, which have
// no punctuation: c\+\+ would be any c there.
func hasSkeleton(tree *syntax.Regexp) bool {
	if p, ok := plainOf(tree); ok && utf8.RuneCountInString(skeleton(p.text)) >= minLetters {
		text := []rune(p.text)
		return !isPunctuation(text[0]) && !isPunctuation(text[len(text)-1])
	}
	return !losesPunctuation(tree)
}

func losesPunctuation(tree *syntax.Regexp) bool {
	if tree.Op == syntax.OpLiteral {
		return slices.ContainsFunc(tree.Rune, isPunctuation)
	}
	return slices.ContainsFunc(tree.Sub, losesPunctuation)
}

// isPunctuation reports whether a skeleton is without r. Of these two that
// depends on what is beside them.
func isPunctuation(r rune) bool {
	return !unicode.IsSpace(r) && r != '!' && r != '|' && account.Skeleton(string(r)) == ""
}

// add adds an expression whose literals are brought into the form of the texts
// in which they are looked for.
func (m *matcher) add(tree *syntax.Regexp, form func(string) string) (size int, err error) {
	into(tree, form)
	if p, ok := plainOf(tree); ok {
		m.plain = append(m.plain, p)
		return 0, nil
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return 0, fmt.Errorf("cannot be compiled: %w", err)
	}
	if size = len(program.Inst); size > maxProgram {
		return size, nil // which is refused: do not compile it
	}
	expr, err := regexp.Compile(tree.String())
	if err != nil {
		return 0, fmt.Errorf("cannot be compiled: %w", err)
	}
	m.exprs = append(m.exprs, expr)
	return size, nil
}

// findsNothing reports whether the pattern that was added last matches an empty
// text.
func (m *matcher) findsNothing() bool {
	return len(m.plain) > 0 && m.plain[len(m.plain)-1].text == "" ||
		len(m.exprs) > 0 && m.exprs[len(m.exprs)-1].MatchString("")
}

// drop removes that pattern.
func (m *matcher) drop() {
	m.plain = slices.DeleteFunc(m.plain, func(p plain) bool { return p.text == "" })
	m.exprs = slices.DeleteFunc(m.exprs, func(e *regexp.Regexp) bool { return e.MatchString("") })
}

// plainOf returns a tree as a plain pattern, if it is one.
func plainOf(tree *syntax.Regexp) (p plain, ok bool) {
	parts := []*syntax.Regexp{tree}
	if tree.Op == syntax.OpConcat {
		parts = tree.Sub
	}
	if len(parts) > 1 && parts[0].Op == syntax.OpWordBoundary {
		p.left, parts = true, parts[1:]
	}
	if n := len(parts); n > 1 && parts[n-1].Op == syntax.OpWordBoundary {
		p.right, parts = true, parts[:n-1]
	}
	switch {
	case len(parts) != 1:
		return plain{}, false
	case parts[0].Op == syntax.OpEmptyMatch && !p.left && !p.right:
		return plain{}, true
	case parts[0].Op != syntax.OpLiteral:
		return plain{}, false
	}
	p.text = string(parts[0].Rune)
	return p, true
}

// into brings the literals of a tree into a form. Classes of characters stay:
// they have both cases already.
func into(tree *syntax.Regexp, form func(string) string) {
	if tree.Op == syntax.OpLiteral {
		tree.Rune = []rune(form(string(tree.Rune)))
		tree.Flags &^= syntax.FoldCase
		if len(tree.Rune) == 0 {
			tree.Op = syntax.OpEmptyMatch
		}
	}
	for _, sub := range tree.Sub {
		into(sub, form)
	}
}

// clone returns a copy of a tree that shares nothing which into changes.
func clone(tree *syntax.Regexp) *syntax.Regexp {
	c := *tree
	c.Rune = slices.Clone(tree.Rune)
	c.Sub = make([]*syntax.Regexp, len(tree.Sub))
	for i, sub := range tree.Sub {
		c.Sub[i] = clone(sub)
	}
	return &c
}

// Version names the list: see chat.WordsVersion. Of no list it is empty.
func (l *List) Version() string {
	if l == nil {
		return ""
	}
	return l.version
}

// Verdict returns what the publish script is told of texts: the version of the
// list if none of its patterns is in them, otherwise that after an exclamation
// mark. Of no list it is empty.
func (l *List) Verdict(texts ...string) string {
	if l == nil {
		return ""
	}
	for _, text := range texts {
		if l.finds(text) {
			return chat.WordsHit + l.version
		}
	}
	return l.version
}

// finds reports whether a pattern is in a text.
func (l *List) finds(text string) bool {
	return text != "" && (l.texts.finds(fold(text)) || l.looks.finds(skeleton(text)))
}

func (m *matcher) finds(text string) bool {
	return slices.ContainsFunc(m.plain, func(p plain) bool { return p.in(text) }) ||
		slices.ContainsFunc(m.exprs, func(e *regexp.Regexp) bool { return e.MatchString(text) })
}

// in reports whether p is in a text.
func (p plain) in(text string) bool {
	if !p.left && !p.right {
		return strings.Contains(text, p.text)
	}
	for from := 0; ; {
		i := strings.Index(text[from:], p.text)
		if i < 0 {
			return false
		}
		start := from + i
		end := start + len(p.text)
		if (!p.left || boundary(text, start)) && (!p.right || boundary(text, end)) {
			return true
		}
		_, width := utf8.DecodeRuneInString(text[start:])
		from = start + width
	}
}

// boundary reports whether \b matches at i.
func boundary(text string, i int) bool {
	before := i > 0 && isWord(text[i-1])
	after := i < len(text) && isWord(text[i])
	return before != after
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
