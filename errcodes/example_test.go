package errcodes_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

func Example() {
	login := func() error {
		return errcodes.New(errcodes.ReasonAccountTemporarilyLocked,
			errcodes.Uniform(), errcodes.RetryAfter(15*time.Minute), errcodes.During("login.password"))
	}
	err := fmt.Errorf("handler: %w", login())

	fmt.Println(errors.Is(err, errcodes.CodeAccountLocked))
	fmt.Println(errors.Is(err, errcodes.ReasonAccountTemporarilyLocked))
	if e, ok := errors.AsType[*errcodes.Error](err); ok {
		wait, _ := e.Retry()
		fmt.Println(wait)
		fmt.Println(errcodes.CatalogFor("en").Error(e).Detail)
	}
	// Output:
	// true
	// true
	// 15m0s
	// Sign-in is paused for this address. Try again in about 15 minutes. To get in now, reset your password. The pause does not delete anything.
}

// What a caller has not earned to hear becomes invalid_credentials.
func ExampleError_Public() {
	guess := errcodes.New(errcodes.ReasonAccountDisabled)
	owner := errcodes.New(errcodes.ReasonAccountDisabled, errcodes.Proven(errcodes.ProofFirstFactor))
	fmt.Println(guess.Reason(), "is shown as", guess.Public().Reason())
	fmt.Println(owner.Reason(), "is shown as", owner.Public().Reason())
	// Output:
	// account_disabled is shown as invalid_credentials
	// account_disabled is shown as account_disabled
}

func ExampleClassify() {
	e, _ := errcodes.Classify(errors.New("disk full"))
	fmt.Println(e)
	fmt.Printf("%+v\n", e)
	// Output:
	// auth: 1004 internal_error
	// auth: 1004 internal_error: disk full
}

func ExampleDescribe() {
	text, _ := errcodes.Describe(errcodes.ReasonOTPClockSkew, "ja")
	fmt.Println(text.Title)
	fmt.Println(text.Detail)
	for _, r := range text.Remedies {
		fmt.Printf("- %s (%s)\n", r.Label, r.Action)
	}
	// Output:
	// 二要素認証失敗
	// 認証コードを表示している端末の時刻が、ずれています。日付と時刻を自動設定にしてから、最新の認証コードを入力してください。
	// - 認証コードを表示している端末の日付と時刻を、自動設定にする (check_clock)
	// - 最新の認証コードを待って入力する (use_latest_code)
	// - バックアップコードを使う (use_backup_code)
}

func ExampleParseReference() {
	ref, ok := errcodes.ParseReference("7q3k m2xp 9d")
	fmt.Println(ref, ok, errcodes.FormatReference(ref))
	// Output: 7Q3KM2XP9D true 7Q3K-M2XP-9D
}
