// libnats_rs for Java, with JNA: what Demo needs of it.
//
// The system property nats_rs.library names the library's file; without it the loader looks for libnats_rs.so.0.
//
// Callbacks run on threads of the library, which JNA attaches to the virtual machine: as daemon threads, so that they do not
// keep it from ending, and for as long as they live, since attaching for each message costs more than the message.

import com.sun.jna.Callback;
import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

final class NatsRs {
    private NatsRs() {}

    private static final int OK = 0;
    private static final int MEMORY_STORAGE = 1;

    interface MsgHandler extends Callback {
        void invoke(Pointer nc, Pointer sub, Pointer msg, Pointer closure);
    }

    interface ConnectionHandler extends Callback {
        void invoke(Pointer nc, Pointer closure);
    }

    interface OnComplete extends Callback {
        void invoke(Pointer closure);
    }

    @FieldOrder({"List", "Count"})
    public static class Metadata extends Structure {
        public Pointer List;
        public int Count;
    }

    @FieldOrder({"Source", "Destination"})
    public static class SubjectTransform extends Structure {
        public Pointer Source, Destination;
    }

    @FieldOrder({"InactiveThreshold", "MaxAckPending"})
    public static class ConsumerLimits extends Structure {
        public long InactiveThreshold;
        public int MaxAckPending;
    }

    /** jsStreamConfig. C's bool is a byte: JNA's boolean would be an int. The test compares the size with C's. */
    @FieldOrder({
        "Name", "Description", "Subjects", "SubjectsLen", "Retention", "MaxConsumers", "MaxMsgs", "MaxBytes", "MaxAge",
        "MaxMsgsPerSubject", "MaxMsgSize", "Discard", "Storage", "Replicas", "NoAck", "Template", "Duplicates",
        "Placement", "Mirror", "Sources", "SourcesLen", "Sealed", "DenyDelete", "DenyPurge", "AllowRollup", "RePublish",
        "AllowDirect", "MirrorDirect", "DiscardNewPerSubject", "Metadata", "Compression", "FirstSeq",
        "SubjectTransform", "ConsumerLimits", "AllowMsgTTL", "SubjectDeleteMarkerTTL", "PersistMode", "AllowAtomic",
        "AllowMsgCounter", "AllowMsgSchedules", "AllowBatched"
    })
    public static class StreamConfig extends Structure {
        public Pointer Name, Description, Subjects;
        public int SubjectsLen, Retention;
        public long MaxConsumers, MaxMsgs, MaxBytes, MaxAge, MaxMsgsPerSubject;
        public int MaxMsgSize, Discard, Storage;
        public long Replicas;
        public byte NoAck;
        public Pointer Template;
        public long Duplicates;
        public Pointer Placement, Mirror, Sources;
        public int SourcesLen;
        public byte Sealed, DenyDelete, DenyPurge, AllowRollup;
        public Pointer RePublish;
        public byte AllowDirect, MirrorDirect, DiscardNewPerSubject;
        public Metadata Metadata;
        public int Compression;
        public long FirstSeq;
        public SubjectTransform SubjectTransform;
        public ConsumerLimits ConsumerLimits;
        public byte AllowMsgTTL;
        public long SubjectDeleteMarkerTTL;
        public int PersistMode;
        public byte AllowAtomic, AllowMsgCounter, AllowMsgSchedules, AllowBatched;
    }

    @FieldOrder({"Stream", "Sequence", "Domain", "Duplicate", "Batch", "Count", "Value"})
    public static class PubAck extends Structure {
        public Pointer Stream;
        public long Sequence;
        public Pointer Domain;
        public byte Duplicate;
        public Pointer Batch;
        public long Count;
        public Pointer Value;

        public PubAck() {}

        PubAck(Pointer address) {
            super(address);
            read();
        }
    }

    @FieldOrder({
        "Bucket", "Description", "MaxValueSize", "History", "TTL", "MaxBytes", "StorageType", "Replicas", "RePublish",
        "Mirror", "Sources", "SourcesLen", "LimitMarkerTTL"
    })
    public static class KvConfig extends Structure {
        public Pointer Bucket, Description;
        public int MaxValueSize;
        public byte History;
        public long TTL, MaxBytes;
        public int StorageType, Replicas;
        public Pointer RePublish, Mirror, Sources;
        public int SourcesLen;
        public long LimitMarkerTTL;
    }

    @FieldOrder({"Msgs", "Count"})
    public static class MsgList extends Structure {
        public Pointer Msgs;
        public int Count;
    }

