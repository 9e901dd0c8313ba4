/// @file
/// Key-value buckets: nats::kv_store, watchers, transactions.
#ifndef NATS_RS_CPP_KV_HPP
#define NATS_RS_CPP_KV_HPP

#include "jetstream.hpp"
#include "kv_codec.hpp"
#include "kv_types.hpp"

namespace nats {

/// A bucket. Any thread may use it. Calls wait for the server.
class kv_store {
  public:
    /// No bucket.
    kv_store() noexcept = default;
    /// Takes over a bucket of C.
    explicit kv_store(::kvStore *taken) noexcept : own_(taken) {}
    /// Creates a bucket.
    static kv_store create(const jetstream &js, const kv_config &how) { return try_create(js, how).value(); }
    /// As create(), with the failure in the result.
    static result<kv_store> try_create(const jetstream &js, const kv_config &how) {
        return configured(::js_CreateKeyValueWithExtra, js, how);
    }
    /// Changes a bucket.
    static kv_store update(const jetstream &js, const kv_config &how) { return try_update(js, how).value(); }
    /// As update(), with the failure in the result.
    static result<kv_store> try_update(const jetstream &js, const kv_config &how) {
        return configured(::js_UpdateKeyValue, js, how);
    }
    /// Creates a bucket, or changes it where it exists.
    static kv_store create_or_update(const jetstream &js, const kv_config &how) {
        return try_create_or_update(js, how).value();
    }
    /// As create_or_update(), with the failure in the result.
    static result<kv_store> try_create_or_update(const jetstream &js, const kv_config &how) {
        return configured(::js_CreateOrUpdateKeyValue, js, how);
    }
    /// A bucket that exists. Throws NATS_NOT_FOUND if there is none.
    static kv_store open(const jetstream &js, std::string_view bucket) {
        return try_open(js, bucket).value();
    }
    /// As open(), with the failure in the result.
    static result<kv_store> try_open(const jetstream &js, std::string_view bucket) {
        detail::texts t;
        const char *name = t(bucket);
        if (t.bad())
            return t.failure();
        kv_store made;
        const ::natsStatus s = ::js_KeyValue(made.own_.out(), js.get(), name);
        if (s != NATS_OK)
            return error::last(s);
        return made;
    }
    /// Deletes a bucket with everything in it.
    static void remove(const jetstream &js, std::string_view bucket) { try_remove(js, bucket).value(); }
    /// As remove(), with the failure in the result.
    static result<void> try_remove(const jetstream &js, std::string_view bucket) {
        return changed(bucket, [&](auto *name) { return ::js_DeleteKeyValue(js.get(), name); });
    }
    /// The names of all buckets.
    static std::vector<std::string> names(const jetstream &js) { return try_names(js).value(); }
    /// As names(), with the failure in the result.
    static result<std::vector<std::string>> try_names(const jetstream &js) {
        ::kvKeysList list{};
        const ::natsStatus s = ::js_KeyValueNames(&list, js.get());
        if (s == NATS_NOT_FOUND)
            return std::vector<std::string>();
        if (s != NATS_OK)
            return error::last(s);
        return strings(list);
    }

    /// The same bucket with keys and values in another form than in the program. Codecs that it has already stay: the
    /// new ones encode before them.
    kv_store with_codecs(const std::vector<kv_codec> &keys, const std::vector<kv_codec> &values = {}) const {
        return try_with_codecs(keys, values).value();
    }
    /// As with_codecs(), with the failure in the result.
    result<kv_store> try_with_codecs(const std::vector<kv_codec> &keys,
                                     const std::vector<kv_codec> &values = {}) const {
        std::vector<::kvCodec> all;
        for (const auto *codecs : {&keys, &values})
            for (const kv_codec &codec : *codecs)
                all.push_back(codec.c());
        ::kvCodecs given;
        ::kvCodecs_Init(&given);
        given.Keys = all.data();
        given.KeysLen = static_cast<int>(keys.size());
        given.Values = all.data() + keys.size();
        given.ValuesLen = static_cast<int>(values.size());
        kv_store made;
        const ::natsStatus s = ::kvStore_WithCodecs(made.own_.out(), get(), &given);
        if (s == NATS_OK)
            return made;
        error why = error::last(s);
        for (const ::kvCodec &codec : all)
            kv_codec::take_back(codec);
        return why;
    }

