/// @file
/// Object stores: nats::object_store, objects that are stored and read as a whole, by pieces, or as streams and files.
#ifndef NATS_RS_CPP_OBJECT_STORE_HPP
#define NATS_RS_CPP_OBJECT_STORE_HPP

#include <istream>
#include <ostream>

#include "jetstream.hpp"

namespace nats {

/// How a store is to be.
struct object_store_config {
    std::string bucket;                            ///< The name.
    std::string description = {};                  ///< A description for people.
    duration ttl{0};                               ///< How old objects get; 0 for ever.
    std::int64_t max_bytes = 0;                    ///< How many bytes the store can have; 0 for no limit.
    jsStorageType storage = js_FileStorage;        ///< Where objects are stored.
    int replicas = 1;                              ///< On how many servers.
    std::optional<nats::placement> placement = {}; ///< Where in the cluster.
    bool compression = false;                      ///< Whether objects are compressed.
    nats::metadata metadata = {};                  ///< What the program notes with it.
};

/// What is said about an object that is stored.
struct object_meta {
    std::string name;                       ///< Its name.
    std::string description = {};           ///< A description for people.
    nats::metadata metadata = {};           ///< What the program notes with it.
    const nats::headers *headers = nullptr; ///< Its headers; NULL for none.
    std::uint32_t chunk_size = 0;           ///< The size of its chunks; 0 for the default.
};

/// An object of a store.
struct object_info {
    std::string bucket;      ///< The store.
    std::string name;        ///< Its name.
    std::string description; ///< Its description.
    std::string id;          ///< Its unique id.
    std::uint64_t size;      ///< How many bytes it has.
    std::uint32_t chunks;    ///< In how many chunks.
    std::string digest;      ///< The digest of its bytes.
    time_point modified;     ///< When it was stored.
    bool deleted;            ///< Whether it was deleted.
    nats::metadata metadata; ///< What the program notes with it.
    std::string link_bucket; ///< The store that a link leads to; empty for no link.
    std::string link_name;   ///< The object that a link leads to; empty for a whole store.
};

namespace detail {
inline object_info info_of(const ::objStoreInfo &from) {
    const ::objStoreLink *link = from.Meta.Opts.Link;
    return {string_of(from.Bucket),
            string_of(from.Meta.Name),
            string_of(from.Meta.Description),
            string_of(from.NUID),
            from.Size,
            from.Chunks,
            string_of(from.Digest),
            time_at(from.ModTime),
            from.Deleted,
            pairs_of(from.Meta.Metadata),
            link != nullptr ? string_of(link->Bucket) : std::string(),
            link != nullptr ? string_of(link->Name) : std::string()};
}
using c_object_info = handle<::objStoreInfo, ::objStoreInfo_Destroy>;
inline result<object_info> object_of(status s, const c_object_info &info) {
    if (s != NATS_OK)
        return error::last(s);
    return info_of(*info.get());
}
// C wants both, the bytes and their length, or neither.
inline const void *data_or_null(bytes data) noexcept { return data.size() == 0 ? nullptr : data.data(); }
inline void free_bytes(void *p) noexcept { std::free(p); }
using c_bytes = handle<void, free_bytes>;
} // namespace detail

/// An object that is being stored by pieces. One that is not completed is given up by the destructor.
class object_writer {
  public:
    /// Adds bytes.
    void write(bytes data) { try_write(data).value(); }
    /// As write(), with the failure in the result.
    result<void> try_write(bytes data) {
        if (!detail::fits(data.size()))
            return detail::too_long();
        return detail::outcome(
            ::objStorePut_Add(own_.get(), detail::data_or_null(data), detail::length(data)));
    }
    /// Completes the object: from then on it is there. Throws NATS_MISMATCH if another client has changed it.
    object_info complete(duration timeout = duration::zero()) { return try_complete(timeout).value(); }
    /// As complete(), with the failure in the result.
    result<object_info> try_complete(duration timeout = duration::zero()) {
        detail::c_object_info info;
        const status s = ::objStorePut_Complete(info.out(), own_.get(), detail::millis(timeout));
        return detail::object_of(s, info);
    }
    /// Has complete() fail with NATS_MISMATCH unless the object has this revision; 0 for an object that must not exist.
    void expect_revision(std::uint64_t revision) {
        detail::outcome(::objStorePut_ExpectRevision(own_.get(), revision)).value();
    }