    /** The functions, with their C names. */
    private interface C extends Library {
        String natsStatus_GetText(int status);
        String nats_GetLastError(Pointer status);
        int natsOptions_Create(PointerByReference options);
        int natsOptions_SetURL(Pointer options, String url);
        int natsOptions_SetReconnectWait(Pointer options, long wait);
        int natsOptions_SetReconnectedCB(Pointer options, ConnectionHandler callback, Pointer closure);
        int natsOptions_SetReleasedCB(Pointer options, OnComplete callback, Pointer closure);
        void natsOptions_Destroy(Pointer options);
        int natsConnection_Connect(PointerByReference nc, Pointer options);
        int natsConnection_Publish(Pointer nc, String subject, byte[] data, int length);
        int natsConnection_Request(
                PointerByReference reply, Pointer nc, String subject, byte[] data, int length, long timeout);
        int natsConnection_Subscribe(
                PointerByReference sub, Pointer nc, String subject, MsgHandler callback, Pointer closure);
        int natsConnection_Drain(Pointer nc);
        int natsConnection_DestroyAndWait(Pointer nc, long timeout);
        int natsConnection_JetStream(PointerByReference js, Pointer nc, Pointer options);
        int natsSubscription_SetOnCompleteCB(Pointer sub, OnComplete callback, Pointer closure);
        int natsSubscription_Drain(Pointer sub);
        int natsSubscription_WaitForDrainCompletion(Pointer sub, long timeout);
        int natsSubscription_Fetch(MsgList list, Pointer sub, int batch, long timeout, Pointer errCode);
        void natsSubscription_Destroy(Pointer sub);
        String natsMsg_GetSubject(Pointer msg);
        String natsMsg_GetReply(Pointer msg);
        Pointer natsMsg_GetData(Pointer msg);
        int natsMsg_GetDataLength(Pointer msg);
        int natsMsg_AckSync(Pointer msg, Pointer options, Pointer errCode);
        void natsMsg_Destroy(Pointer msg);
        void natsMsgList_Destroy(MsgList list);
        int jsStreamConfig_Init(StreamConfig config);
        int js_AddStream(Pointer info, Pointer js, StreamConfig config, Pointer options, Pointer errCode);
        int js_Publish(
                PointerByReference ack, Pointer js, String subject, byte[] data, int length, Pointer options,
                Pointer errCode);
        void jsPubAck_Destroy(Pointer ack);
        int js_PullSubscribe(
                PointerByReference sub, Pointer js, String subject, String durable, Pointer options, Pointer subOptions,
                Pointer errCode);
        void jsCtx_Destroy(Pointer js);
        int kvConfig_Init(KvConfig config);
        int js_CreateKeyValue(PointerByReference kv, Pointer js, KvConfig config);
        int kvStore_Put(LongByReference revision, Pointer kv, String key, byte[] value, int length);
        int kvStore_Get(PointerByReference entry, Pointer kv, String key);
        void kvStore_Destroy(Pointer kv);
        Pointer kvEntry_Value(Pointer entry);
        int kvEntry_ValueLen(Pointer entry);
        long kvEntry_Revision(Pointer entry);
        void kvEntry_Destroy(Pointer entry);
    }

    private static final C lib = Native.load(
            System.getProperty("nats_rs.library", "libnats_rs.so.0"), C.class,
            Map.of(Library.OPTION_STRING_ENCODING, "UTF-8"));

    @SuppressWarnings("serial")
    static final class NatsException extends RuntimeException {
        final int status;

        NatsException(int status, String text) {
            super(text);
            this.status = status;
        }
    }

    private static void check(int status) {
        if (status != OK) {
            String text = lib.natsStatus_GetText(status);
            String detail = lib.nats_GetLastError(null);
            throw new NatsException(status, detail == null ? text : text + ": " + detail);
        }
    }

    /** A message, copied. */
    static final class Msg {
        final String subject, reply;
        final byte[] data;

        private Msg(Pointer handle) {
            subject = lib.natsMsg_GetSubject(handle);
            reply = lib.natsMsg_GetReply(handle);
            data = bytes(lib.natsMsg_GetData(handle), lib.natsMsg_GetDataLength(handle));
        }

        String text() {
            return new String(data, StandardCharsets.UTF_8);
        }
    }

    private static byte[] bytes(Pointer address, int length) {
        return length == 0 ? new byte[0] : address.getByteArray(0, length);
    }

    /** What is called with an exception that left a callback. Programs may replace it. */
    static volatile Consumer<Throwable> onCallbackError = Throwable::printStackTrace;

