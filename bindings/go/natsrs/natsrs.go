// Package natsrs is libnats_rs for Go, with cgo: what the demo needs of it.
//
// The library is found with pkg-config. Callbacks run on threads of the library, each as a goroutine that is bound to its
// thread while it runs. A callback may block; its thread, which is not one of Go's, waits with it.
package natsrs

/*
#cgo pkg-config: nats_rs
#include <stdlib.h>
#include <nats_rs.h>

// Handles of Go are numbers, and closures of C are pointers: the conversion is made here, where the checks for invalid
// pointers do not see it.
void onMessage(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure);
void onConnection(natsConnection *nc, void *closure);
void onComplete(void *closure);

static enum natsStatus subscribe(natsSubscription **sub, natsConnection *nc, const char *subject, uintptr_t handle) {
    natsStatus s = natsConnection_Subscribe(sub, nc, subject, onMessage, (void *)handle);
    if (s == NATS_OK)
        s = natsSubscription_SetOnCompleteCB(*sub, onComplete, (void *)handle);
    return s;
}
static enum natsStatus setCallbacks(natsOptions *opts, uintptr_t handle) {
    natsStatus s = natsOptions_SetReconnectedCB(opts, onConnection, (void *)handle);
    if (s == NATS_OK)
        s = natsOptions_SetReleasedCB(opts, onComplete, (void *)handle);
    return s;
}
*/
import "C"

import (
	"fmt"
	"log"
	"runtime"
	"runtime/cgo"
	"sync"
	"time"
	"unsafe"
)

// status is what functions return: the header writes `enum natsStatus` there, which cgo keeps apart from the typedef.
type status = C.enum_natsStatus

// Error is a status that is not NATS_OK.
type Error struct {
	Status int
	text   string
}

func (e *Error) Error() string { return e.text }

// call runs one function of the library. The text of the last error belongs to the thread, so the goroutine must not move to
// another one between the function and the question.
func call(function func() status) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s := function()
	if s == C.NATS_OK {
		return nil
	}
	text := C.GoString(C.natsStatus_GetText(C.natsStatus(s)))
	if detail := C.nats_GetLastError(nil); detail != nil {
		text = fmt.Sprintf("%s: %s", text, C.GoString(detail))
	}
	return &Error{int(s), text}
}

// Msg is a message, copied.
type Msg struct {
	Subject, Reply string
	Data           []byte
}

func copied(msg *C.natsMsg) Msg {
	return Msg{
		Subject: C.GoString(C.natsMsg_GetSubject(msg)),
		Reply:   C.GoString(C.natsMsg_GetReply(msg)),
		Data:    C.GoBytes(unsafe.Pointer(C.natsMsg_GetData(msg)), C.natsMsg_GetDataLength(msg)),
	}
}

// pointer is the address of the first byte; C does not keep it.
func pointer(data []byte) unsafe.Pointer {
	if len(data) == 0 {
		return nil
	}
	return unsafe.Pointer(&data[0])
}

// text is a C string, and the function that frees it.
func text(s string) (*C.char, func()) {
	c := C.CString(s)
	return c, func() { C.free(unsafe.Pointer(c)) }
}

func milliseconds(d time.Duration) C.int64_t { return C.int64_t(d.Milliseconds()) }

// OnPanic is called with the value of a panic that left a callback. It cannot pass through C.
var OnPanic = func(value interface{}) { log.Println("panic in a callback:", value) }

func guarded(callback func()) {
	defer func() {
		if value := recover(); value != nil {
			OnPanic(value)
		}
	}()
	callback()
}

//export onMessage
func onMessage(nc *C.natsConnection, sub *C.natsSubscription, handle *C.natsMsg, closure unsafe.Pointer) {
	msg := copied(handle)
	C.natsMsg_Destroy(handle)
	guarded(func() { cgo.Handle(uintptr(closure)).Value().(func(Msg))(msg) })
}

//export onConnection
func onConnection(nc *C.natsConnection, closure unsafe.Pointer) {
	guarded(cgo.Handle(uintptr(closure)).Value().(func()))
}

// onComplete is the last use of a closure.
//
//export onComplete
func onComplete(closure unsafe.Pointer) { cgo.Handle(uintptr(closure)).Delete() }

