package workbench

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// decimal writes v / 10^digits exactly.
func decimal(v int64, digits int) string {
	if digits < 0 {
		return fmt.Sprintf("%de%d", v, -digits)
	}
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	s := strconv.FormatInt(v, 10)
	if digits == 0 {
		return sign + s
	}
	for len(s) <= digits {
		s = "0" + s
	}
	s = s[:len(s)-digits] + "." + s[len(s)-digits:]
	return sign + strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

func dateOf(days int64, layout string) string {
	return time.Unix(days*86_400, 0).UTC().Format(layout)
}