    // What callbacks need, by a number, which is their closure. Of each kind of callback there is one C function, which a
    // static field keeps: JNA frees those that Java cannot reach, whether or not C can.
    private static final Map<Long, Consumer<Msg>> living = new ConcurrentHashMap<>();
    private static final AtomicLong lastNumber = new AtomicLong();

    private static Pointer keep(Consumer<Msg> callback) {
        long number = lastNumber.incrementAndGet();
        living.put(number, callback);
        return new Pointer(number);
    }

    private static void forget(Pointer closure) {
        living.remove(Pointer.nativeValue(closure));
    }

    private static void deliver(Pointer closure, Msg msg) {
        Consumer<Msg> callback = living.get(Pointer.nativeValue(closure));
        try {
            if (callback != null) {
                callback.accept(msg);
            }
        } catch (Throwable error) { // it cannot pass through C
            onCallbackError.accept(error);
        }
    }

    private static final MsgHandler onMessage = (nc, sub, handle, closure) -> {
        Msg msg = new Msg(handle);
        lib.natsMsg_Destroy(handle);
        deliver(closure, msg);
    };
    private static final ConnectionHandler onReconnected = (nc, closure) -> deliver(closure, null);
    private static final OnComplete onComplete = NatsRs::forget;

    static {
        CallbackThreadInitializer attach = new CallbackThreadInitializer(true, false, "nats");
        for (Callback callback : new Callback[] {onMessage, onReconnected, onComplete}) {
            Native.setCallbackThreadInitializer(callback, attach);
        }
    }

    static final class Connection implements AutoCloseable {
        private Pointer handle;
        // A handle that is not destroyed keeps its memory.
        private final Set<Subscription> subscriptions = ConcurrentHashMap.newKeySet();

        Connection(String url, Runnable reconnected) {
            PointerByReference out = new PointerByReference();
            check(lib.natsOptions_Create(out));
            Pointer options = out.getValue();
            Pointer closure = keep(nothing -> reconnected.run());
            try {
                check(lib.natsOptions_SetURL(options, url));
                check(lib.natsOptions_SetReconnectWait(options, 100));
                check(lib.natsOptions_SetReconnectedCB(options, onReconnected, closure));
                check(lib.natsOptions_SetReleasedCB(options, onComplete, closure));
                check(lib.natsConnection_Connect(out, options));
            } catch (NatsException e) {
                forget(closure);
                throw e;
            } finally {
                lib.natsOptions_Destroy(options);
            }
            handle = out.getValue();
        }

        void publish(String subject, String data) {
            publish(subject, data.getBytes(StandardCharsets.UTF_8));
        }

        void publish(String subject, byte[] data) {
            check(lib.natsConnection_Publish(handle, subject, data, data.length));
        }

        Msg request(String subject, String data, long timeout) {
            PointerByReference reply = new PointerByReference();
            byte[] payload = data.getBytes(StandardCharsets.UTF_8);
            check(lib.natsConnection_Request(reply, handle, subject, payload, payload.length, timeout));
            try {
                return new Msg(reply.getValue());
            } finally {
                lib.natsMsg_Destroy(reply.getValue());
            }
        }

        Subscription subscribe(String subject, Consumer<Msg> callback) {
            PointerByReference out = new PointerByReference();
            Pointer closure = keep(callback);
            try {
                check(lib.natsConnection_Subscribe(out, handle, subject, onMessage, closure));
                check(lib.natsSubscription_SetOnCompleteCB(out.getValue(), onComplete, closure));
            } catch (NatsException e) {
                forget(closure);
                throw e;
            }
            Subscription subscription = new Subscription(out.getValue(), subscriptions);
            subscriptions.add(subscription);
            return subscription;
        }

        JetStream jetStream() {
            PointerByReference out = new PointerByReference();
            check(lib.natsConnection_JetStream(out, handle, null));
            return new JetStream(out.getValue());
        }

        /** Delivers what has been received, writes what has been published, and waits for the last callback. */
        @Override
        public void close() {
            check(lib.natsConnection_Drain(handle));
            check(lib.natsConnection_DestroyAndWait(handle, 10000));
            handle = null;
            subscriptions.forEach(Subscription::destroy);
        }
    }

    static final class Subscription {
        private final Pointer handle;
        private final Set<Subscription> all;

        private Subscription(Pointer handle, Set<Subscription> all) {
            this.handle = handle;
            this.all = all;
        }

