// libnats_rs for C#: the classes that Demo.cs uses, on the functions of Native.cs. Compiles with Mono's mcs and with .NET.
//
// The runtime finds the library by its soname, like every shared library, in LD_LIBRARY_PATH or in the folders of ldconfig.
//
// Callbacks run on threads of the library, which the runtime attaches. At its exit Mono waits for these threads without
// limit, so the library is closed when the process exits. To exit in a callback, call Library.Exit.

using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace NatsRs
{
    /// <summary>A status that is not NATS_OK.</summary>
    public sealed class NatsException : Exception
    {
        public readonly int Status;

        internal NatsException(int status, string text) : base(text)
        {
            Status = status;
        }
    }

    /// <summary>A message, copied.</summary>
    public sealed class Msg
    {
        public readonly string Subject, Reply;
        public readonly byte[] Data;

        internal Msg(IntPtr handle)
        {
            Subject = C.String(C.natsMsg_GetSubject(handle));
            Reply = C.String(C.natsMsg_GetReply(handle));
            Data = C.Bytes(C.natsMsg_GetData(handle), C.natsMsg_GetDataLength(handle));
        }

        public string Text
        {
            get { return Encoding.UTF8.GetString(Data); }
        }
    }

    public static class Library
    {
        /// <summary>Is called with an exception that left a callback. Programs may replace it.</summary>
        public static Action<Exception> OnCallbackError = error => Console.Error.WriteLine(error);

        static Library()
        {
            AppDomain.CurrentDomain.ProcessExit += (sender, arguments) => Close();
        }

        // Connections that were not disposed of.
        internal static readonly ConcurrentDictionary<Connection, bool> Open = new ConcurrentDictionary<Connection, bool>();

        /// <summary>Ends what is left, and waits until no thread of the library exists. Does nothing in a callback.</summary>
        public static void Close(long timeout = 10000)
        {
            foreach (Connection connection in Open.Keys)
                connection.Abandon();
            C.nats_CloseAndWait(timeout);
        }

        /// <summary>Ends the process at once, also in a callback, where Environment.Exit of Mono would wait for its own thread.
        /// </summary>
        public static void Exit(int code)
        {
            Console.Out.Flush();
            Console.Error.Flush();
            C._exit(code);
        }
    }

    /// <summary>What callbacks need, by a number, which is their closure. Of each kind of callback there is one C function,
    /// which a static field keeps: the collector frees delegates that it cannot reach, whether or not C can.</summary>
    static class Callbacks
    {
        static readonly ConcurrentDictionary<long, Action<Msg>> living = new ConcurrentDictionary<long, Action<Msg>>();
        static long last;

        public static readonly C.MsgHandler OnMessage = (nc, sub, handle, closure) =>
        {
            try
            {
                var msg = new Msg(handle);
                C.natsMsg_Destroy(handle);
                Deliver(closure, msg);
            }
            catch (Exception error) // it cannot pass through C
            {
                Library.OnCallbackError(error);
            }
        };
        public static readonly C.ConnectionHandler OnReconnected = (nc, closure) => Deliver(closure, null);
        public static readonly C.OnComplete OnComplete = Forget;

        public static IntPtr Keep(Action<Msg> callback)
        {
            long number = Interlocked.Increment(ref last);
            living[number] = callback;
            return (IntPtr)number;
        }

        public static void Forget(IntPtr closure)
        {
            Action<Msg> callback;
            living.TryRemove((long)closure, out callback);
        }

        static void Deliver(IntPtr closure, Msg msg)
        {
            Action<Msg> callback;
            if (!living.TryGetValue((long)closure, out callback))
                return;
            try
            {
                callback(msg);
            }
            catch (Exception error)
            {
                Library.OnCallbackError(error);
            }
        }
    }

    public sealed class Connection : IDisposable
    {
        IntPtr handle;
        // A handle that is not destroyed keeps the library open.
        readonly ConcurrentDictionary<Subscription, bool> subscriptions = new ConcurrentDictionary<Subscription, bool>();

        public Connection(string url, Action reconnected = null)
        {
            IntPtr options, closure = Callbacks.Keep(nothing => { if (reconnected != null) reconnected(); });
            C.Check(C.natsOptions_Create(out options));
            try
            {
                C.Check(C.natsOptions_SetURL(options, C.Text(url)));
                C.Check(C.natsOptions_SetReconnectWait(options, 100));
                C.Check(C.natsOptions_SetReconnectedCB(options, Callbacks.OnReconnected, closure));
                C.Check(C.natsOptions_SetReleasedCB(options, Callbacks.OnComplete, closure));
                C.Check(C.natsConnection_Connect(out handle, options));
            }
            catch (NatsException)
            {
                Callbacks.Forget(closure);
                throw;
            }
            finally
            {
                C.natsOptions_Destroy(options);
            }
            Library.Open[this] = true;
        }

        public void Publish(string subject, byte[] data)
        {
            C.Check(C.natsConnection_Publish(handle, C.Text(subject), data, data.Length));
        }

        public void Publish(string subject, string data)
        {
            Publish(subject, Encoding.UTF8.GetBytes(data));
        }

        public Msg Request(string subject, string data, long timeout = 5000)
        {
            IntPtr reply;
            byte[] payload = Encoding.UTF8.GetBytes(data);
            C.Check(C.natsConnection_Request(out reply, handle, C.Text(subject), payload, payload.Length, timeout));
            try
            {
                return new Msg(reply);
            }
            finally
            {
                C.natsMsg_Destroy(reply);
            }
        }

        public Subscription Subscribe(string subject, Action<Msg> callback)
        {
            IntPtr sub, closure = Callbacks.Keep(callback);
            try
            {
                C.Check(C.natsConnection_Subscribe(out sub, handle, C.Text(subject), Callbacks.OnMessage, closure));
                C.Check(C.natsSubscription_SetOnCompleteCB(sub, Callbacks.OnComplete, closure));
            }
            catch (NatsException)
            {
                Callbacks.Forget(closure);
                throw;
            }
            var subscription = new Subscription(sub, subscriptions);
            subscriptions[subscription] = true;
            return subscription;
        }

        public JetStream JetStream()
        {
            IntPtr js;
            C.Check(C.natsConnection_JetStream(out js, handle, IntPtr.Zero));
            return new JetStream(js);
        }

        /// <summary>Delivers what has been received, writes what has been published, and waits for the last callback.
        /// </summary>
        public void Dispose()
        {
            bool removed;
            Library.Open.TryRemove(this, out removed);
            if (!removed)
                return;
            C.Check(C.natsConnection_Drain(handle));
            C.Check(C.natsConnection_DestroyAndWait(handle, 10000));
            DestroySubscriptions();
        }

        internal void Abandon()
        {
            bool removed;
            Library.Open.TryRemove(this, out removed);
            if (!removed)
                return;
            DestroySubscriptions();
            C.natsConnection_Destroy(handle);
        }

        void DestroySubscriptions()
        {
            foreach (Subscription subscription in subscriptions.Keys)
                subscription.Destroy();
        }
    }

    public sealed class Subscription
    {
        readonly IntPtr handle;
        readonly ConcurrentDictionary<Subscription, bool> all;

        internal Subscription(IntPtr handle, ConcurrentDictionary<Subscription, bool> all)
        {
            this.handle = handle;
            this.all = all;
        }

        /// <summary>Delivers what has been received, then ends.</summary>
        public void Drain(long timeout = 5000)
        {
            C.Check(C.natsSubscription_Drain(handle));
            C.Check(C.natsSubscription_WaitForDrainCompletion(handle, timeout));
            Destroy();
        }

        internal void Destroy()
        {
            bool removed;
            all.TryRemove(this, out removed);
            if (removed)
                C.natsSubscription_Destroy(handle);
        }
    }

    public sealed class JetStream : IDisposable
    {
        const int MemoryStorage = 1;
        readonly IntPtr handle;

        internal JetStream(IntPtr handle)
        {
            this.handle = handle;
        }

        public void AddStream(string name, string subject)
        {
            StreamConfig config;
            C.Check(C.jsStreamConfig_Init(out config));
            using (var texts = new Texts())
            {
                config.Name = texts.Add(name);
                config.Subjects = texts.AddPointer(texts.Add(subject));
                config.SubjectsLen = 1;
                config.Storage = MemoryStorage;
                C.Check(C.js_AddStream(IntPtr.Zero, handle, ref config, IntPtr.Zero, IntPtr.Zero));
            }
        }

        /// <summary>Returns the sequence.</summary>
        public ulong Publish(string subject, string data)
        {
            IntPtr ack;
            byte[] payload = Encoding.UTF8.GetBytes(data);
            C.Check(C.js_Publish(out ack, handle, C.Text(subject), payload, payload.Length, IntPtr.Zero, IntPtr.Zero));
            try
            {
                return ((PubAck)Marshal.PtrToStructure(ack, typeof(PubAck))).Sequence;
            }
            finally
            {
                C.jsPubAck_Destroy(ack);
            }
        }

        /// <summary>Fetches messages, acknowledges each, and returns them.</summary>
        public List<Msg> Fetch(string subject, string durable, int count, long timeout = 5000)
        {
            IntPtr sub;
            var list = new MsgList();
            var messages = new List<Msg>();
            C.Check(C.js_PullSubscribe(out sub, handle, C.Text(subject), C.Text(durable), IntPtr.Zero, IntPtr.Zero, IntPtr.Zero));
            try
            {
                C.Check(C.natsSubscription_Fetch(out list, sub, count, timeout, IntPtr.Zero));
                for (int i = 0; i < list.Count; i++)
                {
                    IntPtr msg = Marshal.ReadIntPtr(list.Msgs, i * IntPtr.Size);
                    messages.Add(new Msg(msg));
                    C.Check(C.natsMsg_AckSync(msg, IntPtr.Zero, IntPtr.Zero));
                }
                return messages;
            }
            finally
            {
                C.natsMsgList_Destroy(ref list);
                C.natsSubscription_Destroy(sub);
            }
        }

        public KeyValue CreateBucket(string name)
        {
            IntPtr kv;
            KvConfig config;
            C.Check(C.kvConfig_Init(out config));
            using (var texts = new Texts())
            {
                config.Bucket = texts.Add(name);
                config.StorageType = MemoryStorage;
                C.Check(C.js_CreateKeyValue(out kv, handle, ref config));
            }
            return new KeyValue(kv);
        }

        public void Dispose()
        {
            C.jsCtx_Destroy(handle);
        }
    }

    public sealed class KeyValue : IDisposable
    {
        readonly IntPtr handle;

        internal KeyValue(IntPtr handle)
        {
            this.handle = handle;
        }

        /// <summary>Returns the revision.</summary>
        public ulong Put(string key, string value)
        {
            ulong revision;
            byte[] payload = Encoding.UTF8.GetBytes(value);
            C.Check(C.kvStore_Put(out revision, handle, C.Text(key), payload, payload.Length));
            return revision;
        }

        /// <summary>Returns the value; the revision is written.</summary>
        public string Get(string key, out ulong revision)
        {
            IntPtr entry;
            C.Check(C.kvStore_Get(out entry, handle, C.Text(key)));
            try
            {
                revision = C.kvEntry_Revision(entry);
                return Encoding.UTF8.GetString(C.Bytes(C.kvEntry_Value(entry), C.kvEntry_ValueLen(entry)));
            }
            finally
            {
                C.kvEntry_Destroy(entry);
            }
        }

        public void Dispose()
        {
            C.kvStore_Destroy(handle);
        }
    }
}