    /// Whether there is a bucket.
    explicit operator bool() const noexcept { return static_cast<bool>(own_); }
    /// The handle of C, for what has no function here.
    ::kvStore *get() const noexcept { return own_.get(); }
    /// Gives the handle away, which the caller then has to destroy.
    ::kvStore *release() noexcept { return own_.release(); }
    /// The name.
    std::string bucket() const { return detail::string_of(::kvStore_Bucket(get())); }

    /// The value of a key. Throws NATS_NOT_FOUND if there is none.
    kv_entry get(std::string_view key) const { return try_get(key).value(); }
    /// As get(), with the failure in the result.
    result<kv_entry> try_get(std::string_view key) const {
        return entry(key, [this](auto **out, auto *k) { return ::kvStore_Get(out, get(), k); });
    }
    /// A revision of a key. Throws NATS_NOT_FOUND if there is no such one.
    kv_entry get(std::string_view key, std::uint64_t revision) const {
        return try_get(key, revision).value();
    }
    /// As get(), with the failure in the result.
    result<kv_entry> try_get(std::string_view key, std::uint64_t revision) const {
        return entry(key,
                     [&](auto **out, auto *k) { return ::kvStore_GetRevision(out, get(), k, revision); });
    }
    /// The value of a key; nothing if there is none.
    std::optional<kv_entry> find(std::string_view key) const { return try_find(key).value(); }
    /// As find(), with the failure in the result.
    result<std::optional<kv_entry>> try_find(std::string_view key) const {
        result<kv_entry> got = try_get(key);
        if (got.status() == NATS_NOT_FOUND)
            return std::optional<kv_entry>();
        if (!got)
            return got.error();
        return std::optional<kv_entry>(std::move(got).value());
    }
    /// Stores a value. Returns its revision.
    std::uint64_t put(std::string_view key, bytes value) const { return try_put(key, value).value(); }
    /// As put(), with the failure in the result.
    result<std::uint64_t> try_put(std::string_view key, bytes value) const {
        return stored(key, value, [this](auto *rev, auto *k, auto *v, int n) {
            return ::kvStore_Put(rev, get(), k, v, n);
        });
    }
    /// Stores the value of a key that has none, for a time if there is one. Throws NATS_ERR if it has.
    std::uint64_t create(std::string_view key, bytes value, duration ttl = duration::zero()) const {
        return try_create(key, value, ttl).value();
    }
    /// As create(), with the failure in the result.
    result<std::uint64_t> try_create(std::string_view key, bytes value,
                                     duration ttl = duration::zero()) const {
        return stored(key, value, [&](auto *rev, auto *k, auto *v, int n) {
            return ttl.count() > 0 ? ::kvStore_CreateWithTTL(rev, get(), k, v, n, detail::millis(ttl))
                                   : ::kvStore_Create(rev, get(), k, v, n);
        });
    }
    /// Stores a value if the key has this revision. Throws NATS_ERR if it has another one.
    std::uint64_t update(std::string_view key, bytes value, std::uint64_t revision,
                         duration ttl = duration::zero()) const {
        return try_update(key, value, revision, ttl).value();
    }
    /// As update(), with the failure in the result.
    result<std::uint64_t> try_update(std::string_view key, bytes value, std::uint64_t revision,
                                     duration ttl = duration::zero()) const {
        return stored(key, value, [&](auto *rev, auto *k, auto *v, int n) {
            return ttl.count() > 0
                       ? ::kvStore_UpdateWithTTL(rev, get(), k, v, n, revision, detail::millis(ttl))
                       : ::kvStore_Update(rev, get(), k, v, n, revision);
        });
    }
    /// Deletes a key; if a revision is given, only if the key has that. Its history stays.
    void erase(std::string_view key, std::optional<std::uint64_t> revision = {}) const {
        try_erase(key, revision).value();
    }
    /// As erase(), with the failure in the result.
    result<void> try_erase(std::string_view key, std::optional<std::uint64_t> revision = {}) const {
        return changed(key, [&](auto *k) {
            return revision ? ::kvStore_DeleteIfRevision(get(), k, *revision) : ::kvStore_Delete(get(), k);
        });
    }
    /// Deletes a key with its history; if a revision is given, only if the key has that.
    void purge(std::string_view key, std::optional<std::uint64_t> revision = {}) const {
        try_purge(key, revision).value();
    }
    /// As purge(), with the failure in the result.
    result<void> try_purge(std::string_view key, std::optional<std::uint64_t> revision = {}) const {
        return changed(key, [&](auto *k) {
            return revision ? ::kvStore_PurgeIfRevision(get(), k, *revision, nullptr)
                            : ::kvStore_Purge(get(), k, nullptr);
        });
    }
    /// Removes the markers of deleted keys that are older than this.
    void purge_deletes(duration older_than = std::chrono::minutes(30)) const {
        try_purge_deletes(older_than).value();
    }
    /// As purge_deletes(), with the failure in the result.
    result<void> try_purge_deletes(duration older_than = std::chrono::minutes(30)) const {
        ::kvPurgeOptions options;
        ::kvPurgeOptions_Init(&options);
        options.DeleteMarkersOlderThan = older_than.count() > 0 ? older_than.count() : -1;
        return detail::outcome(::kvStore_PurgeDeletes(get(), &options));
    }
    /// Changes several keys at once: all of them, or none. Returns the revision of the last change. The bucket needs
    /// `transactions`. Throws NATS_MISMATCH if a key has another revision than was expected.
    std::uint64_t apply(const std::vector<kv_change> &changes) const { return try_apply(changes).value(); }
    /// As apply(), with the failure in the result.
    result<std::uint64_t> try_apply(const std::vector<kv_change> &changes) const {
        detail::texts t;
        std::vector<::kvChange> list;
        for (const kv_change &c : changes) {
            if (!detail::fits(c.value.size()))
                return detail::too_long();
            list.push_back({c.operation, t(c.key), c.value.data(), static_cast<int>(c.value.size()),
                            c.revision.has_value(), c.revision.value_or(0), detail::millis(c.ttl)});
        }
        if (t.bad())
            return t.failure();
        std::uint64_t revision = 0;
        const ::natsStatus s = ::kvStore_Apply(&revision, get(), list.data(), static_cast<int>(list.size()));
        if (s != NATS_OK)
            return error::last(s);
        return revision;
    }

