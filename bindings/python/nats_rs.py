"""libnats_rs for Python, with ctypes: what demo.py needs of it.

Only the standard library is used. `NATS_RS_LIBRARY` names the library's file; without it the loader looks for
libnats_rs.so.0.

Callbacks run on threads of the library. ctypes takes the lock of the interpreter (GIL) for them, and releases it in each
call into the library, so a function that waits does not hold up callbacks.
"""

import atexit
import ctypes
import os
import sys
import threading
import traceback
from ctypes import POINTER, byref, c_bool, c_char_p, c_int, c_int32, c_int64, c_uint64, c_uint8, c_void_p

_lib = ctypes.CDLL(os.environ.get("NATS_RS_LIBRARY", "libnats_rs.so.0"))

NATS_OK = 0
MEMORY_STORAGE = 1


class Metadata(ctypes.Structure):
    _fields_ = [("List", POINTER(c_char_p)), ("Count", c_int)]


class SubjectTransformConfig(ctypes.Structure):
    _fields_ = [("Source", c_char_p), ("Destination", c_char_p)]


class StreamConsumerLimits(ctypes.Structure):
    _fields_ = [("InactiveThreshold", c_int64), ("MaxAckPending", c_int)]


class StreamConfig(ctypes.Structure):
    """jsStreamConfig. Its size is that of C's: the test compares them."""

    _fields_ = [
        ("Name", c_char_p),
        ("Description", c_char_p),
        ("Subjects", POINTER(c_char_p)),
        ("SubjectsLen", c_int),
        ("Retention", c_int),
        ("MaxConsumers", c_int64),
        ("MaxMsgs", c_int64),
        ("MaxBytes", c_int64),
        ("MaxAge", c_int64),
        ("MaxMsgsPerSubject", c_int64),
        ("MaxMsgSize", c_int32),
        ("Discard", c_int),
        ("Storage", c_int),
        ("Replicas", c_int64),
        ("NoAck", c_bool),
        ("Template", c_char_p),
        ("Duplicates", c_int64),
        ("Placement", c_void_p),
        ("Mirror", c_void_p),
        ("Sources", c_void_p),
        ("SourcesLen", c_int),
        ("Sealed", c_bool),
        ("DenyDelete", c_bool),
        ("DenyPurge", c_bool),
        ("AllowRollup", c_bool),
        ("RePublish", c_void_p),
        ("AllowDirect", c_bool),
        ("MirrorDirect", c_bool),
        ("DiscardNewPerSubject", c_bool),
        ("Metadata", Metadata),
        ("Compression", c_int),
        ("FirstSeq", c_uint64),
        ("SubjectTransform", SubjectTransformConfig),
        ("ConsumerLimits", StreamConsumerLimits),
        ("AllowMsgTTL", c_bool),
        ("SubjectDeleteMarkerTTL", c_int64),
        ("PersistMode", c_int),
        ("AllowAtomic", c_bool),
        ("AllowMsgCounter", c_bool),
        ("AllowMsgSchedules", c_bool),
        ("AllowBatched", c_bool),
    ]


class PubAck(ctypes.Structure):
    _fields_ = [
        ("Stream", c_char_p),
        ("Sequence", c_uint64),
        ("Domain", c_char_p),
        ("Duplicate", c_bool),
        ("Batch", c_char_p),
        ("Count", c_uint64),
        ("Value", c_char_p),
    ]


class KvConfig(ctypes.Structure):
    _fields_ = [
        ("Bucket", c_char_p),
        ("Description", c_char_p),
        ("MaxValueSize", c_int32),
        ("History", c_uint8),
        ("TTL", c_int64),
        ("MaxBytes", c_int64),
        ("StorageType", c_int),
        ("Replicas", c_int),
        ("RePublish", c_void_p),
        ("Mirror", c_void_p),
        ("Sources", c_void_p),
        ("SourcesLen", c_int),
        ("LimitMarkerTTL", c_int64),
    ]


class MsgList(ctypes.Structure):
    _fields_ = [("Msgs", POINTER(c_void_p)), ("Count", c_int)]


_MsgHandler = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_void_p, c_void_p)
_ConnectionHandler = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)
_Done = ctypes.CFUNCTYPE(None, c_void_p)


