// Calls the mesh, or is a service for its clients:
//
//	echo /schedule/events | go run . client
//	go run . server
package main

import (
	"log"
	"os"
)

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "client":
		callMesh()
	case len(os.Args) == 2 && os.Args[1] == "server":
		serveClients()
	default:
		log.Fatal("the argument must be client or server")
	}
}
