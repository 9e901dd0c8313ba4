"""What the arguments of sensible calls are (calls.h), where their type and name do not say enough. Each value is an
expression in C, in which f is the frame of the call and s the structure. Names of functions and parameters are patterns."""

HEADER_KEY = 'a_choice(f, "Key|Key|Other")'
SUBJECT_LIST = "s0.a|s0.b"

# (function, parameter, value)
ARGUMENTS = [
    (r"js_(GetCounter|AddToCounter)", "stream", 'a_choice(f, "s2")'),
    (r"js_(GetCounter|AddToCounter)", "subject", 'a_choice(f, "s2.n|s2.m")'),
    (r"js_AddToCounter", "delta", 'a_choice(f, "1|-1|+5")'),
    (r"js_(GetMsg|DeleteMsg|EraseMsg)", "seq", "a_sequence()"),
    (r"js_(GetMsg|DeleteMsg|EraseMsg|GetLastMsg|DirectGet\w+|PurgeStream\w*|UnpinConsumer)", "stream", 'a_choice(f, "s0")'),
    (r"js_UnpinConsumer", "consumer", 'a_choice(f, "pinned")'),
    (r"js_UnpinConsumer", "group", 'a_choice(f, "group")'),
    (r"js_(Create|Add|Update|Replace|CreateOrUpdate)Consumer", "stream", 'a_choice(f, "s0")'),
    (r"js_(GetConsumerInfo|DeleteConsumer|PauseConsumer|ResumeConsumer|ResetConsumer)", "stream", 'a_choice(f, "s0")'),
    (r"js_(GetConsumerInfo|DeleteConsumer|PauseConsumer|ResumeConsumer|ResetConsumer)", "consumer", 'a_choice(f, "c1|c2")'),
    (r"js_PullSubscribe\w*", "durable", 'a_choice(f, "c0|c1|d0")'),
    (r"js_(Publish|Pull|Subscribe|Fast|Batch|GetLast)\w*", "subj|subject", 'a_choice(f, "s0.a|s0.b")'),
    (r"kvStore_\w+", "revision|last", "a_revision()"),
    (r"kvStore_\w+", "ttl", "1000000000"),
    (r"kvStore_(Create\w*)", "key", 'a_choice(f, "n0|n1|n2|n3|n4|n5|n6|n7")'),
    (r"kvStore_(Update\w*|GetRevision|\w+IfRevision)", "key", 'a_choice(f, "k0")'),
    (r"\w+ObjectStore", "bucket", 'a_choice(f, "o0|o0|o1")'),
    (r"objStore_\w+", "name", 'a_choice(f, "name|name|one|k0")'),
    (r"objStore_(AddLink|AddBucketLink)", "name", 'a_choice(f, "l0|l1|l2|l3|l4")'),
    (r"objStorePut_ExpectRevision", "revision", "0"),
    (r"(natsHeader|natsMsgHeader)_\w+|microRequest_\w*Header\w*", "key", HEADER_KEY),
    (r"natsConnection_\w*Request\w*|natsConnection_Request\w*|microClient_DoRequest", "subj|subject", 'a_choice(f, "svc|svc|x.y")'),
    (r"natsOptions_SetCiphers", "ciphers", 'a_choice(f, "HIGH|DEFAULT:!ECDSA")'),
    (r"natsOptions_SetCipherSuites", "ciphers", 'a_choice(f, "TLS_AES_128_GCM_SHA256")'),
    (r"natsOptions_(SetCATrusted|LoadCATrusted)\w*Path", "path", 'a_certificate(f, "cas")'),
    (r"natsOptions_LoadCATrustedCertificates", "fileName", 'a_certificate(f, "ca.pem")'),
    (r"natsOptions_SetCATrustedCertificates", "certificates", 'a_file_text(f, "ca.pem|other.pem")'),
    (r"natsOptions_LoadCertificatesChain\w*", "certsFileName", 'a_certificate(f, "client.pem")'),
    (r"natsOptions_LoadCertificatesChain\w*", "keyFileName", 'a_certificate(f, "client.key")'),
    (r"natsOptions_SetCertificatesChain", "cert", 'a_file_text(f, "client.pem")'),
    (r"natsOptions_SetCertificatesChain", "key", 'a_file_text(f, "client.key")'),
    (r"natsOptions_SetTLSRevocationListFile", "path|fileName|file", 'a_certificate(f, "empty.crl|revoked.crl")'),
    (r"natsOptions_SetProxyURL", "url", 'a_choice(f, "http://127.0.0.1:1|socks5://u:p@127.0.0.1:1")'),
    (r"natsOptions_SetLocalAddress", "ip", 'a_choice(f, "127.0.0.1")'),
    (r"natsOptions_SetNKeyFromSeed", "pubKey", "PUBLIC_KEY"),
    (r"natsOptions_SetNKeyFromSeed", "seedFile", 'a_choice(f, "seed")'),
    (r"nats_Sign", "encodedSeed", "SEED"),
    (r"js_ReadAdvisory", "msg", "an_advisory(f)"),
    (r"js_SetRequiredApiLevel", "level", "(int)pick(2)"),
    (r"natsSubscription_Fetch\w*", "sub", "preferred(PREFER_PULL)"),
    (r"natsSubscription_NextMsg\w*", "sub", "preferred(PREFER_SYNC)"),
    (r"natsMsg_(Ack\w*|Nak\w*|InProgress|Term\w*|GetMetaData)", "msg", "borrow(f, KIND_storedMsg)"),
]

