// Connects, publishes, subscribes, requests, uses JetStream and a key-value bucket, and survives a restart of the server.
//
// run: go build -o demo . && ./demo URL [all|exit|exit-in-callback|error-in-callback]
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"nats_rs_demo/natsrs"
)

const messages = 1000

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func everything(url string) {
	reconnected := make(chan struct{}, 1)
	nc, err := natsrs.Connect(url, func() { reconnected <- struct{}{} })
	must(err)
	fmt.Println("connected")

	numbers := make(chan int, messages)
	sub, err := nc.Subscribe("demo.numbers", func(msg natsrs.Msg) {
		number, _ := strconv.Atoi(string(msg.Data))
		numbers <- number
	})
	must(err)
	for number := 0; number < messages; number++ {
		must(nc.Publish("demo.numbers", []byte(strconv.Itoa(number))))
	}
	for number := 0; number < messages; number++ {
		if got := <-numbers; got != number {
			log.Fatalf("%d in the place of %d", got, number)
		}
	}
	fmt.Printf("received %d messages in order\n", messages)
	must(sub.Drain(5 * time.Second))

	_, err = nc.Subscribe("demo.question", func(msg natsrs.Msg) { must(nc.Publish(msg.Reply, []byte("42"))) })
	must(err)
	answer, err := nc.Request("demo.question", []byte("?"), 5*time.Second)
	must(err)
	fmt.Printf("the answer is %s\n", answer.Data)
	_, err = nc.Request("demo.nobody", []byte("?"), 5*time.Second)
	fmt.Println("refused:", strings.Split(err.Error(), ":")[0])

	js, err := nc.JetStream()
	must(err)
	must(js.AddStream("DEMO", "demo.stored.>"))
	var sequence uint64
	for number := 0; number < 10; number++ {
		sequence, err = js.Publish("demo.stored.it", []byte(strconv.Itoa(number)))
		must(err)
	}
	fmt.Printf("stored %d messages\n", sequence)
	fetched, err := js.Fetch("demo.stored.>", "demo", 10, 5*time.Second)
	must(err)
	for number, msg := range fetched {
		if string(msg.Data) != strconv.Itoa(number) {
			log.Fatalf("%s in the place of %d", msg.Data, number)
		}
	}
	fmt.Printf("fetched and acknowledged %d messages\n", len(fetched))

	kv, err := js.CreateBucket("demo")
	must(err)
	_, err = kv.Put("color", []byte("blue"))
	must(err)
	_, err = kv.Put("color", []byte("green"))
	must(err)
	value, revision, err := kv.Get("color")
	must(err)
	fmt.Printf("color is %s, revision %d\n", value, revision)
	kv.Close()
	js.Close()

	fmt.Println("restart the server")
	_, err = bufio.NewReader(os.Stdin).ReadString('\n')
	must(err)
	select {
	case <-reconnected:
	case <-time.After(30 * time.Second):
		log.Fatal("no connection after the restart")
	}
	answer, err = nc.Request("demo.question", []byte("?"), 5*time.Second)
	must(err)
	fmt.Printf("connected again, the answer is %s\n", answer.Data)
	must(nc.Close())
	fmt.Println("ended")
}

// busy makes a connection whose callbacks run without a pause: each one publishes the next message.
func busy(url string, callback func(count int64)) *natsrs.Conn {
	nc, err := natsrs.Connect(url, nil)
	must(err)
	var count int64
	_, err = nc.Subscribe("demo.busy", func(msg natsrs.Msg) {
		_ = nc.Publish(msg.Subject, msg.Data)
		callback(atomic.AddInt64(&count, 1))
	})
	must(err)
	for i := 0; i < 20; i++ {
		must(nc.Publish("demo.busy", []byte("again")))
	}
	return nc
}

func leave() {
	fmt.Println("leaving")
	os.Exit(3)
}

// The program just ends, with no clean-up, while callbacks run.
func exitBusy(url string) {
	running := make(chan struct{})
	busy(url, func(count int64) {
		if count == 1000 {
			close(running)
		}
	})
	<-running
	leave()
}

func exitInCallback(url string) {
	busy(url, func(count int64) {
		if count == 1000 {
			leave()
		}
	})
	select {}
}

func errorInCallback(url string) {
	var failures int64
	natsrs.OnPanic = func(value interface{}) {
		if value == "as it should be" {
			atomic.AddInt64(&failures, 1)
		}
	}
	done := make(chan struct{})
	nc := busy(url, func(count int64) {
		if count == 1000 {
			close(done)
		}
		panic("as it should be")
	})
	<-done
	must(nc.Close())
	if atomic.LoadInt64(&failures) < 1000 {
		log.Fatal("panics were lost")
	}
	fmt.Println("callbacks went on after errors")
}

func resident() int {
	statm, err := os.ReadFile("/proc/self/statm")
	must(err)
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	must(err)
	return pages * os.Getpagesize()
}

// What a callback allocates is gone when it returns.
func manyCallbacks(url string) {
	var before int
	done := make(chan struct{})
	nc := busy(url, func(count int64) {
		if count == 20000 {
			before = resident()
		} else if count == 220000 {
			close(done)
		}
	})
	<-done
	growth := resident() - before
	must(nc.Close())
	if growth > 8<<20 {
		log.Fatalf("%d bytes in 200000 callbacks", growth)
	}
	fmt.Println("callbacks leave nothing behind")
}

func main() {
	what := "all"
	if len(os.Args) > 2 {
		what = os.Args[2]
	}
	map[string]func(string){
		"all":               everything,
		"exit":              exitBusy,
		"exit-in-callback":  exitInCallback,
		"error-in-callback": errorInCallback,
		"many-callbacks":    manyCallbacks,
	}[what](os.Args[1])
}