    /// The values of several keys, which may have wildcards, all of one state of the bucket.
    std::vector<kv_entry> get_many(const std::vector<std::string> &keys) const {
        return try_get_many(keys).value();
    }
    /// As get_many(), with the failure in the result.
    result<std::vector<kv_entry>> try_get_many(const std::vector<std::string> &keys) const {
        detail::texts t;
        const char **names = t.list(keys);
        ::kvEntryList list{};
        if (t.bad())
            return t.failure();
        const ::natsStatus s = ::kvStore_GetMany(&list, get(), names, static_cast<int>(keys.size()));
        if (s != NATS_OK)
            return error::last(s);
        return entries(list);
    }
    /// The keys: all, or those that match one of the patterns.
    std::vector<std::string> keys(const std::vector<std::string> &patterns = {},
                                  const kv_watch_options &how = {}) const {
        return try_keys(patterns, how).value();
    }
    /// As keys(), with the failure in the result.
    result<std::vector<std::string>> try_keys(const std::vector<std::string> &patterns = {},
                                              const kv_watch_options &how = {}) const {
        detail::texts t;
        const ::kvWatchOptions options = c_options(how);
        const char **list = t.list(patterns);
        ::kvKeysList found{};
        if (t.bad())
            return t.failure();
        const ::natsStatus s =
            list == nullptr
                ? ::kvStore_Keys(&found, get(), &options)
                : ::kvStore_KeysWithFilters(&found, get(), list, static_cast<int>(patterns.size()), &options);
        if (s != NATS_OK)
            return error::last(s);
        return strings(found);
    }
    /// All revisions of a key that the bucket has, the oldest first.
    std::vector<kv_entry> history(std::string_view key, const kv_watch_options &how = {}) const {
        return try_history(key, how).value();
    }
    /// As history(), with the failure in the result.
    result<std::vector<kv_entry>> try_history(std::string_view key, const kv_watch_options &how = {}) const {
        detail::texts t;
        const ::kvWatchOptions options = c_options(how);
        const char *k = t(key);
        ::kvEntryList list{};
        if (t.bad())
            return t.failure();
        const ::natsStatus s = ::kvStore_History(&list, get(), k, &options);
        if (s != NATS_OK)
            return error::last(s);
        return entries(list);
    }
    /// What it is and has.
    kv_status status() const { return try_status().value(); }
    /// As status(), with the failure in the result.
    result<kv_status> try_status() const {
        detail::handle<::kvStatus, ::kvStatus_Destroy> of;
        const ::natsStatus s = ::kvStore_Status(of.out(), get());
        if (s != NATS_OK)
            return error::last(s);
        const ::natsMetadata *noted = ::kvStatus_Metadata(of.get());
        return kv_status{detail::string_of(::kvStatus_Bucket(of.get())),
                         detail::string_of(::kvStatus_Description(of.get())),
                         ::kvStatus_Values(of.get()),
                         ::kvStatus_Bytes(of.get()),
                         ::kvStatus_History(of.get()),
                         duration(::kvStatus_TTL(of.get())),
                         ::kvStatus_Replicas(of.get()),
                         ::kvStatus_IsCompressed(of.get()),
                         ::kvStatus_HasTransactions(of.get()),
                         ::kvStatus_StorageType(of.get()),
                         noted != nullptr ? detail::pairs_of(*noted) : metadata{}};
    }

