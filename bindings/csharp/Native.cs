// The structures and functions of libnats_rs for P/Invoke, and memory for their texts.

using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;

namespace NatsRs
{
    [StructLayout(LayoutKind.Sequential)]
    struct Metadata
    {
        public IntPtr List;
        public int Count;
    }

    [StructLayout(LayoutKind.Sequential)]
    struct SubjectTransform
    {
        public IntPtr Source, Destination;
    }

    [StructLayout(LayoutKind.Sequential)]
    struct ConsumerLimits
    {
        public long InactiveThreshold;
        public int MaxAckPending;
    }

    /// <summary>jsStreamConfig. C's bool is a byte: a bool of C# would become an int. The test compares the size with C's.
    /// </summary>
    [StructLayout(LayoutKind.Sequential)]
    struct StreamConfig
    {
        public IntPtr Name, Description, Subjects;
        public int SubjectsLen, Retention;
        public long MaxConsumers, MaxMsgs, MaxBytes, MaxAge, MaxMsgsPerSubject;
        public int MaxMsgSize, Discard, Storage;
        public long Replicas;
        public byte NoAck;
        public IntPtr Template;
        public long Duplicates;
        public IntPtr Placement, Mirror, Sources;
        public int SourcesLen;
        public byte Sealed, DenyDelete, DenyPurge, AllowRollup;
        public IntPtr RePublish;
        public byte AllowDirect, MirrorDirect, DiscardNewPerSubject;
        public Metadata Metadata;
        public int Compression;
        public ulong FirstSeq;
        public SubjectTransform SubjectTransform;
        public ConsumerLimits ConsumerLimits;
        public byte AllowMsgTTL;
        public long SubjectDeleteMarkerTTL;
        public int PersistMode;
        public byte AllowAtomic, AllowMsgCounter, AllowMsgSchedules, AllowBatched;
    }

    [StructLayout(LayoutKind.Sequential)]
    struct PubAck
    {
        public IntPtr Stream;
        public ulong Sequence;
        public IntPtr Domain;
        public byte Duplicate;
        public IntPtr Batch;
        public ulong Count;
        public IntPtr Value;
    }

    [StructLayout(LayoutKind.Sequential)]
    struct KvConfig
    {
        public IntPtr Bucket, Description;
        public int MaxValueSize;
        public byte History;
        public long TTL, MaxBytes;
        public int StorageType, Replicas;
        public IntPtr RePublish, Mirror, Sources;
        public int SourcesLen;
        public long LimitMarkerTTL;
    }

    [StructLayout(LayoutKind.Sequential)]
    struct MsgList
    {
        public IntPtr Msgs;
        public int Count;
    }

    /// <summary>The functions, with their C names. Texts are passed as bytes: Mono and .NET have different ideas of how to
    /// marshal a string.</summary>
    static class C
    {
        const string Lib = "libnats_rs.so.0";

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate void MsgHandler(IntPtr nc, IntPtr sub, IntPtr msg, IntPtr closure);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate void ConnectionHandler(IntPtr nc, IntPtr closure);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate void OnComplete(IntPtr closure);