class NatsError(Exception):
    """A status that is not NATS_OK."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def _check(status, _function, _arguments):
    if status != NATS_OK:
        text = _lib.natsStatus_GetText(status).decode()
        # The text belongs to this thread: it is read before another call replaces it.
        detail = _lib.nats_GetLastError(None)
        raise NatsError(status, f"{text}: {detail.decode()}" if detail else text)


def _declare(name, *arguments, result=None):
    """Declares a function. Without a result it returns a status, and raises NatsError if that is not NATS_OK."""
    function = getattr(_lib, name)
    function.argtypes = arguments
    if result is None:
        function.restype = c_int
        function.errcheck = _check
    else:
        function.restype = result if result is not _VOID else None


_VOID = object()
_out = POINTER(c_void_p)

_declare("natsStatus_GetText", c_int, result=c_char_p)
_declare("nats_GetLastError", c_void_p, result=c_char_p)
_lib.nats_CloseAndWait.argtypes = [c_int64]  # its status is looked at where it is called
_declare("natsOptions_Create", _out)
_declare("natsOptions_SetURL", c_void_p, c_char_p)
_declare("natsOptions_SetReconnectWait", c_void_p, c_int64)
_declare("natsOptions_SetReconnectedCB", c_void_p, _ConnectionHandler, c_void_p)
_declare("natsOptions_Destroy", c_void_p, result=_VOID)
_declare("natsConnection_Connect", _out, c_void_p)
_declare("natsConnection_Publish", c_void_p, c_char_p, c_char_p, c_int)
_declare("natsConnection_FlushTimeout", c_void_p, c_int64)
_declare("natsConnection_Request", _out, c_void_p, c_char_p, c_char_p, c_int, c_int64)
_declare("natsConnection_Subscribe", _out, c_void_p, c_char_p, _MsgHandler, c_void_p)
_declare("natsConnection_Drain", c_void_p)
_declare("natsConnection_DestroyAndWait", c_void_p, c_int64)
_declare("natsConnection_JetStream", _out, c_void_p, c_void_p)
_declare("natsSubscription_SetOnCompleteCB", c_void_p, _Done, c_void_p)
_declare("natsSubscription_Drain", c_void_p)
_declare("natsSubscription_WaitForDrainCompletion", c_void_p, c_int64)
_declare("natsSubscription_Fetch", POINTER(MsgList), c_void_p, c_int, c_int64, POINTER(c_int))
_declare("natsSubscription_Destroy", c_void_p, result=_VOID)
_declare("natsMsg_GetSubject", c_void_p, result=c_char_p)
_declare("natsMsg_GetReply", c_void_p, result=c_char_p)
_declare("natsMsg_GetData", c_void_p, result=c_void_p)
_declare("natsMsg_GetDataLength", c_void_p, result=c_int)
_declare("natsMsg_AckSync", c_void_p, c_void_p, POINTER(c_int))
_declare("natsMsg_Destroy", c_void_p, result=_VOID)
_declare("natsMsgList_Destroy", POINTER(MsgList), result=_VOID)
_declare("jsStreamConfig_Init", POINTER(StreamConfig))
_declare("js_AddStream", c_void_p, c_void_p, POINTER(StreamConfig), c_void_p, POINTER(c_int))
_declare("js_Publish", POINTER(POINTER(PubAck)), c_void_p, c_char_p, c_char_p, c_int, c_void_p, POINTER(c_int))
_declare("jsPubAck_Destroy", POINTER(PubAck), result=_VOID)
_declare("js_PullSubscribe", _out, c_void_p, c_char_p, c_char_p, c_void_p, c_void_p, POINTER(c_int))
_declare("jsCtx_Destroy", c_void_p, result=_VOID)
_declare("kvConfig_Init", POINTER(KvConfig))
_declare("js_CreateKeyValue", _out, c_void_p, POINTER(KvConfig))
_declare("kvStore_Put", POINTER(c_uint64), c_void_p, c_char_p, c_char_p, c_int)
_declare("kvStore_Get", _out, c_void_p, c_char_p)
_declare("kvStore_Destroy", c_void_p, result=_VOID)
_declare("kvEntry_Value", c_void_p, result=c_void_p)
_declare("kvEntry_ValueLen", c_void_p, result=c_int)
_declare("kvEntry_Revision", c_void_p, result=c_uint64)
_declare("kvEntry_Destroy", c_void_p, result=_VOID)


class _Living:
    """What callbacks of the library still need: by a number, which is their closure.

    A closure must be something that stays where it is. Addresses of Python objects are not for that: the number is, and a
    callback whose object is gone finds nothing.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._objects = {}
        self._last = 0

    def add(self, thing):
        with self._lock:
            self._last += 1
            self._objects[self._last] = thing
            return self._last

    def get(self, number):
        return self._objects.get(number)

    def remove(self, number):
        with self._lock:
            self._objects.pop(number, None)

    def clear(self):
        with self._lock:
            self._objects.clear()


