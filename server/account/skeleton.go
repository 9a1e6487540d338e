package account

import (
	"cmp"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Skeleton maps a name, in any script, to a form that is the same for names that look alike. It is for comparing and never for showing, and it is
// its own skeleton.
//
// It is the skeleton of Unicode Technical Standard 39, made for one question:
// can this be taken for an account's name, which is ASCII? So it goes further
// there (case, accents, and everything that is no letter or digit does not
// count: Ánn, a.n.n and "ann ✓" are ann; i, l and 1 are one) and knows only
// look-alikes of a-z and 0-9: those in this file and Unicode's own
// (confusables.txt). Two names in other scripts are told apart, unless they are
// spelled the same but for marks.
//
// It is about looks. What merely reads alike (4nn for ann) is another name. It must not change for names that exist: the store keeps skeletons.
func Skeleton(name string) string {
	return skeletonBy(lookalikes, strings.Map(func(r rune) rune {
		if as, ok := composed[r]; ok {
			return as
		}
		return r
	}, name))
}

// skeletonBy is Skeleton by a table of look-alikes.
func skeletonBy(table map[rune]string, name string) string {
	name = beforeNFKD.Replace(name)
	// before folding: Υ looks like Y, its small υ like u
	name = looks(table, norm.NFKD.String(name))
	name = cases.Fold().String(name)            // a Caser may not be shared
	name = strings.ToLower(name)                // Fold leaves Cherokee in capitals
	return looks(table, norm.NFKD.String(name)) // what folding has made can be a look-alike, too
}

// beforeNFKD mends where NFKD does not keep the looks: a lunate sigma would become Σ, and "ann™" should be ann, not anntm.
var beforeNFKD = strings.NewReplacer("Ϲ", "C", "™", "", "℠", "")

// looks replaces look-alikes and leaves out all but letters and digits.
func looks(table map[rune]string, s string) string {
	var b strings.Builder
	b.Grow(len(s))
	runes := []rune(s)
	for i, r := range runes {
		if as, ok := table[r]; ok {
			b.WriteString(as)
		} else if isStroke(runes, i) {
			b.WriteByte('l')
		} else if counts(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// counts says whether r is a letter or a number. Modifier letters are not: most of them look like quotes or accents.
func counts(r rune) bool {
	return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt, unicode.Lo, unicode.N)
}

// isStroke says whether the punctuation mark at i can be read as an l: an exclamation mark if a letter follows (adm!n, but not "ann!"), a bar
// unless it stands alone (bi||, but not "bill | away").
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
	return before >= 0 && counts(runes[before]) || after < len(runes) && counts(runes[after])
}

func isBar(r rune) bool { return strings.ContainsRune("|¦│┃∣❘⏐⎸⎹׀।", r) }

// lookalikes has what stands for a rune in a skeleton, where that is not the rune
// itself: what this file knows, and what Unicode knows beside it.
var lookalikes, composed = withConfusables(ownLookalikes())

func ownLookalikes() map[rune]string {
	m := make(map[rune]string, 1024)
	for as, runes := range alike {
		for _, r := range runes {
			m[r] = as
		}
	}
	row := func(first rune, ascii string) {
		for i, r := range ascii {
			m[first+rune(i)] = cmp.Or(m[r], string(r))
		}
	}
	for _, a := range "🅐🅰🇦" { // alphabets that NFKD does not know as such
		row(a, "abcdefghijklmnopqrstuvwxyz")
	}
	for _, one := range "❶➀➊" {
		row(one, "123456789")
	}
	return m
}

// alike has, for each string of a skeleton, the runes that look like it in one of the usual typefaces, after NFKD, which knows the full-width,
// mathematical, circled and super- and subscript ones. In this order: Latin and ASCII, Greek and Coptic, Cyrillic, Armenian and Georgian, Cherokee, Lisu,
// scripts written from the right, those of India and South-East Asia, symbols. Small and large letters stand for what each of them looks like.
//
// The wide letters m and w are written as what they can be made of, rn and vv: with that, no reading of "rnn" is missed.
var alike = map[string]string{
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