        /** Delivers what has been received, then ends. */
        void drain(long timeout) {
            check(lib.natsSubscription_Drain(handle));
            check(lib.natsSubscription_WaitForDrainCompletion(handle, timeout));
            destroy();
        }

        private void destroy() {
            if (all.remove(this)) {
                lib.natsSubscription_Destroy(handle);
            }
        }
    }

    static final class JetStream implements AutoCloseable {
        private final Pointer handle;

        private JetStream(Pointer handle) {
            this.handle = handle;
        }

        void addStream(String name, String subject) {
            StreamConfig config = new StreamConfig();
            check(lib.jsStreamConfig_Init(config));
            // A Structure does not keep what its pointers point to: these locals do, until the call has returned.
            Memory cName = text(name), cSubject = text(subject), subjects = new Memory(Native.POINTER_SIZE);
            subjects.setPointer(0, cSubject);
            config.Name = cName;
            config.Subjects = subjects;
            config.SubjectsLen = 1;
            config.Storage = MEMORY_STORAGE;
            check(lib.js_AddStream(null, handle, config, null, null));
            java.lang.ref.Reference.reachabilityFence(cSubject);
        }

        /** Returns the sequence. */
        long publish(String subject, String data) {
            PointerByReference ack = new PointerByReference();
            byte[] payload = data.getBytes(StandardCharsets.UTF_8);
            check(lib.js_Publish(ack, handle, subject, payload, payload.length, null, null));
            try {
                return new PubAck(ack.getValue()).Sequence;
            } finally {
                lib.jsPubAck_Destroy(ack.getValue());
            }
        }

        /** Fetches messages, acknowledges each, and returns them. */
        List<Msg> fetch(String subject, String durable, int count, long timeout) {
            PointerByReference sub = new PointerByReference();
            MsgList list = new MsgList();
            List<Msg> messages = new ArrayList<>();
            check(lib.js_PullSubscribe(sub, handle, subject, durable, null, null, null));
            try {
                check(lib.natsSubscription_Fetch(list, sub.getValue(), count, timeout, null));
                for (Pointer msg : list.Msgs.getPointerArray(0, list.Count)) {
                    messages.add(new Msg(msg));
                    check(lib.natsMsg_AckSync(msg, null, null));
                }
                return messages;
            } finally {
                lib.natsMsgList_Destroy(list);
                lib.natsSubscription_Destroy(sub.getValue());
            }
        }

        KeyValue createBucket(String name) {
            PointerByReference out = new PointerByReference();
            KvConfig config = new KvConfig();
            check(lib.kvConfig_Init(config));
            Memory cName = text(name);
            config.Bucket = cName;
            config.StorageType = MEMORY_STORAGE;
            check(lib.js_CreateKeyValue(out, handle, config));
            return new KeyValue(out.getValue());
        }

        @Override
        public void close() {
            lib.jsCtx_Destroy(handle);
        }
    }

    static final class KeyValue implements AutoCloseable {
        private final Pointer handle;

        private KeyValue(Pointer handle) {
            this.handle = handle;
        }

        /** Returns the revision. */
        long put(String key, String value) {
            LongByReference revision = new LongByReference();
            byte[] payload = value.getBytes(StandardCharsets.UTF_8);
            check(lib.kvStore_Put(revision, handle, key, payload, payload.length));
            return revision.getValue();
        }

        /** Returns the value and its revision. */
        Map.Entry<String, Long> get(String key) {
            PointerByReference out = new PointerByReference();
            check(lib.kvStore_Get(out, handle, key));
            Pointer entry = out.getValue();
            try {
                byte[] value = bytes(lib.kvEntry_Value(entry), lib.kvEntry_ValueLen(entry));
                return Map.entry(new String(value, StandardCharsets.UTF_8), lib.kvEntry_Revision(entry));
            } finally {
                lib.kvEntry_Destroy(entry);
            }
        }

        @Override
        public void close() {
            lib.kvStore_Destroy(handle);
        }
    }

    private static Memory text(String s) {
        byte[] bytes = s.getBytes(StandardCharsets.UTF_8);
        Memory memory = new Memory(bytes.length + 1);
        memory.write(0, bytes, 0, bytes.length);
        memory.setByte(bytes.length, (byte) 0);
        return memory;
    }

    /** Names and sizes of the structs, for the test that compares them with C's. */
    static void printSizes() {
        System.out.println("jsStreamConfig " + new StreamConfig().size());
        System.out.println("kvConfig " + new KvConfig().size());
        System.out.println("jsPubAck " + new PubAck().size());
        System.out.println("natsMsgList " + new MsgList().size());
    }
}