_living = _Living()
_open = set()  # connections


def on_callback_error(exception):
    """Is called with an exception that left a callback. Programs may replace it."""
    traceback.print_exception(exception, file=sys.stderr)


class Msg:
    """A message, copied: the library's memory is released before the callback is called."""

    __slots__ = ("subject", "reply", "data")

    def __init__(self, handle):
        self.subject = _lib.natsMsg_GetSubject(handle).decode()
        reply = _lib.natsMsg_GetReply(handle)
        self.reply = reply.decode() if reply else None
        self.data = ctypes.string_at(_lib.natsMsg_GetData(handle), _lib.natsMsg_GetDataLength(handle))


# Of each kind of callback there is one C function. It is never freed: the interpreter, when it ends, takes modules down while
# threads still call it.
def _for_ever(function):
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(function))
    return function


@_for_ever
@_MsgHandler
def _on_message(_nc, _sub, handle, number):
    try:
        msg = Msg(handle)
    finally:
        _lib.natsMsg_Destroy(handle)
    callback = _living.get(number)
    if callback is None:
        return
    try:
        callback(msg)
    except SystemExit as exit_:
        # Nobody is above this frame to hand it to. sys.exit ends a thread elsewhere; here it ends the program.
        _end_process(exit_.code)
    except BaseException as exception:  # it cannot pass through C
        on_callback_error(exception)


@_for_ever
@_ConnectionHandler
def _on_reconnected(_nc, number):
    callback = _living.get(number)
    if callback is not None:
        try:
            callback()
        except BaseException as exception:
            on_callback_error(exception)


@_for_ever
@_Done
def _on_complete(number):
    _living.remove(number)


def _end_process(code):
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


class Connection:
    """A connection; a context manager that drains it at its end."""

    def __init__(self, url, on_reconnected=None):
        options, handle = c_void_p(), c_void_p()
        self._number = None
        _lib.natsOptions_Create(byref(options))
        try:
            _lib.natsOptions_SetURL(options, url.encode())
            _lib.natsOptions_SetReconnectWait(options, 100)
            if on_reconnected is not None:
                self._number = _living.add(on_reconnected)
                _lib.natsOptions_SetReconnectedCB(options, _on_reconnected, self._number)
            _lib.natsConnection_Connect(byref(handle), options)
        finally:
            _lib.natsOptions_Destroy(options)
        self._handle = handle
        _open.add(self)
        self._subscriptions = set()  # a handle that is not destroyed keeps its memory

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    def publish(self, subject, data):
        _lib.natsConnection_Publish(self._handle, subject.encode(), data, len(data))

    def flush(self, timeout=5.0):
        _lib.natsConnection_FlushTimeout(self._handle, int(timeout * 1000))

    def request(self, subject, data, timeout=5.0):
        reply = c_void_p()
        _lib.natsConnection_Request(byref(reply), self._handle, subject.encode(), data, len(data), int(timeout * 1000))
        try:
            return Msg(reply)
        finally:
            _lib.natsMsg_Destroy(reply)

    def subscribe(self, subject, callback):
        subscription = Subscription(self._handle, subject, callback, self._subscriptions)
        self._subscriptions.add(subscription)
        return subscription

    def jetstream(self):
        return JetStream(self._handle)

    def close(self):
        """Delivers what has been received, writes what has been published, and waits for the last callback."""
        if self._handle is None:
            return
        _open.discard(self)
        _lib.natsConnection_Drain(self._handle)
        _lib.natsConnection_DestroyAndWait(self._handle, 10000)
        self._handle = None
        for subscription in list(self._subscriptions):
            subscription._destroy()
        if self._number is not None:
            _living.remove(self._number)


