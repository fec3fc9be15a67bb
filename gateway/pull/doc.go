// Package pull reads sources on a schedule: an HTTP interface that answers JSON,
// a watched folder, an SFTP server. What it fetches is on disk before it is
// parsed, and goes into a profile once, whatever is repeated or interrupted.
// Outbound calls go to an allow list only.
package pull