# Fields of structures that sensible calls always set. The others are set rarely, at random.
FIELDS = {
    "jsStreamConfig": ['s->Name = a_choice(f, "s0|s1|s3")', "the_stream(f, s)"],
    "jsConsumerConfig": ['s->Durable = a_choice(f, "c1|c2")', "s->AckPolicy = js_AckExplicit"],
    "jsSubOptions": ["s->Config.Durable = NULL"],
    "jsDirectGetMsgOptions": ['s->LastBySubject = a_choice(f, "s0.a|s0.b")'],
    "jsDirectBatchOptions": ["s->Batch = 5", 's->NextBySubject = a_choice(f, "s0.>|s0.a")'],
    "jsFetchRequest": ["s->Batch = 1 + (int)pick(5)", "s->Expires = 50000000"],
    "jsOptions": ["s->Wait = 1000"],
    "jsStreamSource": ['s->Name = a_choice(f, "s1|s3")'],
    "jsRePublish": ['s->Source = ">"', 's->Destination = "again.>"'],
    "kvConfig": ['s->Bucket = a_choice(f, "b0|b1")', "s->History = 5", "s->StorageType = js_MemoryStorage"],
    "kvExtraConfig": ["s->Transactions = true"],
    "kvChange": ["s->Operation = (kvOperation)(1 + pick(3))", 's->Key = a_choice(f, "t0|t1|t2|t3|t4|t5")'],
    "objStoreConfig": ['s->Bucket = a_choice(f, "o0|o0|o1")', "s->Storage = js_MemoryStorage"],
    "objStoreMeta": ['s->Name = a_choice(f, "name|k0")'],
    "microServiceConfig": ['s->Name = "svc"', 's->Version = "1.0.0"'],
    "microEndpointConfig": ['s->Name = a_choice(f, "e0|e1|e2|svc")', "s->Handler = on_microRequestHandler"],
    "microGroupConfig": ['s->Prefix = a_choice(f, "g|h.i")'],
    "natsRequestManyOptions": ["s->MaxWait = 50"],
}

# Lists of texts: their texts.
LISTS = {"subjects": SUBJECT_LIST, "filters": "k0|k1|k.>", "keys": "k0|k1|k.2"}

# These end what other calls need.
ENDS = (r"natsConnection_(Close|Drain\w*|Destroy\w*|Reconnect)|natsSubscription_(Unsubscribe|Drain|DrainTimeout|AutoUnsubscribe|Destroy)"
        r"|js_Delete(Stream|KeyValue|ObjectStore|Consumer)|js_PurgeStream\w*|objStore_Seal|microService_(Stop|Destroy)"
        r"|(jsCtx|kvStore|kvWatcher|objStore|objStorePut|objStoreGet|objStoreWatcher|jsAtomicBatchCtx|jsFastBatchCtx|microClient)_Destroy"
        r"|(kvWatcher|objStoreWatcher)_Stop|js_BatchPublishDiscard|js_(SetRequiredApiLevel|SetPedantic)")