    /// @cond
    explicit object_writer(::objStorePut *taken) noexcept : own_(taken) {}
    ::objStorePut *get() const noexcept { return own_.get(); }
    ::objStorePut *release() noexcept { return own_.release(); }
    /// @endcond

  private:
    detail::handle<::objStorePut, ::objStorePut_Destroy> own_;
};

/// An object that is being read by pieces.
class object_reader {
  public:
    /// What is said about the object.
    object_info info() const {
        const ::objStoreInfo *info = nullptr;
        detail::outcome(::objStoreGet_Info(&info, own_.get())).value();
        return detail::info_of(*info);
    }
    /// The next piece; nothing behind the last one. The digest is verified with the last piece.
    std::optional<std::string> read(duration timeout = std::chrono::seconds(5)) {
        return try_read(timeout).value();
    }
    /// As read(), with the failure in the result.
    result<std::optional<std::string>> try_read(duration timeout = std::chrono::seconds(5)) {
        if (done_)
            return std::optional<std::string>();
        detail::c_bytes data;
        int size = 0;
        const status s = ::objStoreGet_Read(&done_, data.out(), &size, own_.get(), detail::millis(timeout));
        if (s != NATS_OK)
            return error::last(s);
        if (size == 0)
            return std::optional<std::string>();
        return std::optional<std::string>(
            std::string(static_cast<const char *>(data.get()), static_cast<std::size_t>(size)));
    }

    /// @cond
    explicit object_reader(::objStoreGet *taken) noexcept : own_(taken) {}
    ::objStoreGet *get() const noexcept { return own_.get(); }
    ::objStoreGet *release() noexcept { return own_.release(); }
    /// @endcond

  private:
    detail::handle<::objStoreGet, ::objStoreGet_Destroy> own_;
    bool done_ = false;
};

/// A watcher of objects.
class object_watcher {
  public:
    /// The next object; nothing says once that all objects that were there have been told. Throws NATS_TIMEOUT if
    /// nothing happens in time.
    std::optional<object_info> next(duration timeout = forever) { return try_next(timeout).value(); }
    /// As next(), with the failure in the result.
    result<std::optional<object_info>> try_next(duration timeout = forever) {
        detail::c_object_info info;
        const std::int64_t ms = detail::millis(timeout);
        const status s = ::objStoreWatcher_Next(info.out(), own_.get(), ms > 0 ? ms : 1);
        if (s != NATS_OK)
            return error::last(s);
        if (!info)
            return std::optional<object_info>();
        return std::optional<object_info>(detail::info_of(*info.get()));
    }
    /// Ends it: next() fails with NATS_ILLEGAL_STATE.
    void stop() { detail::outcome(::objStoreWatcher_Stop(own_.get())).value(); }

    /// @cond
    explicit object_watcher(::objStoreWatcher *taken) noexcept : own_(taken) {}
    ::objStoreWatcher *get() const noexcept { return own_.get(); }
    ::objStoreWatcher *release() noexcept { return own_.release(); }
    /// @endcond