    /// Watches keys: `>` for all. kv_watcher::next() returns the entries.
    kv_watcher watch(const std::vector<std::string> &keys, const kv_watch_options &how = {}) const {
        return try_watch(keys, how).value();
    }
    /// The same for one key or pattern.
    kv_watcher watch(std::string_view keys, const kv_watch_options &how = {}) const {
        return try_watch({std::string(keys)}, how).value();
    }
    /// As watch(), with the failure in the result.
    result<kv_watcher> try_watch(const std::vector<std::string> &keys,
                                 const kv_watch_options &how = {}) const {
        ::kvWatchOptions options = c_options(how);
        return watcher(keys, options, {});
    }
    /// Watches keys with a function, which gets each nats::kv_update, one at a time, on a thread of the library.
    template <class F, class = std::enable_if_t<std::is_invocable_v<std::decay_t<F> &, kv_update &&>>>
    kv_watcher watch(const std::vector<std::string> &keys, F &&f, const kv_watch_options &how = {}) const {
        return try_watch(keys, std::forward<F>(f), how).value();
    }
    /// As watch(), with the failure in the result.
    template <class F, class = std::enable_if_t<std::is_invocable_v<std::decay_t<F> &, kv_update &&>>>
    result<kv_watcher> try_watch(const std::vector<std::string> &keys, F &&f,
                                 const kv_watch_options &how = {}) const {
        if (!detail::callable(f))
            return detail::nothing_to_call();
        using cell = detail::function_cell<std::decay_t<F>>;
        ::kvWatchOptions options = c_options(how);
        detail::registered function(std::make_shared<cell>(std::forward<F>(f)));
        options.Callback = on_update<cell>;
        options.Closure = function.closure();
        return watcher(keys, options, std::move(function));
    }

