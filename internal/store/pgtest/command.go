package pgtest

import "errors"

// ErrMissing says that PostgreSQL is not installed.
var ErrMissing = errors.New("PostgreSQL is not installed")

// Start makes a server for a program that is no test, and an empty database in
// it. [Stop] ends it.
func Start(database string) (address string, err error) {
	server.once.Do(func() { server.dir, server.err = start() })
	var missing *missingError
	if errors.As(server.err, &missing) {
		return "", errors.Join(ErrMissing, server.err)
	}
	if server.err != nil {
		return "", server.err
	}
	return Address(server.dir, database), execute(server.dir, "CREATE DATABASE "+database)
}