// Conn is a connection.
type Conn struct {
	handle *C.natsConnection
	// A handle that is not destroyed keeps its memory.
	mutex         sync.Mutex
	subscriptions map[*Subscription]struct{}
}

// Connect connects. The function is called after each reconnection; nil is allowed.
func Connect(url string, onReconnected func()) (*Conn, error) {
	var options *C.natsOptions
	if onReconnected == nil {
		onReconnected = func() {}
	}
	cURL, free := text(url)
	defer free()
	if err := call(func() status { return C.natsOptions_Create(&options) }); err != nil {
		return nil, err
	}
	defer C.natsOptions_Destroy(options)
	reconnected := cgo.NewHandle(onReconnected)
	nc := &Conn{subscriptions: map[*Subscription]struct{}{}}
	err := call(func() status {
		s := C.natsOptions_SetURL(options, cURL)
		if s == C.NATS_OK {
			s = C.natsOptions_SetReconnectWait(options, 100)
		}
		if s == C.NATS_OK {
			s = C.setCallbacks(options, C.uintptr_t(reconnected))
		}
		if s == C.NATS_OK {
			s = C.natsConnection_Connect(&nc.handle, options)
		}
		return s
	})
	if err != nil {
		reconnected.Delete() // a connection that was not made is not reported as released
		return nil, err
	}
	return nc, nil
}

// Publish publishes.
func (nc *Conn) Publish(subject string, data []byte) error {
	cSubject, free := text(subject)
	defer free()
	return call(func() status {
		return C.natsConnection_Publish(nc.handle, cSubject, pointer(data), C.int(len(data)))
	})
}

// Request waits for one answer. The thread of the goroutine waits in C; the others go on.
func (nc *Conn) Request(subject string, data []byte, timeout time.Duration) (Msg, error) {
	var reply *C.natsMsg
	cSubject, free := text(subject)
	defer free()
	if err := call(func() status {
		return C.natsConnection_Request(&reply, nc.handle, cSubject, pointer(data), C.int(len(data)), milliseconds(timeout))
	}); err != nil {
		return Msg{}, err
	}
	defer C.natsMsg_Destroy(reply)
	return copied(reply), nil
}

// Subscription is a subscription with a callback.
type Subscription struct {
	handle *C.natsSubscription
	nc     *Conn
}

// Subscribe calls the function for each message, in order, one at a time.
func (nc *Conn) Subscribe(subject string, callback func(Msg)) (*Subscription, error) {
	sub := &Subscription{nc: nc}
	cSubject, free := text(subject)
	defer free()
	handle := cgo.NewHandle(callback)
	if err := call(func() status {
		return C.subscribe(&sub.handle, nc.handle, cSubject, C.uintptr_t(handle))
	}); err != nil {
		handle.Delete()
		return nil, err
	}
	nc.mutex.Lock()
	defer nc.mutex.Unlock()
	nc.subscriptions[sub] = struct{}{}
	return sub, nil
}

// Drain delivers what has been received, then ends.
func (sub *Subscription) Drain(timeout time.Duration) error {
	defer sub.destroy()
	if err := call(func() status { return C.natsSubscription_Drain(sub.handle) }); err != nil {
		return err
	}
	return call(func() status {
		return C.natsSubscription_WaitForDrainCompletion(sub.handle, milliseconds(timeout))
	})
}

func (sub *Subscription) destroy() {
	sub.nc.mutex.Lock()
	defer sub.nc.mutex.Unlock()
	if _, there := sub.nc.subscriptions[sub]; there {
		delete(sub.nc.subscriptions, sub)
		C.natsSubscription_Destroy(sub.handle)
	}
}

// Close delivers what has been received, writes what has been published, and waits for the last callback.
func (nc *Conn) Close() error {
	if err := call(func() status { return C.natsConnection_Drain(nc.handle) }); err != nil {
		return err
	}
	err := call(func() status { return C.natsConnection_DestroyAndWait(nc.handle, 10000) })
	nc.mutex.Lock()
	defer nc.mutex.Unlock()
	for sub := range nc.subscriptions {
		delete(nc.subscriptions, sub)
		C.natsSubscription_Destroy(sub.handle)
	}
	return err
}

// JetStream is a context.
type JetStream struct{ handle *C.jsCtx }

// JetStream makes a context.
func (nc *Conn) JetStream() (*JetStream, error) {
	js := &JetStream{}
	return js, call(func() status { return C.natsConnection_JetStream(&js.handle, nc.handle, nil) })
}