  private:
    detail::handle<::objStoreWatcher, ::objStoreWatcher_Destroy> own_;
};

/// A store of objects. Any thread may use it. Calls wait for the server.
class object_store {
  public:
    /// No store.
    object_store() noexcept = default;
    /// Takes over a store of C.
    explicit object_store(::objStore *taken) noexcept : own_(taken) {}
    object_store(object_store &&) noexcept = default;
    object_store &operator=(object_store &&other) noexcept {
        if (this != &other) {
            own_.reset(other.own_.release());
            progress_ = std::move(other.progress_);
        }
        return *this;
    }
    ~object_store() { own_.reset(); }
    /// Creates a store.
    static object_store create(const jetstream &js, const object_store_config &how) {
        return try_create(js, how).value();
    }
    /// As create(), with the failure in the result.
    static result<object_store> try_create(const jetstream &js, const object_store_config &how) {
        return configured(::js_CreateObjectStore, js, how);
    }
    /// Changes a store.
    static object_store update(const jetstream &js, const object_store_config &how) {
        return configured(::js_UpdateObjectStore, js, how).value();
    }
    /// A store that exists. Throws NATS_NOT_FOUND if there is none.
    static object_store open(const jetstream &js, std::string_view bucket) {
        return try_open(js, bucket).value();
    }
    /// As open(), with the failure in the result.
    static result<object_store> try_open(const jetstream &js, std::string_view bucket) {
        detail::texts t;
        const char *name = t(bucket);
        if (t.bad())
            return t.failure();
        object_store made;
        const ::natsStatus s = ::js_ObjectStore(made.own_.out(), js.get(), name);
        if (s != NATS_OK)
            return error::last(s);
        return made;
    }
    /// Deletes a store with everything in it.
    static void remove(const jetstream &js, std::string_view bucket) {
        detail::texts t;
        const char *name = t(bucket);
        (t.bad() ? result<void>(t.failure()) : detail::outcome(::js_DeleteObjectStore(js.get(), name)))
            .value();
    }
    /// The names of all stores.
    static std::vector<std::string> names(const jetstream &js) {
        detail::handle<::objStoreNamesList, ::objStoreNamesList_Destroy> list;
        const ::natsStatus s = ::js_ObjectStoreNames(list.out(), js.get());
        if (s == NATS_NOT_FOUND)
            return {};
        detail::outcome(s).value();
        return detail::strings_of(list->List, list->Count);
    }

    /// Whether there is a store.
    explicit operator bool() const noexcept { return static_cast<bool>(own_); }
    /// The handle of C, for what has no function here.
    ::objStore *get() const noexcept { return own_.get(); }
    /// Gives the handle away, which the caller then has to destroy. The function for progress stays for ever.
    ::objStore *release() noexcept {
        progress_.keep();
        return own_.release();
    }

