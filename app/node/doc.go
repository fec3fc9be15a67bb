// Package node runs the chain as a process: CometBFT with the application in it,
// the databases of both, the gRPC service, and the files of a node's home.
package node