        [DllImport("libc")] public static extern void _exit(int code);
        [DllImport(Lib)] public static extern IntPtr natsStatus_GetText(int status);
        [DllImport(Lib)] public static extern IntPtr nats_GetLastError(IntPtr status);
        [DllImport(Lib)] public static extern int nats_CloseAndWait(long timeout);
        [DllImport(Lib)] public static extern int natsOptions_Create(out IntPtr options);
        [DllImport(Lib)] public static extern int natsOptions_SetURL(IntPtr options, byte[] url);
        [DllImport(Lib)] public static extern int natsOptions_SetReconnectWait(IntPtr options, long wait);
        [DllImport(Lib)] public static extern int natsOptions_SetReconnectedCB(IntPtr options, ConnectionHandler callback, IntPtr closure);
        [DllImport(Lib)] public static extern int natsOptions_SetReleasedCB(IntPtr options, OnComplete callback, IntPtr closure);
        [DllImport(Lib)] public static extern void natsOptions_Destroy(IntPtr options);
        [DllImport(Lib)] public static extern int natsConnection_Connect(out IntPtr nc, IntPtr options);
        [DllImport(Lib)] public static extern int natsConnection_Publish(IntPtr nc, byte[] subject, byte[] data, int length);
        [DllImport(Lib)] public static extern int natsConnection_Request(out IntPtr reply, IntPtr nc, byte[] subject, byte[] data, int length, long timeout);
        [DllImport(Lib)] public static extern int natsConnection_Subscribe(out IntPtr sub, IntPtr nc, byte[] subject, MsgHandler callback, IntPtr closure);
        [DllImport(Lib)] public static extern int natsConnection_Drain(IntPtr nc);
        [DllImport(Lib)] public static extern int natsConnection_DestroyAndWait(IntPtr nc, long timeout);
        [DllImport(Lib)] public static extern void natsConnection_Destroy(IntPtr nc);
        [DllImport(Lib)] public static extern int natsConnection_JetStream(out IntPtr js, IntPtr nc, IntPtr options);
        [DllImport(Lib)] public static extern int natsSubscription_SetOnCompleteCB(IntPtr sub, OnComplete callback, IntPtr closure);
        [DllImport(Lib)] public static extern int natsSubscription_Drain(IntPtr sub);
        [DllImport(Lib)] public static extern int natsSubscription_WaitForDrainCompletion(IntPtr sub, long timeout);
        [DllImport(Lib)] public static extern int natsSubscription_Fetch(out MsgList list, IntPtr sub, int batch, long timeout, IntPtr errCode);
        [DllImport(Lib)] public static extern void natsSubscription_Destroy(IntPtr sub);
        [DllImport(Lib)] public static extern IntPtr natsMsg_GetSubject(IntPtr msg);
        [DllImport(Lib)] public static extern IntPtr natsMsg_GetReply(IntPtr msg);
        [DllImport(Lib)] public static extern IntPtr natsMsg_GetData(IntPtr msg);
        [DllImport(Lib)] public static extern int natsMsg_GetDataLength(IntPtr msg);
        [DllImport(Lib)] public static extern int natsMsg_AckSync(IntPtr msg, IntPtr options, IntPtr errCode);
        [DllImport(Lib)] public static extern void natsMsg_Destroy(IntPtr msg);
        [DllImport(Lib)] public static extern void natsMsgList_Destroy(ref MsgList list);
        [DllImport(Lib)] public static extern int jsStreamConfig_Init(out StreamConfig config);
        [DllImport(Lib)] public static extern int js_AddStream(IntPtr info, IntPtr js, ref StreamConfig config, IntPtr options, IntPtr errCode);
        [DllImport(Lib)] public static extern int js_Publish(out IntPtr ack, IntPtr js, byte[] subject, byte[] data, int length, IntPtr options, IntPtr errCode);
        [DllImport(Lib)] public static extern void jsPubAck_Destroy(IntPtr ack);
        [DllImport(Lib)] public static extern int js_PullSubscribe(out IntPtr sub, IntPtr js, byte[] subject, byte[] durable, IntPtr options, IntPtr subOptions, IntPtr errCode);
        [DllImport(Lib)] public static extern void jsCtx_Destroy(IntPtr js);
        [DllImport(Lib)] public static extern int kvConfig_Init(out KvConfig config);
        [DllImport(Lib)] public static extern int js_CreateKeyValue(out IntPtr kv, IntPtr js, ref KvConfig config);
        [DllImport(Lib)] public static extern int kvStore_Put(out ulong revision, IntPtr kv, byte[] key, byte[] value, int length);
        [DllImport(Lib)] public static extern int kvStore_Get(out IntPtr entry, IntPtr kv, byte[] key);
        [DllImport(Lib)] public static extern void kvStore_Destroy(IntPtr kv);
        [DllImport(Lib)] public static extern IntPtr kvEntry_Value(IntPtr entry);
        [DllImport(Lib)] public static extern int kvEntry_ValueLen(IntPtr entry);
        [DllImport(Lib)] public static extern ulong kvEntry_Revision(IntPtr entry);
        [DllImport(Lib)] public static extern void kvEntry_Destroy(IntPtr entry);

        public static byte[] Text(string s)
        {
            return Encoding.UTF8.GetBytes(s + "\0");
        }

        public static byte[] Bytes(IntPtr address, int length)
        {
            var bytes = new byte[length];
            Marshal.Copy(address, bytes, 0, length);
            return bytes;
        }

        public static string String(IntPtr address)
        {
            if (address == IntPtr.Zero)
                return null;
            int length = 0;
            while (Marshal.ReadByte(address, length) != 0)
                length++;
            return Encoding.UTF8.GetString(Bytes(address, length));
        }

        public static void Check(int status)
        {
            if (status == 0)
                return;
            string text = String(natsStatus_GetText(status)), detail = String(nats_GetLastError(IntPtr.Zero));
            throw new NatsException(status, detail == null ? text : text + ": " + detail);
        }
    }

    /// <summary>Texts in C's memory for structs, which do not keep what their pointers point to.</summary>
    sealed class Texts : IDisposable
    {
        readonly List<IntPtr> all = new List<IntPtr>();

        public IntPtr Add(string s)
        {
            byte[] bytes = C.Text(s);
            IntPtr memory = Marshal.AllocHGlobal(bytes.Length);
            Marshal.Copy(bytes, 0, memory, bytes.Length);
            all.Add(memory);
            return memory;
        }

        public IntPtr AddPointer(IntPtr pointer)
        {
            IntPtr memory = Marshal.AllocHGlobal(IntPtr.Size);
            Marshal.WriteIntPtr(memory, pointer);
            all.Add(memory);
            return memory;
        }

        public void Dispose()
        {
            all.ForEach(Marshal.FreeHGlobal);
        }
    }

    /// <summary>Names and sizes of the structs, for the test that compares them with C's.</summary>
    public static class Sizes
    {
        public static void Print()
        {
            Console.WriteLine("jsStreamConfig " + Marshal.SizeOf(typeof(StreamConfig)));
            Console.WriteLine("kvConfig " + Marshal.SizeOf(typeof(KvConfig)));
            Console.WriteLine("jsPubAck " + Marshal.SizeOf(typeof(PubAck)));
            Console.WriteLine("natsMsgList " + Marshal.SizeOf(typeof(MsgList)));
        }
    }
}
