package errcodes

import (
	"strconv"
	"strings"
	"time"
)

// durationWords says how long to wait, as an adverb that stands in a sentence:
// "in about {n} minutes". The singular forms are for one; a language without
// them gives the same words twice.
type durationWords struct {
	Unknown string `json:"unknown"`
	Second  string `json:"second"`
	Seconds string `json:"seconds"`
	Minute  string `json:"minute"`
	Minutes string `json:"minutes"`
	Hour    string `json:"hour"`
	Hours   string `json:"hours"`
	Day     string `json:"day"`
	Days    string `json:"days"`
}

func (w durationWords) over(base durationWords) durationWords {
	return durationWords{
		Unknown: overString(w.Unknown, base.Unknown),
		Second:  overString(w.Second, base.Second),
		Seconds: overString(w.Seconds, base.Seconds),
		Minute:  overString(w.Minute, base.Minute),
		Minutes: overString(w.Minutes, base.Minutes),
		Hour:    overString(w.Hour, base.Hour),
		Hours:   overString(w.Hours, base.Hours),
		Day:     overString(w.Day, base.Day),
		Days:    overString(w.Days, base.Days),
	}
}

// all pairs each form with its name in the catalogue files.
func (w durationWords) all() [9][2]string {
	return [9][2]string{
		{"unknown", w.Unknown},
		{"second", w.Second},
		{"seconds", w.Seconds},
		{"minute", w.Minute},
		{"minutes", w.Minutes},
		{"hour", w.Hour},
		{"hours", w.Hours},
		{"day", w.Day},
		{"days", w.Days},
	}
}

// say rounds d up, never down: who comes back when told must not be refused
// again for having come too early.
func (w durationWords) say(d time.Duration) string {
	n, one, many := w.round(d)
	form := many
	switch n {
	case 0:
		return w.Unknown
	case 1:
		form = one
	}
	return strings.Replace(form, "{n}", strconv.FormatInt(n, 10), 1)
}

// round picks the unit: seconds below a minute (above ten in steps of five),
// minutes below two hours (above fifteen in steps of five; sixty is one hour),
// hours up to two days, then days.
func (w durationWords) round(d time.Duration) (n int64, one, many string) {
	if d <= 0 {
		return 0, "", ""
	}
	if s := stepped(ceil(d, time.Second), 10); s < 60 {
		return s, w.Second, w.Seconds
	}
	if m := stepped(ceil(d, time.Minute), 15); m < 60 || m > 60 && m < 120 {
		return m, w.Minute, w.Minutes
	}
	if h := ceil(d, time.Hour); h <= 48 {
		return h, w.Hour, w.Hours
	}
	return ceil(d, 24*time.Hour), w.Day, w.Days
}

func ceil(d, unit time.Duration) int64 {
	n := int64(d / unit)
	if d%unit > 0 {
		n++
	}
	return n
}

// stepped rounds n up to a multiple of five where it is above limit.
func stepped(n, limit int64) int64 {
	if n <= limit {
		return n
	}
	return (n + 4) / 5 * 5
}

// figures are the numbers a text may mention.
type figures struct {
	wait   time.Duration
	phrase string // the wait in words, once it has been needed
	params paramSet
}

// expand replaces the placeholders of s. Texts are checked when they are parsed,
// so that there is none that it does not know.
func (c *Catalog) expand(s string, f *figures) string {
	if strings.IndexByte(s, '{') < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 32) // room for every wait in use: one allocation
	for {
		before, rest, found := strings.Cut(s, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		if name == placeholderWait {
			if f.phrase == "" {
				f.phrase = c.durations.say(f.wait)
			}
			b.WriteString(f.phrase)
		} else if v, ok := f.params.get(name); ok {
			b.WriteString(strconv.FormatInt(int64(v), 10))
		}
		s = after
	}
}

// placeholderWait is how long to wait, from [RetryAfter].
const placeholderWait = "wait"