class Subscription:
    def __init__(self, connection, subject, callback, all_of_connection):
        handle = c_void_p()
        self._all = all_of_connection
        number = _living.add(callback)
        try:
            _lib.natsConnection_Subscribe(byref(handle), connection, subject.encode(), _on_message, number)
        except NatsError:
            _living.remove(number)
            raise
        _lib.natsSubscription_SetOnCompleteCB(handle, _on_complete, number)
        self._handle = handle

    def drain(self, timeout=5.0):
        """Delivers what has been received, then ends."""
        _lib.natsSubscription_Drain(self._handle)
        _lib.natsSubscription_WaitForDrainCompletion(self._handle, int(timeout * 1000))
        self._destroy()

    def _destroy(self):
        self._all.discard(self)
        _lib.natsSubscription_Destroy(self._handle)
        self._handle = None


class JetStream:
    def __init__(self, connection):
        self._handle = c_void_p()
        _lib.natsConnection_JetStream(byref(self._handle), connection, None)

    def add_stream(self, name, subjects):
        config = StreamConfig()
        _lib.jsStreamConfig_Init(byref(config))
        config.Name = name.encode()
        config.Subjects = (c_char_p * len(subjects))(*(s.encode() for s in subjects))
        config.SubjectsLen = len(subjects)
        config.Storage = MEMORY_STORAGE
        _lib.js_AddStream(None, self._handle, byref(config), None, None)

    def publish(self, subject, data):
        """Returns the sequence."""
        ack = POINTER(PubAck)()
        _lib.js_Publish(byref(ack), self._handle, subject.encode(), data, len(data), None, None)
        try:
            return ack.contents.Sequence
        finally:
            _lib.jsPubAck_Destroy(ack)

    def fetch(self, subject, durable, count, timeout=5.0):
        """Fetches messages, acknowledges each, and returns them."""
        subscription, fetched = c_void_p(), MsgList()
        _lib.js_PullSubscribe(byref(subscription), self._handle, subject.encode(), durable.encode(), None, None, None)
        try:
            _lib.natsSubscription_Fetch(byref(fetched), subscription, count, int(timeout * 1000), None)
            try:
                messages = [Msg(fetched.Msgs[i]) for i in range(fetched.Count)]
                for i in range(fetched.Count):
                    _lib.natsMsg_AckSync(fetched.Msgs[i], None, None)
                return messages
            finally:
                _lib.natsMsgList_Destroy(byref(fetched))
        finally:
            _lib.natsSubscription_Destroy(subscription)

    def create_bucket(self, name):
        config, handle = KvConfig(), c_void_p()
        _lib.kvConfig_Init(byref(config))
        config.Bucket = name.encode()
        config.StorageType = MEMORY_STORAGE
        _lib.js_CreateKeyValue(byref(handle), self._handle, byref(config))
        return KeyValue(handle)

    def close(self):
        _lib.jsCtx_Destroy(self._handle)
        self._handle = None


class KeyValue:
    def __init__(self, handle):
        self._handle = handle

    def put(self, key, value):
        """Returns the revision."""
        revision = c_uint64()
        _lib.kvStore_Put(byref(revision), self._handle, key.encode(), value, len(value))
        return revision.value

    def get(self, key):
        """Returns the value and its revision."""
        entry = c_void_p()
        _lib.kvStore_Get(byref(entry), self._handle, key.encode())
        try:
            value = ctypes.string_at(_lib.kvEntry_Value(entry), _lib.kvEntry_ValueLen(entry))
            return value, _lib.kvEntry_Revision(entry)
        finally:
            _lib.kvEntry_Destroy(entry)

    def close(self):
        _lib.kvStore_Destroy(self._handle)
        self._handle = None


@atexit.register
def _at_exit():
    """The interpreter ends with connections still open. No callback should see the program's modules half taken down: none
    begins after this, and those that run have a second. What still runs then is stopped by the interpreter, when it wants its
    lock, and the library lets such a thread sleep until the process ends.
    """
    _living.clear()
    for connection in list(_open):
        try:
            _lib.natsConnection_DestroyAndWait(connection._handle, 1000)
        except NatsError:
            pass


def sizes():
    """Names and sizes of the structs, for the test that compares them with C's."""
    return {
        "jsStreamConfig": ctypes.sizeof(StreamConfig),
        "kvConfig": ctypes.sizeof(KvConfig),
        "jsPubAck": ctypes.sizeof(PubAck),
        "natsMsgList": ctypes.sizeof(MsgList),
    }
