package sqlstore

import (
	"context"
	"database/sql"
)

type meta struct {
	*conn
	read, insert, update *sql.Stmt
}

func newMeta(p *preparer) *meta {
	return &meta{
		conn:   p.conn,
		read:   p.stmt("SELECT content FROM sekisho_meta WHERE name = ?"),
		insert: p.stmt("INSERT INTO sekisho_meta (name, content) VALUES (?, ?)" + p.conn.d.insertIfAbsent("name")),
		update: p.stmt("UPDATE sekisho_meta SET content = ? WHERE name = ?"),
	}
}

// KeyCheck implements auth.MetaStore. It writes once in the life of a
// database.
func (s *meta) KeyCheck(ctx context.Context, name string, value []byte) ([]byte, error) {
	const what = "reading the key check"
	stands, err := content(s.read.QueryRowContext(ctx, bin(name)))
	if err != nil || stands != nil {
		return stands, failed(what, err)
	}
	if _, err := s.exec(ctx, what, s.insert, bin(name), filled(value)); err != nil {
		return nil, err
	}
	stands, err = content(s.read.QueryRowContext(ctx, bin(name)))
	return stands, failed(what, err)
}

// ReplaceKeyCheck implements auth.MetaStore.
func (s *meta) ReplaceKeyCheck(ctx context.Context, name string, value []byte) error {
	return s.write(ctx, "replacing the key check", func(tx *sql.Tx) error {
		if _, err := execTx(ctx, tx, s.insert, bin(name), filled(value)); err != nil {
			return err
		}
		_, err := execTx(ctx, tx, s.update, filled(value), bin(name))
		return err
	})
}