    /// Stores bytes as an object.
    object_info put(std::string_view name, bytes data) const { return try_put(name, data).value(); }
    /// As put(), with the failure in the result.
    result<object_info> try_put(std::string_view name, bytes data) const {
        if (!detail::fits(data.size()))
            return detail::too_long();
        return described(name, [&](auto **info, auto *n) {
            return ::objStore_PutBytes(info, get(), n, detail::data_or_null(data), detail::length(data));
        });
    }
    /// Stores what a stream has, to its end.
    object_info put(const object_meta &meta, std::istream &from) const {
        object_writer writer = begin_put(meta);
        std::vector<char> piece(128 * 1024);
        while (from.read(piece.data(), static_cast<std::streamsize>(piece.size())), from.gcount() > 0)
            writer.write(bytes(piece.data(), static_cast<std::size_t>(from.gcount())));
        if (from.bad())
            throw error(NATS_IO_ERROR, "the stream cannot be read");
        return writer.complete();
    }
    /// Stores a file, by its path as the name.
    object_info put_file(const std::string &path) const {
        return described(path, [&](auto **info, auto *n) { return ::objStore_PutFile(info, get(), n); })
            .value();
    }
    /// Begins to store an object by pieces.
    object_writer begin_put(const object_meta &meta) const { return try_begin_put(meta).value(); }
    /// As begin_put(), with the failure in the result.
    result<object_writer> try_begin_put(const object_meta &meta) const {
        detail::texts t;
        ::objStoreMeta c = c_meta(t, meta);
        if (t.bad())
            return t.failure();
        ::objStorePut *put = nullptr;
        const ::natsStatus s = ::objStore_Put(&put, get(), &c);
        if (s != NATS_OK)
            return error::last(s);
        return object_writer(put);
    }
    /// The bytes of an object. Throws NATS_NOT_FOUND if there is none.
    std::string get(std::string_view name) const { return try_get(name).value(); }
    /// As get(), with the failure in the result.
    result<std::string> try_get(std::string_view name) const {
        detail::texts t;
        const char *n = t(name);
        if (t.bad())
            return t.failure();
        detail::c_bytes data;
        int size = 0;
        const ::natsStatus s = ::objStore_GetBytes(data.out(), &size, get(), n, nullptr);
        if (s != NATS_OK)
            return error::last(s);
        return size == 0 ? std::string()
                         : std::string(static_cast<const char *>(data.get()), static_cast<std::size_t>(size));
    }
    /// Writes an object to a stream.
    void get(std::string_view name, std::ostream &to) const {
        object_reader reader = begin_get(name);
        while (const std::optional<std::string> piece = reader.read())
            if (!to.write(piece->data(), static_cast<std::streamsize>(piece->size())))
                throw error(NATS_IO_ERROR, "the stream cannot be written");
    }
    /// Writes an object to a file.
    void get_file(std::string_view name, const std::string &path) const {
        plain(name, [&](auto *n) { return ::objStore_GetFile(get(), n, path.c_str(), nullptr); }).value();
    }
    /// Begins to read an object by pieces.
    object_reader begin_get(std::string_view name) const { return try_begin_get(name).value(); }
    /// As begin_get(), with the failure in the result.
    result<object_reader> try_begin_get(std::string_view name) const {
        detail::texts t;
        const char *n = t(name);
        if (t.bad())
            return t.failure();
        ::objStoreGet *reader = nullptr;
        const ::natsStatus s = ::objStore_Get(&reader, get(), n, nullptr);
        if (s != NATS_OK)
            return error::last(s);
        return object_reader(reader);
    }
    /// What is said about an object. Throws NATS_NOT_FOUND if there is none.
    object_info info(std::string_view name) const { return try_info(name).value(); }
    /// As info(), with the failure in the result.
    result<object_info> try_info(std::string_view name) const {
        return described(name,
                         [&](auto **info, auto *n) { return ::objStore_GetInfo(info, get(), n, nullptr); });
    }
    /// All objects.
    std::vector<object_info> list() const {
        detail::handle<::objStoreInfoList, ::objStoreInfoList_Destroy> of;
        const ::natsStatus s = ::objStore_List(of.out(), get(), nullptr);
        std::vector<object_info> out;
        if (s == NATS_NOT_FOUND)
            return out;
        detail::outcome(s).value();
        for (int i = 0; i < of->Count; i++)
            out.push_back(detail::info_of(*of->List[i]));
        return out;
    }
    /// Replaces what is said about an object.
    void update_meta(std::string_view name, const object_meta &meta) const {
        detail::texts t;
        ::objStoreMeta c = c_meta(t, meta);
        if (t.bad())
            throw t.failure();
        plain(name, [&](auto *n) { return ::objStore_UpdateMeta(get(), n, &c); }).value();
    }
    /// Deletes an object.
    void erase(std::string_view name) const { try_erase(name).value(); }
    /// As erase(), with the failure in the result.
    result<void> try_erase(std::string_view name) const {
        return plain(name, [&](auto *n) { return ::objStore_Delete(get(), n); });
    }
    /// Makes a link to an object of a store.
    object_info link(std::string_view name, const object_store &store, std::string_view object) const {
        detail::texts t;
        const char *to = t(object);
        detail::c_object_info target;
        if (t.bad())
            throw t.failure();
        detail::outcome(::objStore_GetInfo(target.out(), store.get(), to, nullptr)).value();
        return described(name, [&](auto **info,
                                   auto *n) { return ::objStore_AddLink(info, get(), n, target.get()); })
            .value();
    }
    /// Makes a link to a store.
    object_info link(std::string_view name, const object_store &store) const {
        return described(name, [&](auto **info,
                                   auto *n) { return ::objStore_AddBucketLink(info, get(), n, store.get()); })
            .value();
    }
    /// Closes the store to all changes, for ever.
    void seal() const { detail::outcome(::objStore_Seal(get())).value(); }
    /// How many bytes it has, those of all objects together.
    std::uint64_t size() const {
        detail::handle<::objStoreStatus, ::objStoreStatus_Destroy> of;
        detail::outcome(::objStore_Status(of.out(), get())).value();
        return of->Size;
    }
    /// Watches objects: those that are there, unless `updates_only` is set, and then all changes.
    object_watcher watch(bool updates_only = false, bool ignore_deletes = false) const {
        ::objStoreWatchOptions options;
        ::objStoreWatcher *made = nullptr;
        ::objStoreWatchOptions_Init(&options);
        options.UpdatesOnly = updates_only;
        options.IgnoreDeletes = ignore_deletes;
        detail::outcome(::objStore_Watch(&made, get(), &options)).value();
        return object_watcher(made);
    }
    /// Has a function called for each chunk of what is stored and read from now on: with the name of the object, the
    /// bytes so far, and all of them, 0 if that is not known. An empty function ends that.
    void on_progress(std::function<void(std::string_view name, std::uint64_t bytes, std::uint64_t total)> f) {
        detail::registered function;
        if (f)
            function = detail::registered(std::make_shared<progress_cell>(std::move(f)));
        detail::outcome(::objStore_SetProgress(get(),
                                               function.closure() != nullptr ? on_progress_made : nullptr,
                                               function.closure()))
            .value();
        function.open();
        progress_ = std::move(function);
    }

