package house

import (
	"regexp"
	"strings"
	"testing"
)

// The numbers of docs/limits.md are those of the code: if one changes, this says where else it stands.
func TestLimitsAreThoseOfTheCode(t *testing.T) {
	space := regexp.MustCompile(`\s+`)
	flat := func(name string) string { return space.ReplaceAllString(read(t, name), " ") }
	document := flat("docs/limits.md")
	for _, tt := range []struct{ file, code, text string }{
		{"lockout/policy.go", "set(&p.Threshold, 5)", "| failures that lock | 5 in 15 minutes"},
		{"lockout/policy.go", "set(&p.Window, 15*time.Minute)", "5 in 15 minutes"},
		{"lockout/policy.go", "set(&p.FirstLock, time.Minute)", "| first lock | 1 minute |"},
		{"lockout/policy.go", "set(&p.Factor, 2)", "| each further lock | twice as long"},
		{"lockout/policy.go", "set(&p.MaxLock, time.Hour)", "60 minutes at most"},
		{"lockout/policy.go", "set(&p.ForgetAfter, 24*time.Hour)", "| escalation forgotten | 24 hours"},
		{"lockout/policy.go", "maxConsecutive = 100", "password sign-in off | 100, however slow"},
		{"lockout/policy.go", "set(&p.Retention, 90*24*time.Hour)", "| remembered | 90 days"},
		{"lockout/policy.go", "StaleAfter = 120 * time.Second", "counts as failed after 120 seconds"},
		{"auth/config.go", "defaultSource = ratelimit.Per(20, 10*time.Minute)", "| sign-ins | 20 in 10 minutes |"},
		{"auth/config.go", "defaultRequests = ratelimit.Per(10, time.Hour)", "together | 10 in an hour |"},
		{"auth/config.go", "defaultMail = ratelimit.Per(3, 30*time.Minute)", "by address | 3 in 30 minutes |"},
		{"auth/config.go", "defaultIdle = time.Hour", "| unused | 1 hour |"},
		{"auth/config.go", "defaultAbsolute = 24 * time.Hour", "| in any case | 24 hours |"},
		{"auth/config.go", "defaultRemember = 30 * 24 * time.Hour", "| 30 days, both |"},
		{"auth/config.go", "defaultPerUser = 100", "| of one account | 100,"},
		{"auth/limits.go", "wideFactor = 10", "has ten times as much"},
		{"auth/notice.go", "noticeLimit = ratelimit.Per(1, 24*time.Hour)", "| notices of a lock | 1 in 24 hours |"},
		{"auth/signup.go", "signUpTTL = 24 * time.Hour", "| link to finish a sign-up | 24 hours |"},
		{"auth/signup.go", "resetTTL = 30 * time.Minute", "| link to set a new password | 30 minutes |"},
		{"auth/signup.go", "maxTickets = 3", "or address | 3, the oldest makes room |"},
		{"auth/signup.go", "mailJobTTL = 24 * time.Hour", "Mail is tried again for 24 hours"},
		{"auth/worker.go", "retryFirst = 10 * time.Second", "after 10 seconds first"},
		{"auth/worker.go", "retryMost = 30 * time.Minute", "and 30 minutes at most"},
		{"auth/worker.go", "keepClients = 30 * 24 * time.Hour", "| network address and browser in events | 30 days |"},
		{"auth/worker.go", "keepEvents = 400 * 24 * time.Hour", "| events | 400 days |"},
		{"auth/events.go", "maxWaitingEvents = 4096", "| 4,096, then dropped"},
		{"auth/service.go", "opTimeout = 15 * time.Second", "has 15 seconds"},
		{"auth/session.go", "touchShare = 12", "every twelfth of the idle time"},
		{"auth/mail/mail.go", "defaultTimeout = 30 * time.Second", "may take 30 seconds"},
		{"auth/authhttp/body.go", "maxBody = 16 << 10", "| body of a request | 16 KiB |"},
		{"auth/authhttp/cookie.go", "maxCookie = 4096", "| cookie | 4,096 bytes |"},
		{"auth/authhttp/cookie.go", "signUpAge = 24 * time.Hour", "is remembered | 24 hours |"},
		{"auth/authhttp/clientip.go", "maxHops = 64", "X-Forwarded-For | 64 |"},
		{"auth/authhttp/redirect.go", "maxReturnTo = 2048", "return to | 2,048 bytes |"},
		{"auth/memstore/events.go", "maxEvents = 20_000", "20,000 events"},
		{"auth/memstore/tickets.go", "maxTickets = 100_000", "100,000 tickets"},
		{"auth/memstore/queue.go", "maxJobs = 100_000", "100,000 jobs"},
		{"auth/ratelimit/memory.go", "DefaultMaxKeys = 100_000", "| buckets in memory | 100,000"},
		{"internal/input/secret.go", "MaxPasswordBytes = 1024", "1,024 bytes and 256 characters"},
		{"internal/input/secret.go", "MaxPasswordRunes = 256", "1,024 bytes and 256 characters"},
		{"internal/passhash/passhash.go", "MaxVerifyCost = 16", "still verified | 16 |"},
		{"internal/passpolicy/passpolicy.go", "DefaultMinLength = 15", "at least 15 characters"},
	} {
		if !strings.Contains(flat(tt.file), tt.code) {
			t.Errorf("%s no longer says %q: look at docs/limits.md, which says %q, and mend this list", tt.file, tt.code, tt.text)
		}
		if !strings.Contains(document, tt.text) {
			t.Errorf("docs/limits.md does not say %q, as %s does: %q", tt.text, tt.file, tt.code)
		}
	}
}
