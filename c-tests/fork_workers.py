"""Workers of Python's multiprocessing, which fork while the parent has a connection and threads at work.

Run by test_fork_load: fork_workers.py LIBRARY URL. Ends with 0 where all of it is right.
"""

import ctypes
import multiprocessing
import os
import sys
import warnings

OK = 0
ILLEGAL_STATE = 19

library, url = sys.argv[1], sys.argv[2].encode()
nats = ctypes.CDLL(library)
nats.natsMsg_GetData.restype = ctypes.c_char_p
nats.natsMsg_GetReply.restype = ctypes.c_char_p
for name in ("natsMsg_GetData", "natsMsg_GetReply", "natsMsg_Destroy"):
    getattr(nats, name).argtypes = [ctypes.c_void_p]
HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


def check(what, status, wanted=OK):
    if status != wanted:
        raise SystemExit(f"{os.getpid()}: {what}: {status}")


@HANDLER
def answer(nc, sub, msg, closure):
    reply = nats.natsMsg_GetReply(msg)
    nats.natsConnection_PublishString(ctypes.c_void_p(nc), reply, b"pong")
    nats.natsMsg_Destroy(msg)


def connect():
    nc = ctypes.c_void_p()
    check("connect", nats.natsConnection_ConnectTo(ctypes.byref(nc), url))
    return nc


def request(nc):
    sub, msg = ctypes.c_void_p(), ctypes.c_void_p()
    subject = f"python.{os.getpid()}".encode()
    check("subscribe", nats.natsConnection_Subscribe(ctypes.byref(sub), nc, subject, answer, None))
    timeout = ctypes.c_int64(30_000)
    check("request", nats.natsConnection_RequestString(ctypes.byref(msg), nc, subject, b"ping", timeout))
    if nats.natsMsg_GetData(msg) != b"pong":
        raise SystemExit("a wrong answer")
    nats.natsMsg_Destroy(msg)
    nats.natsSubscription_Destroy(sub)


def work(number):
    check("inherited", nats.natsConnection_PublishString(parent, b"foo", b"x"), ILLEGAL_STATE)
    own = connect()
    request(own)
    nats.natsConnection_Destroy(own)
    return number


warnings.simplefilter("ignore")  # of forks beside threads
parent = connect()
request(parent)
context = multiprocessing.get_context("fork")
with context.Pool(4) as pool:
    if pool.map(work, range(20)) != list(range(20)):
        raise SystemExit("not all work was done")
for _ in range(5):
    worker = context.Process(target=work, args=(0,))
    worker.start()
    worker.join()
    check("worker", worker.exitcode)
request(parent)
nats.natsConnection_Destroy(parent)