  private:
    using progress_function = std::function<void(std::string_view, std::uint64_t, std::uint64_t)>;
    using progress_cell = detail::function_cell<progress_function>;

    static void on_progress_made(const char *name, std::uint64_t done, std::uint64_t total,
                                 void *closure) noexcept {
        const std::shared_ptr<detail::cell> found = detail::registry::find(closure);
        if (!found)
            return;
        const detail::cell::call running(*found);
        if (running)
            detail::guarded("the progress function of a store", [&] {
                static_cast<progress_cell &>(*found).function()(detail::view_of(name), done, total);
            });
    }
    static ::objStoreMeta c_meta(detail::texts &t, const object_meta &from) {
        ::objStoreMeta out;
        ::objStoreMeta_Init(&out);
        out.Name = t.optional(from.name);
        out.Description = t.optional(from.description);
        out.Metadata = t.pairs(from.metadata);
        out.Headers = from.headers != nullptr ? from.headers->get_handle() : nullptr;
        out.Opts.ChunkSize = from.chunk_size;
        return out;
    }
    template <class F>
    static result<object_store> configured(F function, const jetstream &js, const object_store_config &how) {
        detail::texts t;
        detail::js_parts parts(t);
        ::objStoreConfig config;
        ::objStoreConfig_Init(&config);
        config.Bucket = t.optional(how.bucket);
        config.Description = t.optional(how.description);
        config.TTL = how.ttl.count();
        config.MaxBytes = how.max_bytes;
        config.Storage = how.storage;
        config.Replicas = how.replicas;
        config.Placement = parts.place(how.placement);
        config.Compression = how.compression;
        config.Metadata = t.pairs(how.metadata);
        if (t.bad())
            return t.failure();
        object_store made;
        const ::natsStatus s = function(made.own_.out(), js.get(), &config);
        if (s != NATS_OK)
            return error::last(s);
        return made;
    }
    template <class F> static result<object_info> described(std::string_view name, F &&function) {
        detail::texts t;
        const char *n = t(name);
        if (t.bad())
            return t.failure();
        detail::c_object_info info;
        const ::natsStatus s = function(info.out(), n);
        return detail::object_of(s, info);
    }
    template <class F> static result<void> plain(std::string_view name, F &&function) {
        detail::texts t;
        const char *n = t(name);
        if (t.bad())
            return t.failure();
        return detail::outcome(function(n));
    }

    // The store goes first.
    detail::registered progress_;
    detail::handle<::objStore, ::objStore_Destroy> own_;
};

} // namespace nats

#endif
