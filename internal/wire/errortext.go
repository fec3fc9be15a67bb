package wire

import "regexp"

// frame is what a registered error of the chain puts behind its text when it is
// formatted with %v or wrapped with %w: file and line of the code that made it.
var frame = regexp.MustCompile(` \[[^\[\]\s]+\.go:\d+\]`)

// ErrorText is an error's text for people: without places in the source code,
// which say nothing to them and change with every version.
func ErrorText(err error) string { return frame.ReplaceAllString(err.Error(), "") }
