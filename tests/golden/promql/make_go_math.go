// Prints what Go's mathematics gives, as go_math.txt holds it: go run make_go_math.go [VALUES A FUNCTION] > go_math.txt
// On amd64, with the fused multiplication that its exp() uses where the processor has it.
package main

import (
	"bufio"
	"fmt"
	"math"
	"math/rand"
	"os"
	"strconv"
)

type function struct {
	name string
	of   func(float64) float64
}

var functions = []function{
	{"acos", math.Acos}, {"acosh", math.Acosh}, {"asin", math.Asin}, {"asinh", math.Asinh}, {"atan", math.Atan},
	{"atanh", math.Atanh}, {"cos", math.Cos}, {"cosh", math.Cosh}, {"exp", math.Exp}, {"exp2", math.Exp2},
	{"log", math.Log}, {"log10", math.Log10}, {"log1p", math.Log1p}, {"log2", math.Log2}, {"sin", math.Sin},
	{"sinh", math.Sinh}, {"tan", math.Tan}, {"tanh", math.Tanh},
}

var special = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, 2, -3, 0.7, 2.5, 1e-9, 1e-300, 5e-324, 1e-310, 1e5, 1e10, -1e22, 1e308,
	709.7, 709.8, -708, -744, -746, 1 << 29, 3, 22, math.Pi, math.Inf(1), math.Inf(-1), math.NaN(),
}

// A number of any size; half of them are near one.
func anyNumber(random *rand.Rand) float64 {
	switch random.Intn(4) {
	case 0:
		return math.Float64frombits(random.Uint64())
	case 1:
		return random.NormFloat64() * 100
	case 2:
		return random.Float64()*2 - 1
	default:
		return random.NormFloat64() * 3
	}
}

func main() {
	count := 24
	if len(os.Args) > 1 {
		count, _ = strconv.Atoi(os.Args[1])
	}
	random := rand.New(rand.NewSource(1))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	fmt.Fprintln(out, "# Function, arguments and result of Go 1.26 on amd64, as the bits of doubles. By make_go_math.go.")
	bits := math.Float64bits
	for _, f := range functions {
		for i := 0; i < len(special)+count; i++ {
			x := anyNumber(random)
			if i < len(special) {
				x = special[i]
			}
			fmt.Fprintf(out, "%s %x %x\n", f.name, bits(x), bits(f.of(x)))
		}
	}
	for i := 0; i < 6*count; i++ {
		x, y := anyNumber(random), anyNumber(random)
		switch i % 6 {
		case 0:
			x, y = special[random.Intn(len(special))], special[random.Intn(len(special))]
		case 1:
			y = float64(random.Intn(21) - 10)
		case 2:
			x = math.Abs(x)
		}
		fmt.Fprintf(out, "pow %x %x %x\n", bits(x), bits(y), bits(math.Pow(x, y)))
		fmt.Fprintf(out, "atan2 %x %x %x\n", bits(x), bits(y), bits(math.Atan2(x, y)))
	}
}
