// Package app puts the program together: it is the only place that knows every
// other package. Commands hand it what the user asked for and get an exit code
// back.
package app
