package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
)

// keepExpiredJobs is how long a job that nobody leased outlives its expiry:
// long enough for a worker that was off to come back and say what was lost.
const keepExpiredJobs = 30 * 24 * time.Hour

const jobColumns = "id, realm, payload, not_before, expires, attempts"

type queue struct {
	*conn
	insert, due, lockDue, lease, expire, retry, done, sweep *sql.Stmt
}

func newQueue(p *preparer) *queue {
	due := "SELECT " + jobColumns + " FROM sekisho_jobs WHERE realm = ? AND not_before <= ? ORDER BY not_before LIMIT ?"
	return &queue{
		conn:    p.conn,
		insert:  p.stmt("INSERT INTO sekisho_jobs (" + jobColumns + ") VALUES (?, ?, ?, ?, ?, ?)"),
		due:     p.stmt(due),
		lockDue: p.stmt(due + p.conn.d.lockSome),
		lease: p.stmt("UPDATE sekisho_jobs SET not_before = ?, attempts = attempts + 1" +
			" WHERE id = ? AND not_before = ? AND attempts = ?"),
		expire: p.stmt("DELETE FROM sekisho_jobs WHERE id = ? AND not_before = ? AND attempts = ?"),
		retry:  p.stmt("UPDATE sekisho_jobs SET not_before = ? WHERE id = ?"),
		done:   p.stmt("DELETE FROM sekisho_jobs WHERE id = ?"),
		sweep:  p.stmt("DELETE FROM sekisho_jobs WHERE " + p.conn.d.oldest("sekisho_jobs", "id", "expires")),
	}
}

// Add implements auth.QueueStore.
func (s *queue) Add(ctx context.Context, j auth.Job) error {
	return s.write(ctx, "adding a job", func(tx *sql.Tx) error {
		if _, err := execTx(ctx, tx, s.insert, bin(j.ID), bin(j.Realm), filled(j.Payload), micros(j.NotBefore),
			micros(j.Expires), j.Attempts); err != nil {
			return err
		}
		return sweep(ctx, tx, s.sweep, j.NotBefore.Add(-keepExpiredJobs))
	})
}

func readJob(row scanner) (j auth.Job, err error) {
	var notBefore, expires int64
	err = row.Scan(&j.ID, &j.Realm, &j.Payload, &notBefore, &expires, &j.Attempts)
	j.NotBefore, j.Expires = moment(notBefore), moment(expires)
	return j, err
}

// Lease implements auth.QueueStore. A worker with nothing to do only reads.
// The condition of each change says what the row was like, so it belongs to
// one worker whatever the database locks.
func (s *queue) Lease(ctx context.Context, realm string, now, until time.Time, limit int) ([]auth.Job, error) {
	const what = "leasing jobs"
	due, err := readAll(ctx, what, readJob, s.due, bin(realm), micros(now), limit)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	var leased []auth.Job
	err = s.write(ctx, what, func(tx *sql.Tx) error {
		due, err := readAll(ctx, what, readJob, tx.StmtContext(ctx, s.lockDue), bin(realm), micros(now), limit)
		if err != nil {
			return err
		}
		leased = make([]auth.Job, 0, len(due))
		for _, j := range due {
			mine, err := s.claim(ctx, tx, &j, now, until)
			if err != nil {
				return err
			}
			if mine {
				leased = append(leased, j)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return leased, nil
}

// claim leases a job, or removes it if it has expired, and reports whether
// this worker was the one who did.
func (s *queue) claim(ctx context.Context, tx *sql.Tx, j *auth.Job, now, until time.Time) (bool, error) {
	if !now.Before(j.Expires) {
		n, err := execTx(ctx, tx, s.expire, bin(j.ID), micros(j.NotBefore), j.Attempts)
		return n == 1, err
	}
	n, err := execTx(ctx, tx, s.lease, micros(until), bin(j.ID), micros(j.NotBefore), j.Attempts)
	j.NotBefore = moment(micros(until))
	j.Attempts++
	return n == 1, err
}

// Retry implements auth.QueueStore.
func (s *queue) Retry(ctx context.Context, id string, at time.Time) error {
	_, err := s.exec(ctx, "putting a job off", s.retry, micros(at), bin(id))
	return err
}

// Done implements auth.QueueStore.
func (s *queue) Done(ctx context.Context, id string) error {
	_, err := s.exec(ctx, "finishing a job", s.done, bin(id))
	return err
}
