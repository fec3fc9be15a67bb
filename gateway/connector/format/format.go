// Package format lists the source formats of this build.
package format

import (
	"context"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/camt"
	"github.com/xinlian/xinlian/gateway/connector/cii"
	"github.com/xinlian/xinlian/gateway/connector/fapiao"
	"github.com/xinlian/xinlian/gateway/connector/mt940"
	"github.com/xinlian/xinlian/gateway/connector/ofd"
	"github.com/xinlian/xinlian/gateway/connector/table"
	"github.com/xinlian/xinlian/gateway/connector/ubl"
	"github.com/xinlian/xinlian/gateway/connector/xbrl"
)

// All is every format, in the order in which a file's content is tried.
var All = connector.Set{
	camt.Parser{},
	mt940.Parser{},
	ubl.Parser{},
	cii.Parser{},
	fapiao.Parser{},
	ofd.Parser{},
	xbrl.Parser{},
	table.Parser{},
	table.Workbook{},
}

// Parse reads one file; format is a name of All or connector.Auto.
func Parse(ctx context.Context, src connector.Source, format string, owner connector.Owner, sink connector.Sink) (connector.Summary, error) {
	return All.Parse(ctx, src, format, owner, sink)
}

// Trusting is All, but that seals of these authorities are trusted.
func Trusting(authorities ofd.Authorities) connector.Set {
	out := make(connector.Set, len(All))
	for i, p := range All {
		if p.Format() == (ofd.Parser{}).Format() {
			p = ofd.Parser{Authorities: authorities}
		}
		out[i] = p
	}
	return out
}