// AddStream creates a stream in memory with one subject.
func (js *JetStream) AddStream(name, subject string) error {
	cName, free := text(name)
	defer free()
	// The list of subjects is in C's memory: a Go pointer must not be stored in what C gets.
	subjects := (**C.char)(C.malloc(C.size_t(unsafe.Sizeof(uintptr(0)))))
	defer C.free(unsafe.Pointer(subjects))
	cSubject, freeSubject := text(subject)
	defer freeSubject()
	*subjects = cSubject
	return call(func() status {
		var config C.jsStreamConfig
		if s := C.jsStreamConfig_Init(&config); s != C.NATS_OK {
			return s
		}
		config.Name = cName
		config.Subjects = subjects
		config.SubjectsLen = 1
		config.Storage = C.js_MemoryStorage
		return C.js_AddStream(nil, js.handle, &config, nil, nil)
	})
}

// Publish returns the sequence.
func (js *JetStream) Publish(subject string, data []byte) (uint64, error) {
	var ack *C.jsPubAck
	cSubject, free := text(subject)
	defer free()
	if err := call(func() status {
		return C.js_Publish(&ack, js.handle, cSubject, pointer(data), C.int(len(data)), nil, nil)
	}); err != nil {
		return 0, err
	}
	defer C.jsPubAck_Destroy(ack)
	return uint64(ack.Sequence), nil
}

// Fetch fetches messages, acknowledges each, and returns them.
func (js *JetStream) Fetch(subject, durable string, count int, timeout time.Duration) ([]Msg, error) {
	var sub *C.natsSubscription
	var list C.natsMsgList
	cSubject, freeSubject := text(subject)
	defer freeSubject()
	cDurable, freeDurable := text(durable)
	defer freeDurable()
	if err := call(func() status {
		return C.js_PullSubscribe(&sub, js.handle, cSubject, cDurable, nil, nil, nil)
	}); err != nil {
		return nil, err
	}
	defer C.natsSubscription_Destroy(sub)
	if err := call(func() status {
		return C.natsSubscription_Fetch(&list, sub, C.int(count), milliseconds(timeout), nil)
	}); err != nil {
		return nil, err
	}
	defer C.natsMsgList_Destroy(&list)
	var fetched []Msg
	for _, handle := range unsafe.Slice(list.Msgs, int(list.Count)) {
		handle := handle
		if err := call(func() status { return C.natsMsg_AckSync(handle, nil, nil) }); err != nil {
			return fetched, err
		}
		fetched = append(fetched, copied(handle))
	}
	return fetched, nil
}

// Close releases the context.
func (js *JetStream) Close() { C.jsCtx_Destroy(js.handle) }

// KeyValue is a bucket.
type KeyValue struct{ handle *C.kvStore }

// CreateBucket creates a bucket in memory.
func (js *JetStream) CreateBucket(name string) (*KeyValue, error) {
	kv := &KeyValue{}
	cName, free := text(name)
	defer free()
	return kv, call(func() status {
		var config C.kvConfig
		if s := C.kvConfig_Init(&config); s != C.NATS_OK {
			return s
		}
		config.Bucket = cName
		config.StorageType = C.js_MemoryStorage
		return C.js_CreateKeyValue(&kv.handle, js.handle, &config)
	})
}

// Put returns the revision.
func (kv *KeyValue) Put(key string, value []byte) (uint64, error) {
	var revision C.uint64_t
	cKey, free := text(key)
	defer free()
	err := call(func() status {
		return C.kvStore_Put(&revision, kv.handle, cKey, pointer(value), C.int(len(value)))
	})
	return uint64(revision), err
}

// Get returns the value and its revision.
func (kv *KeyValue) Get(key string) ([]byte, uint64, error) {
	var entry *C.kvEntry
	cKey, free := text(key)
	defer free()
	if err := call(func() status { return C.kvStore_Get(&entry, kv.handle, cKey) }); err != nil {
		return nil, 0, err
	}
	defer C.kvEntry_Destroy(entry)
	return C.GoBytes(C.kvEntry_Value(entry), C.kvEntry_ValueLen(entry)), uint64(C.kvEntry_Revision(entry)), nil
}

// Close releases the bucket's handle.
func (kv *KeyValue) Close() { C.kvStore_Destroy(kv.handle) }
