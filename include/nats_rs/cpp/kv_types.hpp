/// @file
/// What key-value buckets are made of: configuration, entries, changes, and what watchers and status return.
#ifndef NATS_RS_CPP_KV_TYPES_HPP
#define NATS_RS_CPP_KV_TYPES_HPP

#include "callback.hpp"
#include "js_convert.hpp"

namespace nats {

/// How a bucket is to be.
struct kv_config {
    std::string bucket;                            ///< The name.
    std::string description = {};                  ///< A description for people.
    std::int32_t max_value_size = 0;               ///< The size of the largest value; 0 for no limit.
    std::uint8_t history = 1;                      ///< How many revisions of a key are kept, at most 64.
    duration ttl{0};                               ///< How old revisions get; 0 for ever.
    std::int64_t max_bytes = 0;                    ///< How many bytes the bucket can have; 0 for no limit.
    jsStorageType storage = js_FileStorage;        ///< Where values are stored.
    int replicas = 1;                              ///< On how many servers.
    std::optional<nats::republish> republish = {}; ///< What is published again when it has been stored.
    std::optional<stream_source> mirror = {};      ///< The bucket that this one is a copy of.
    std::vector<stream_source> sources = {};       ///< Buckets whose keys this one has, too.
    duration limit_marker_ttl{0};                  ///< How long markers of expired keys live; 0 for none.
    bool compression = false;                      ///< Whether values are compressed.
    bool transactions = false; ///< Whether kv_store::apply() may change several keys at once.
    std::optional<nats::placement> placement = {}; ///< Where in the cluster.
    nats::metadata metadata = {};                  ///< What the program notes with it.
};

/// A revision of a key.
class kv_entry {
  public:
    /// No entry.
    kv_entry() noexcept = default;
    /// Takes over an entry of C.
    explicit kv_entry(::kvEntry *taken) noexcept : own_(taken) {}
    /// Whether there is an entry.
    explicit operator bool() const noexcept { return static_cast<bool>(own_); }
    /// The object of C.
    ::kvEntry *get() const noexcept { return own_.get(); }
    /// Gives the object of C away, which the caller then has to destroy.
    ::kvEntry *release() noexcept { return own_.release(); }

    /// The bucket.
    std::string_view bucket() const noexcept { return detail::view_of(::kvEntry_Bucket(get())); }
    /// The key.
    std::string_view key() const noexcept { return detail::view_of(::kvEntry_Key(get())); }
    /// The value, which lives as long as the entry.
    std::string_view value() const noexcept {
        return bytes(::kvEntry_Value(get()), static_cast<std::size_t>(::kvEntry_ValueLen(get()))).text();
    }
    /// The revision.
    std::uint64_t revision() const noexcept { return ::kvEntry_Revision(get()); }
    /// When it was stored.
    time_point created() const noexcept { return detail::time_at(::kvEntry_Created(get())); }
    /// How many newer ones there were when it was read.
    std::uint64_t delta() const noexcept { return ::kvEntry_Delta(get()); }
    /// Whether the key was put, deleted or purged.
    ::kvOperation operation() const noexcept { return ::kvEntry_Operation(get()); }

  private:
    detail::handle<::kvEntry, ::kvEntry_Destroy> own_;
};

/// What to watch or to list.
struct kv_watch_options {
    bool ignore_deletes = false;   ///< Not what deletes keys.
    bool include_history = false;  ///< All revisions that the bucket has.
    bool meta_only = false;        ///< Without the values.
    bool updates_only = false;     ///< Only what is stored from now on.
    std::uint64_t resume_from = 0; ///< All revisions from this one on; 0 for not at all.
    duration timeout{0};           ///< How long lists are gathered; 0 for as long as it takes.
    duration heartbeat{0};         ///< How often the server is heard of by a watcher; 0 for 5 s.
};

/// What the function of a watcher gets: an entry, or that the initial data are complete, or a failure.
struct kv_update {
    kv_entry entry;      ///< The entry; none with the other two.
    bool initial_done;   ///< Whether it says that all entries that were there have been told.
    nats::status status; ///< NATS_OK; NATS_NOT_FOUND if the bucket is gone; or why a message is no entry.
};

/// A change of a key in a transaction.
struct kv_change {
    std::string key;                            ///< The key.
    std::string value = {};                     ///< Its value, where it is put.
    ::kvOperation operation = kvOp_Put;         ///< What becomes of it.
    std::optional<std::uint64_t> revision = {}; ///< The revision that it must have; 0 if it must not exist.
    duration ttl{0}; ///< How long the revision is kept; 0 for as long as the bucket says.
};

/// What a bucket is and has.
struct kv_status {
    std::string bucket;      ///< The name.
    std::string description; ///< The description.
    std::uint64_t values;    ///< How many revisions it has.
    std::uint64_t bytes;     ///< Their bytes.
    std::int64_t history;    ///< How many revisions of a key are kept.
    duration ttl;            ///< How old revisions get; 0 for ever.
    std::int64_t replicas;   ///< On how many servers.
    bool compressed;         ///< Whether values are compressed.
    bool transactions;       ///< Whether several keys may be changed at once.
    jsStorageType storage;   ///< Where values are stored.
    nats::metadata metadata; ///< What the program notes with it.
};

/// A watcher of keys. When this object is destroyed it ends, and its function does not run any more.
class kv_watcher {
  public:
    /// No watcher.
    kv_watcher() noexcept = default;
    /// Takes over what the other one has, which then has nothing.
    kv_watcher(kv_watcher &&) noexcept = default;
    /// Releases what this one has, and takes over what the other one has.
    kv_watcher &operator=(kv_watcher &&other) noexcept {
        if (this != &other) {
            own_.reset(other.own_.release());
            function_ = std::move(other.function_);
        }
        return *this;
    }
    ~kv_watcher() { own_.reset(); }
    /// Whether there is a watcher.
    explicit operator bool() const noexcept { return static_cast<bool>(own_); }
    /// The handle of C.
    ::kvWatcher *get() const noexcept { return own_.get(); }
    /// Gives the watcher away, which the caller then has to destroy. Its function stays for ever.
    ::kvWatcher *release() noexcept {
        function_.keep();
        return own_.release();
    }

    /// The next entry; nothing says once that all entries that were there have been told. Throws NATS_TIMEOUT if there
    /// is none in time. Not for watchers with a function.
    std::optional<kv_entry> next(duration timeout = forever) { return try_next(timeout).value(); }
    /// As next(), with the failure in the result.
    result<std::optional<kv_entry>> try_next(duration timeout = forever) {
        ::kvEntry *raw = nullptr;
        const std::int64_t ms = detail::millis(timeout);
        const ::natsStatus s = ::kvWatcher_Next(&raw, get(), ms > 0 ? ms : 1);
        if (s != NATS_OK)
            return error::last(s);
        if (raw == nullptr)
            return std::optional<kv_entry>();
        return std::optional<kv_entry>(kv_entry(raw));
    }
    /// Ends the watcher: next() fails with NATS_ILLEGAL_STATE, and no call of the function begins.
    void stop() { try_stop().value(); }
    /// As stop(), with the failure in the result.
    result<void> try_stop() { return detail::outcome(::kvWatcher_Stop(get())); }

  private:
    friend class kv_store;
    detail::registered function_;
    detail::handle<::kvWatcher, ::kvWatcher_Destroy> own_;
};

} // namespace nats

#endif
