package authtest_test

import (
	"testing"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authtest"
	"github.com/sekisho-auth/sekisho/auth/memstore"
)

func TestMemory(t *testing.T) {
	authtest.RunStores(t, func(*testing.T) auth.Stores { return memstore.New() })
}

func TestCheckMemory(t *testing.T) {
	if err := authtest.CheckStores(t.Context(), memstore.New); err != nil {
		t.Error(err)
	}
}
