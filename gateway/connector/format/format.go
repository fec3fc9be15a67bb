// Package format lists the source formats of this build.
package format

import (
	"context"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/camt"
	"github.com/xinlian/xinlian/gateway/connector/fapiao"
	"github.com/xinlian/xinlian/gateway/connector/mt940"
	"github.com/xinlian/xinlian/gateway/connector/table"
	"github.com/xinlian/xinlian/gateway/connector/ubl"
)

// All is every format, in the order in which a file's content is tried.
var All = connector.Set{camt.Parser{}, mt940.Parser{}, ubl.Parser{}, fapiao.Parser{}, table.Parser{}, table.Workbook{}}

// Parse reads one file; format is a name of All or connector.Auto.
func Parse(ctx context.Context, src connector.Source, format string, owner connector.Owner, sink connector.Sink) (connector.Summary, error) {
	return All.Parse(ctx, src, format, owner, sink)
}