  private:
    template <class Cell>
    static void on_update(::kvWatcher *, ::kvEntry *raw, ::natsStatus s, void *closure) noexcept {
        kv_entry entry(raw);
        const std::shared_ptr<detail::cell> found = detail::registry::find(closure);
        if (!found)
            return;
        const detail::cell::call running(*found);
        if (!running)
            return;
        detail::guarded("the function of a watcher", [&] {
            const bool done = s == NATS_OK && !entry;
            static_cast<Cell &>(*found).function()(kv_update{std::move(entry), done, s});
        });
    }
    result<kv_watcher> watcher(const std::vector<std::string> &keys, ::kvWatchOptions &options,
                               detail::registered function) const {
        detail::texts t;
        const char **list = t.list(keys);
        if (t.bad())
            return t.failure();
        kv_watcher made;
        made.function_ = std::move(function);
        const ::natsStatus s =
            list == nullptr
                ? ::kvStore_WatchAll(made.own_.out(), get(), &options)
                : ::kvStore_WatchMulti(made.own_.out(), get(), list, static_cast<int>(keys.size()), &options);
        if (s != NATS_OK)
            return error::last(s);
        made.function_.open();
        return made;
    }
    static ::kvWatchOptions c_options(const kv_watch_options &from) {
        ::kvWatchOptions out;
        ::kvWatchOptions_Init(&out);
        out.IgnoreDeletes = from.ignore_deletes;
        out.IncludeHistory = from.include_history;
        out.MetaOnly = from.meta_only;
        out.UpdatesOnly = from.updates_only;
        out.ResumeFromRevision = from.resume_from;
        out.Timeout = detail::millis(from.timeout);
        out.Heartbeat = from.heartbeat.count();
        return out;
    }
    template <class F>
    static result<kv_store> configured(F function, const jetstream &js, const kv_config &how) {
        for (const stream_source &source : how.sources)
            if (!source.transforms.empty() || !source.consumer.empty())
                return error(NATS_INVALID_ARG, "sources of a bucket have neither transforms nor consumers");
        detail::texts t;
        detail::js_parts parts(t);
        ::kvConfig config;
        ::kvExtraConfig extra;
        ::kvConfig_Init(&config);
        ::kvExtraConfig_Init(&extra);
        config.Bucket = t.optional(how.bucket);
        config.Description = t.optional(how.description);
        config.MaxValueSize = how.max_value_size;
        config.History = how.history;
        config.TTL = how.ttl.count();
        config.MaxBytes = how.max_bytes;
        config.StorageType = how.storage;
        config.Replicas = how.replicas;
        config.RePublish = parts.again(how.republish);
        config.Mirror = parts.mirror(how.mirror);
        config.Sources = parts.sources(how.sources);
        config.SourcesLen = static_cast<int>(how.sources.size());
        config.LimitMarkerTTL = how.limit_marker_ttl.count();
        extra.Compression = how.compression;
        extra.Transactions = how.transactions;
        extra.Placement = parts.place(how.placement);
        extra.Metadata = t.pairs(how.metadata);
        if (t.bad())
            return t.failure();
        kv_store made;
        const ::natsStatus s = function(made.own_.out(), js.get(), &config, &extra);
        if (s != NATS_OK)
            return error::last(s);
        return made;
    }
    template <class F> result<kv_entry> entry(std::string_view key, F &&function) const {
        detail::texts t;
        const char *k = t(key);
        if (t.bad())
            return t.failure();
        ::kvEntry *raw = nullptr;
        const ::natsStatus s = function(&raw, k);
        // C leaves no text: that a key has no value is an ordinary outcome.
        if (s == NATS_NOT_FOUND)
            return error(s,
                         "bucket '" + bucket() + "' has no such value of the key '" + std::string(key) + "'");
        if (s != NATS_OK)
            return error::last(s);
        return kv_entry(raw);
    }
    template <class F> static result<std::uint64_t> stored(std::string_view key, bytes value, F &&function) {
        detail::texts t;
        const char *k = t(key);
        if (t.bad())
            return t.failure();
        if (!detail::fits(value.size()))
            return detail::too_long();
        std::uint64_t revision = 0;
        const ::natsStatus s = function(&revision, k, value.data(), detail::length(value));
        if (s != NATS_OK)
            return error::last(s);
        return revision;
    }
    template <class F> static result<void> changed(std::string_view key, F &&function) {
        detail::texts t;
        const char *k = t(key);
        if (t.bad())
            return t.failure();
        return detail::outcome(function(k));
    }
    static std::vector<std::string> strings(::kvKeysList &list) {
        detail::handle<::kvKeysList, ::kvKeysList_Destroy> owner(&list);
        return detail::strings_of(list.Keys, list.Count);
    }
    static std::vector<kv_entry> entries(::kvEntryList &list) {
        detail::handle<::kvEntryList, ::kvEntryList_Destroy> owner(&list);
        std::vector<kv_entry> out;
        for (int i = 0; i < list.Count; i++)
            out.emplace_back(std::exchange(list.Entries[i], nullptr));
        return out;
    }

    detail::handle<::kvStore, ::kvStore_Destroy> own_;
};

} // namespace nats

#endif
