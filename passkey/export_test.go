package passkey

// The parts that tests in the external package look at.
var VerifyECDSA = verifyECDSA

const (
	OrderHalf   = orderHalf
	DummyOrigin = dummyOrigin
)
