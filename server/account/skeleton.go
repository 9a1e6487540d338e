package account

import (
	"cmp"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Skeleton maps a name in any script to a form that is equal for names that
// look alike. It is for comparison, not for display. It is idempotent.
//
// It is the skeleton of Unicode Technical Standard 39, adapted to one question:
// can this name be mistaken for an account's name, which is ASCII? So it goes
// further there: case, accents, and everything except letters and digits are
// ignored (Ánn, a.n.n and "ann ✓" are ann), and i, l and 1 are the same. And it
// knows only look-alikes of a-z and 0-9: those in this file and Unicode's own
// (confusables.txt). Two names in other scripts are different, unless they
// differ in marks only.
//
// It compares looks. Names that only read alike (4nn for ann) are different. It
// must not change for names that exist: the store keeps skeletons.
func Skeleton(name string) string {
	return skeletonBy(lookalikes, strings.Map(func(r rune) rune {
		if as, ok := composed[r]; ok {
			return as
		}
		return r
	}, name))
}

// skeletonBy is Skeleton with another table of look-alikes.
func skeletonBy(table map[rune]string, name string) string {
	name = beforeNFKD.Replace(name)
	// Before folding: Υ looks like Y, its lower case υ like u.
	name = looks(table, norm.NFKD.String(name))
	name = cases.Fold().String(name)            // a Caser must not be shared
	name = strings.ToLower(name)                // Fold leaves Cherokee in upper case
	return looks(table, norm.NFKD.String(name)) // folding can produce look-alikes
}

// beforeNFKD replaces characters whose looks NFKD does not preserve: a lunate
// sigma would become Σ, and "ann™" should be ann, not anntm.
var beforeNFKD = strings.NewReplacer("Ϲ", "C", "™", "", "℠", "")

// looks replaces look-alikes and removes everything except letters and digits.
func looks(table map[rune]string, s string) string {
	var b strings.Builder
	b.Grow(len(s))
	runes := []rune(s)
	for i, r := range runes {
		if as, ok := table[r]; ok {
			b.WriteString(as)
		} else if isStroke(runes, i) {
			b.WriteByte('l')
		} else if isSignificant(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isSignificant reports whether r is a letter or a number. Modifier letters are
// not: most of them look like quotes or accents.
func isSignificant(r rune) bool {
	return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt, unicode.Lo, unicode.N)
}

// isStroke reports whether the punctuation mark at i can be read as an l: an
// exclamation mark before a letter (adm!n, but not "ann!"), or a bar that does
// not stand alone (bi||, but not "bill | away").
func isStroke(runes []rune, i int) bool {
	before, after := i-1, i+1
	if isBar(runes[i]) {
		for before >= 0 && isBar(runes[before]) {
			before--
		}
		for after < len(runes) && isBar(runes[after]) {
			after++
		}
	} else if runes[i] == '!' || runes[i] == '¡' {
		before = -1
	} else {
		return false
	}
	return before >= 0 && isSignificant(runes[before]) || after < len(runes) && isSignificant(runes[after])
}

func isBar(r rune) bool { return strings.ContainsRune("|¦│┃∣❘⏐⎸⎹׀।", r) }

// lookalikes maps a rune to what stands for it in a skeleton, if that is
// another: this file's table, extended by Unicode's.
var lookalikes, composed = withConfusables(ownLookalikes())

func ownLookalikes() map[rune]string {
	m := make(map[rune]string, 1024)
	for as, runes := range lookalikesOf {
		for _, r := range runes {
			m[r] = as
		}
	}
	row := func(first rune, ascii string) {
		for i, r := range ascii {
			m[first+rune(i)] = cmp.Or(m[r], string(r))
		}
	}
	for _, a := range "🅐🅰🇦" { // alphabets that NFKD does not decompose
		row(a, "abcdefghijklmnopqrstuvwxyz")
	}
	for _, one := range "❶➀➊" {
		row(one, "123456789")
	}
	return m
}

// lookalikesOf lists, for each string of a skeleton, the runes that look like
// it in a common typeface after NFKD. NFKD maps the full-width, mathematical,
// circled, superscript and subscript ones. The order is: Latin and ASCII, Greek
// and Coptic, Cyrillic, Armenian and Georgian, Cherokee, Lisu, right-to-left
// scripts, scripts of India and South-East Asia, symbols. Upper and lower case
// are listed under what each looks like.
//
// The wide letters m and w are written as rn and vv, so that no reading of
// "rnn" is missed.
var lookalikesOf = map[string]string{
	"a":  "ɑⱭᴀȺᶏⱥ" + "αΑⲁⲀ" + "аА" + "ᎪꓮꭺꞺ" + "⍺",
	"ae": "æÆᴁ" + "ӕӔ",
	"b":  "ƀɃɓƁƅƄʙᵬᶀꞖꞗ" + "βΒⲃⲂ" + "вВьЬъЪѣѢ" + "ᏏᏴᏼꓐꮟ",
	"c":  "ƈƇᴄȼȻↄɕꜾꜿꞒꞓꞔꟄ𝼝" + "ςⲥⲤ" + "сСҫҪ" + "Ꮯꮯꓚ" + "¢",
	"d":  "đĐɖƉɗƊᴅðȡᵭᶁᶑꟇꟈ" + "ԁ" + "ᎠꭰᏧꮷꓓ",
	"e":  "ɛƐᴇɇɆǝƎəƏɘᶒⱸꬴ" + "εΕΣⲉⲈ" + "еЕєЄҽҼэЭәӘ" + "Ꭼꭼꓰ" + "℮",
	"f":  "ƒƑꜰꞙꞘᶂ" + "ϝϜ" + "ғҒ" + "ք" + "ꓝ",
	"g":  "ɡɢǥǤɠƓƍᶃꞠꞡꬶ" + "ԍԌ" + "ց" + "ᏀᏳꮐꓖ",
	"h":  "ħĦɦʜⱨⱧʮʯꞕ" + "ΗⲏⲎ" + "һҺнНћЋђЂңҢӊӉ" + "հ" + "ᎻᏂꮋꮒꓧ",
	"l":  "iI1LıɩƖɪɨƗłŁƚȽɫʟᴌⱡⱠǀȴɬᶅᶖꝈꝉꞎꞭꬷꬸꬹ𝼑𝼓𝼚" + "ιΙⲓⲒ" + "іІӏӀ" + "ւԼ" + "ᎥᏆᏞꭵꮖꮮꓡꓲ" + "וןⵏߊا١۱" + "ǃ",
	"j":  "ȷɉɈᴊɟʄʝ" + "ϳͿ" + "јЈ" + "յՅ" + "Ꭻꭻꓙ",
	"k":  "ƙƘĸᴋⱪⱩᶄꝀꝁꝂꝃꝄꝅꞢꞣ" + "κΚⲕⲔ" + "кКқҚҝҜҟҞҡҠӄӃԟԞ" + "Ꮶꮶꓗ",
	"rn": "mMɱⱮᴍɰᶆꬺ" + "ΜⲙⲘϻϺ" + "мМӎӍ" + "Ꮇꮇꓟ",
	"n":  "ŋŊɲƝƞȠɴȵᶇꞐꞑꞤꞥꬻ" + "ηΝⲛⲚ" + "пПԥ" + "ոռղ" + "ꓠ",
	"o": "0øØɵƟᴏᴑⱺꝊꝋꝌꝍ𝼛" + "οΟσθΘⲟⲞ" + "оОөӨѳѲ" + "օՕჿ" + "ꓳ" + "סه٥۵߀" +
		"०০੦૦୦௦౦೦൦ഠ๐໐၀ဝ០᠐ං" + "〇◯",
	"oe": "œŒɶ",
	"p":  "ƥƤᴘƿǷᵽⱣᵱᶈꝐꝑꝒꝓꝔꝕ" + "ρΡϼⲣⲢ" + "рРҏҎ" + "Ꮲꮲꓑ" + "⍴",
	"q":  "ɋɊʠꝖꝗꝘꝙ" + "ϙϘ" + "ԛԚ" + "գզ",
	"r":  "ɾɼɽⱤʀɍɌꭇꭈɺɻɿᶉⱹꞦꞧꭉꭌꭨ𝼈𝼕𝼖" + "ⲅ" + "гГᴦґҐ" + "ᎡᏒꭱꮢꓣ",
	"s":  "ʂꜱƽȿᶊⱾꞨꞩꟉꟊ𝼞" + "ѕЅ" + "ՏჽႽ" + "ᏕᏚꮥꮪꓢ",
	"t":  "ŧŦƭƬʈƮᴛȾⱦƫȶ𝼉𝼍" + "τΤⲧⲦ" + "тТҭҬ" + "Ꭲꭲꓔ",
	"u":  "ʋƱʉɄᴜᶙꞸꞹ" + "υμ" + "цЦ" + "սՍ" + "ꓴ" + "∪⋃",
	"v":  "ᴠⱱⱴꝞꝟ" + "ν" + "ѵѴ" + "Ꮩꮩꓦ" + "ט٧۷" + "∨⋁",
	"vv": "wWɯƜᴡⱳⱲ" + "ωѡѠꞷ" + "ԝԜшШ" + "աԱ" + "ᎳᏔꮃꮤꓪ",
	"x":  "χΧⲭⲬᶍꭖꭗꭘꭙ" + "хХҳҲ" + "ꓫ" + "×",
	"y":  "ɣƔʏɏɎƴƳỿỾᶌ" + "γΥⲩⲨ" + "уУүҮұҰ" + "ყ" + "ᎩᎽꭹꮍꓬ",
	"z":  "ƶƵʐȥȤᴢⱬⱫɀʑᶎⱿꟆ" + "ΖⲍⲌ" + "Ꮓꮓꓜ",
	"2":  "ƨƧ" + "ꙅꙄ",
	"3":  "ʒƷȝȜɜ" + "ⳍⳌ" + "зЗӡӠҙҘ" + "३",
	"4":  "чЧ" + "Ꮞ",
	"5":  "Ƽ",
	"6":  "б" + "ⳓⳒ" + "Ꮾ",
	"8":  "ȣȢ" + "৪੪",
	"9":  "৭੧൭",
}
