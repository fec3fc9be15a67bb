package planted

import (
	"encoding/json" // want
	"fmt"
	"math/rand" // want
	"time"
)

func planted(m map[string]int, c chan int) error {
	for range m { // want
	}
	go func() {}() // want
	select {       // want
	case <-c:
	default:
	}
	_ = time.Now() // want
	var f float64  // want
	f = 1.5        // want
	_, _, _ = f, rand.Int(), json.Valid(nil)
	return fmt.Errorf("hidden") // want
}
