package app

// The settings of a node, in one place with their reasons. Consensus limits
// (block gas and bytes) are in the genesis instead: every node must agree.
const (
	// QueryGasMax bounds one gRPC or ABCI query. The SDK's default, 0, is no bound.
	QueryGasMax = 50_000_000
	// IAVLCacheNodes is the cache of each store in tree nodes; only what is touched
	// takes room. A store that outgrows it reads its nodes from disk again and again,
	// at several times the processor time: x/loan has about thirty nodes a loan. But
	// every node that is kept lives on the heap, which grows to five times that before
	// the collector runs; see docs/benchmarks/loans.md.
	IAVLCacheNodes = 500_000
	// BlockGasMax is the genesis default for block.max_gas: about one second of work.
	BlockGasMax = 200_000_000
	// BlockGasMin is the least that members may lower it to: a vote, and what
	// clients ask for by default, must still fit.
	BlockGasMin = 20_000_000
	// BlockBytesMax is the genesis default for block.max_bytes.
	BlockBytesMax = 2 << 20
	// TxMessagesMax bounds the messages of one transaction.
	TxMessagesMax = 32
	// GoGCPercent trades memory for a quarter of the CPU time of a busy node.
	GoGCPercent = 400
)
