package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/store/pgtest"
)

// breakLocks ends the connections that hold something, behind their owners' backs.
func breakLocks(t *testing.T, s *store.Store) {
	t.Helper()
	const others = `SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	var n int
	if err := s.DB().QueryRowContext(context.Background(), others).Scan(&n); err != nil || n == 0 {
		t.Fatalf("%d connections broken, %v", n, err)
	}
}

func write(ctx context.Context, s *store.Store, external string) error {
	return s.SetRun(ctx, store.Run{Repository: "acme/app", Head: "h", RunID: 1, ExternalID: external}, time.Unix(1, 0))
}

// Whoever lost what it held, and does not know yet, writes nothing once another
// has it; and no other has it before there was time to notice.
func TestWhatIsLostIsFenced(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := pgtest.Database(t)
	one, two := openAddress(t, database), openAddress(t, database)
	held, release, err := one.Hold(ctx, "subject 7")
	if err != nil {
		t.Fatal(err)
	}
	inner, releaseInner, err := one.Hold(held, "head 7")
	if err != nil {
		t.Fatal(err)
	}
	deaf := context.WithoutCancel(inner) // a program that stands still notices nothing
	if err := errors.Join(write(deaf, one, "mine"), one.StillHeld(deaf)); err != nil {
		t.Fatal(err)
	}
	breakLocks(t, two)
	if _, _, free, err := two.TryHold(ctx, "subject 7"); free || err != nil {
		t.Fatalf("another has it at once, %v", err)
	}
	if err := write(deaf, one, "late"); !errors.Is(err, store.ErrLost) {
		t.Errorf("written without the hold: %v", err)
	}
	if err := one.StillHeld(deaf); !errors.Is(err, store.ErrLost) {
		t.Errorf("still held: %v", err)
	}
	if run, err := two.Run(ctx, "acme/app", "h"); err != nil || run.ExternalID != "mine" {
		t.Errorf("%+v %v", run, err)
	}
	<-held.Done() // it notices in the end
	if !errors.Is(context.Cause(held), store.ErrLost) {
		t.Errorf("%v", context.Cause(held))
	}
	if err := write(inner, one, "later"); !errors.Is(err, store.ErrLost) {
		t.Errorf("written when it was noticed: %v", err)
	}
	if _, _, free, err := two.TryHold(ctx, "subject 7"); free || err != nil {
		t.Fatalf("another has it before the first has ended, %v", err)
	}
	releaseInner()
	release()
	later, again, free, err := two.TryHold(ctx, "subject 7") // which has said so
	if err != nil || !free {
		t.Fatalf("not free, %v", err)
	}
	if err := errors.Join(write(later, two, "theirs"), two.StillHeld(later)); err != nil {
		t.Error(err)
	}
	again()
	if _, again, free, err = one.TryHold(ctx, "head 7"); err != nil || !free {
		t.Fatalf("not free, %v", err)
	}
	again()
	var left int
	if err := one.DB().QueryRowContext(ctx, `SELECT count(*) FROM leases`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d leases are left, %v", left, err)
	}
}

// What a program left that died is taken by another, without anybody letting it
// go.
func TestWhatTheDeadHeldIsTaken(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := pgtest.Database(t)
	one, two := openAddress(t, database), openAddress(t, database)
	dead, never, err := one.Hold(ctx, "k")
	if err != nil {
		t.Fatal(err)
	}
	defer never()
	breakLocks(t, two)
	held, release, err := two.Hold(ctx, "k") // waits for as long as it takes
	if err != nil {
		t.Fatal(err)
	}
	if dead.Err() == nil {
		t.Error("two have it, and the first does not know")
	}
	if err := write(held, two, "theirs"); err != nil {
		t.Error(err)
	}
	if err := write(context.WithoutCancel(dead), one, "late"); !errors.Is(err, store.ErrLost) {
		t.Errorf("written without the hold: %v", err)
	}
	release()
	if _, err := two.DB().ExecContext(ctx, `INSERT INTO leases (key, token, taken_at, lost_at) VALUES ('old', 't', 5, 0), ('new', 't', 3000000, 0)`); err != nil {
		t.Fatal(err)
	}
	if n, err := two.DropLeases(ctx, time.Unix(2, 0)); n != 1 || err != nil {
		t.Errorf("%d dropped, %v", n, err)
	}
}

// Whoever lost what it held and writes at this moment keeps nobody waiting, nor
// costs another what it holds.
func TestWritersOnTheFenceBreakNobody(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := pgtest.Database(t)
	one, two := openAddress(t, database), openAddress(t, database)
	first, release, err := one.Hold(ctx, "k")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	deaf := context.WithoutCancel(first)
	err = one.InTx(deaf, func(*store.Tx) error {
		breakLocks(t, two)
		other, letGo, err := two.Hold(ctx, "other")
		if err != nil {
			return err
		}
		defer letGo()
		if _, _, free, err := two.TryHold(ctx, "k"); free || err != nil {
			t.Errorf("free %t, %v", free, err)
		}
		return errors.Join(other.Err(), two.StillHeld(other))
	})
	if err != nil {
		t.Error(err)
	}
}
