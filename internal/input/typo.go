package input

import "strings"

// providers are domains that very many people have addresses at, and so the
// ones that typing slips start from. The first label of each is five letters or
// longer: a shorter name has too many real neighbours (live, line, five).
var providers = [...]string{
	"gmail.com", "yahoo.co.jp", "yahoo.com", "hotmail.com", "hotmail.co.jp", "outlook.com", "outlook.jp", "icloud.com",
	"docomo.ne.jp", "ezweb.ne.jp", "softbank.ne.jp", "i.softbank.jp", "vodafone.ne.jp", "ymobile.ne.jp", "rakuten.jp",
	"nifty.com", "biglobe.ne.jp", "so-net.ne.jp", "excite.co.jp", "infoseek.jp", "googlemail.com", "protonmail.com",
}

// others are real domains that are close to one of the providers, or short ones
// that are popular themselves. They are never taken for a slip.
var others = [...]string{
	"au.com", "me.com", "mac.com", "msn.com", "aol.com", "live.com", "live.jp", "gmx.com", "gmx.net", "gmx.de", "web.de",
	"mail.com", "email.com", "ymail.com", "ymail.ne.jp", "cloud.com", "hotmail.org", "proton.me", "pm.me", "qmail.com",
	"emobile.ne.jp", "ocn.ne.jp", "plala.or.jp", "uqmobile.jp", "fastmail.com", "zoho.com", "naver.com", "qq.com", "163.com",
}

// endings are last labels that do not exist, or stand for another one so often
// that the slip is the better guess.
var endings = [...]struct{ typed, meant string }{
	{",co,jp", ".co.jp"}, {".co,jp", ".co.jp"}, {",co.jp", ".co.jp"}, {".ne,jp", ".ne.jp"}, {",ne.jp", ".ne.jp"},
	{",com", ".com"}, {",jp", ".jp"}, {",net", ".net"}, {"..com", ".com"}, {".co..jp", ".co.jp"}, {"..jp", ".jp"},
	{".con", ".com"}, {".cmo", ".com"}, {".ocm", ".com"}, {".comm", ".com"}, {".coom", ".com"}, {".vom", ".com"},
	{".xom", ".com"}, {".cpm", ".com"}, {".c0m", ".com"}, {".co.jpp", ".co.jp"}, {".co.ip", ".co.jp"}, {".co.hp", ".co.jp"},
	{".cojp", ".co.jp"}, {".nejp", ".ne.jp"},
}

const maxTypoDomain = 32 // longer than every provider by more than two

// SuggestEmail returns the address that was probably meant when the domain of
// raw is one slip away from a well-known one (two slips for names of more than
// eight letters), or has an ending that does not exist, such as .con. ok is
// false where there is nothing to suggest. It is for a person to accept: the
// library itself never uses it in place of what was typed. It asks no DNS and
// no store.
func SuggestEmail(raw string) (suggestion string, ok bool) {
	if len(raw) > MaxIdentifier {
		return "", false
	}
	s := strings.TrimSpace(raw)
	if !plainAddress(s) {
		s = looseFold(s)
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || strings.ContainsFunc(s, refused) {
		return "", false
	}
	meant := nearest(s[at+1:])
	if meant == "" {
		return "", false
	}
	suggestion, err := Identifier(s[:at+1] + meant)
	return suggestion, err == nil
}

// looseFold does to an address that may be malformed what Identifier does to a
// good one, as far as finding its domain goes.
func looseFold(s string) string {
	return strings.Map(func(r rune) rune {
		switch r = foldASCII(r); {
		case r == '。' || r == '｡':
			return '.'
		case r == '、' || r == '､':
			return ','
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// nearest returns the domain that was meant by one with a slip in it, or "".
func nearest(domain string) string {
	if known(domain) {
		return ""
	}
	for _, e := range endings {
		if rest, cut := strings.CutSuffix(domain, e.typed); cut && rest != "" {
			fixed := rest + e.meant
			if better := nearest(fixed); better != "" { // a slip on both sides of the dot
				return better
			}
			return fixed
		}
	}
	if len(domain) > maxTypoDomain || !isASCII(domain) {
		return ""
	}
	best, found := 3, ""
	for _, p := range providers {
		most := 1
		if len(p) > 8 && p[0] == domain[0] { // two slips, of which the first letter is not one
			most = 2
		}
		if d := distance(domain, p, min(most, best-1)); d < best && !abroad(domain, p) {
			best, found = d, p
		}
	}
	return found
}

func known(domain string) bool {
	for _, list := range [2][]string{providers[:], others[:]} {
		for _, d := range list {
			if d == domain {
				return true
			}
		}
	}
	return domain == ""
}

// abroad reports whether domain is provider's name in another country, such as
// yahoo.co.uk or hotmail.fr, or another kind of name in the same one
// (docomo.co.jp). Two letters that are a slip of .com more often than a country
// do not count.
func abroad(domain, provider string) bool {
	name, suffix, _ := strings.Cut(domain, ".")
	if !strings.HasPrefix(provider, name+".") {
		return false
	}
	switch second, country, two := strings.Cut(suffix, "."); {
	case two:
		return len(country) == 2 && (second == "co" || second == "com" || second == "ne" || second == "or")
	case suffix == "co" || suffix == "cm" || suffix == "om":
		return false
	default:
		return len(suffix) == 2
	}
}

// distance returns the number of insertions, deletions, substitutions and swaps
// of neighbours between a and b (optimal string alignment), or a number above
// most as soon as it is known to be above.
func distance(a, b string, most int) int {
	const far = 1 << 10
	if len(a)-len(b) > most || len(b)-len(a) > most || len(a) > maxTypoDomain || len(b) > maxTypoDomain {
		return far
	}
	var before, prev, row [maxTypoDomain + 1]int
	for j := range len(b) + 1 {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if least > most {
			return far
		}
		before, prev = prev, row
	}
	if prev[len(b)] > most {
		return far
	}
	return prev[len(b)]
}
