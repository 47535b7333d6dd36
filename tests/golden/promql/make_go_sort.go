// Prints in which order sort.Sort leaves equal elements, as go_sort.txt holds it: go run make_go_sort.go > go_sort.txt
package main

import (
	"fmt"
	"math/rand"
	"sort"
	"strings"
)

type element struct{ key, index int }

type byKey []element

func (e byKey) Len() int           { return len(e) }
func (e byKey) Less(i, j int) bool { return e[i].key < e[j].key }
func (e byKey) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }

func main() {
	fmt.Println("# Keys, and the places that they had, after sort.Sort of Go 1.26. By make_go_sort.go.")
	random := rand.New(rand.NewSource(1))
	for _, size := range []int{3, 12, 13, 20, 49, 50, 51, 100, 200} {
		for shape := 0; shape < 6; shape++ {
			elements := make([]element, size)
			for i := range elements {
				key := 0
				switch shape {
				case 0:
					key = random.Intn(4)
				case 1:
					key = random.Intn(size)
				case 2:
					key = i / 3
				case 3:
					key = (size - i) / 2
				case 4:
					key = (i * 7) % 10
				case 5: // organ pipes
					key = min(i, size-i)
				}
				elements[i] = element{key, i}
			}
			line := make([]string, 0, 2*size+1)
			for _, e := range elements {
				line = append(line, fmt.Sprint(e.key))
			}
			sort.Sort(byKey(elements))
			line = append(line, ">")
			for _, e := range elements {
				line = append(line, fmt.Sprint(e.index))
			}
			fmt.Println(strings.Join(line, " "))
		}
	}
}
