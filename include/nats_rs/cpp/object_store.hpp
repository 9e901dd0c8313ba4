/// @file
/// Object stores: nats::object_store, objects that are stored and read as a whole, by pieces, or as streams and files.
#ifndef NATS_RS_CPP_OBJECT_STORE_HPP
#define NATS_RS_CPP_OBJECT_STORE_HPP

#include "object_pieces.hpp"

namespace nats {

/// A store of objects. Any thread may use it. Calls wait for the server.
class object_store {
  public:
    /// No store.
    object_store() noexcept = default;
    /// Takes over a store of C.
    explicit object_store(::objStore *taken) noexcept : own_(taken) {}
    /// Takes over what the other one has, which then has nothing.
    object_store(object_store &&) noexcept = default;
    /// Releases what this one has, and takes over what the other one has.
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
        return try_update(js, how).value();
    }
    /// As update(), with the failure in the result.
    static result<object_store> try_update(const jetstream &js, const object_store_config &how) {
        return configured(::js_UpdateObjectStore, js, how);
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
    static void remove(const jetstream &js, std::string_view bucket) { try_remove(js, bucket).value(); }
    /// As remove(), with the failure in the result.
    static result<void> try_remove(const jetstream &js, std::string_view bucket) {
        detail::texts t;
        const char *name = t(bucket);
        if (t.bad())
            return t.failure();
        return detail::outcome(::js_DeleteObjectStore(js.get(), name));
    }
    /// The names of all stores.
    static std::vector<std::string> names(const jetstream &js) { return try_names(js).value(); }
    /// As names(), with the failure in the result.
    static result<std::vector<std::string>> try_names(const jetstream &js) {
        detail::handle<::objStoreNamesList, ::objStoreNamesList_Destroy> list;
        const ::natsStatus s = ::js_ObjectStoreNames(list.out(), js.get());
        if (s == NATS_NOT_FOUND)
            return std::vector<std::string>();
        if (s != NATS_OK)
            return error::last(s);
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
    object_info put(const object_meta &meta, std::istream &from) const { return try_put(meta, from).value(); }
    /// As put(), with the failure in the result.
    result<object_info> try_put(const object_meta &meta, std::istream &from) const {
        result<object_writer> writer = try_begin_put(meta);
        if (!writer)
            return writer.error();
        std::vector<char> piece(128 * 1024);
        while (from.read(piece.data(), static_cast<std::streamsize>(piece.size())), from.gcount() > 0) {
            const result<void> sent =
                writer->try_write(bytes(piece.data(), static_cast<std::size_t>(from.gcount())));
            if (!sent)
                return sent.error();
        }
        if (from.bad())
            return error(NATS_IO_ERROR, "the stream cannot be read");
        return writer->try_complete();
    }
    /// Stores a file, by its path as the name.
    object_info put_file(const std::string &path) const { return try_put_file(path).value(); }
    /// As put_file(), with the failure in the result.
    result<object_info> try_put_file(const std::string &path) const {
        return described(path, [&](auto **info, auto *n) { return ::objStore_PutFile(info, get(), n); });
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
    void get(std::string_view name, std::ostream &to) const { try_get(name, to).value(); }
    /// As get(), with the failure in the result.
    result<void> try_get(std::string_view name, std::ostream &to) const {
        result<object_reader> reader = try_begin_get(name);
        if (!reader)
            return reader.error();
        for (;;) {
            const result<std::optional<std::string>> piece = reader->try_read();
            if (!piece)
                return piece.error();
            const std::optional<std::string> &text = piece.value();
            if (!text)
                return {};
            if (!to.write(text->data(), static_cast<std::streamsize>(text->size())))
                return error(NATS_IO_ERROR, "the stream cannot be written");
        }
    }
    /// Writes an object to a file.
    void get_file(std::string_view name, const std::string &path) const { try_get_file(name, path).value(); }
    /// As get_file(), with the failure in the result.
    result<void> try_get_file(std::string_view name, const std::string &path) const {
        detail::texts t;
        const char *file = t(path);
        if (t.bad())
            return t.failure();
        return plain(name, [&](auto *n) { return ::objStore_GetFile(get(), n, file, nullptr); });
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
    std::vector<object_info> list() const { return try_list().value(); }
    /// As list(), with the failure in the result.
    result<std::vector<object_info>> try_list() const {
        detail::handle<::objStoreInfoList, ::objStoreInfoList_Destroy> of;
        const ::natsStatus s = ::objStore_List(of.out(), get(), nullptr);
        std::vector<object_info> out;
        if (s == NATS_NOT_FOUND && ::nats_GetLastError(nullptr) == nullptr)
            return out;
        if (s != NATS_OK)
            return error::last(s);
        for (int i = 0; i < of->Count; i++)
            out.push_back(detail::info_of(*of->List[i]));
        return out;
    }
    /// Replaces what is said about an object.
    void update_meta(std::string_view name, const object_meta &meta) const {
        try_update_meta(name, meta).value();
    }
    /// As update_meta(), with the failure in the result.
    result<void> try_update_meta(std::string_view name, const object_meta &meta) const {
        detail::texts t;
        ::objStoreMeta c = c_meta(t, meta);
        if (t.bad())
            return t.failure();
        return plain(name, [&](auto *n) { return ::objStore_UpdateMeta(get(), n, &c); });
    }
    /// Deletes an object.
    void erase(std::string_view name) const { try_erase(name).value(); }
    /// As erase(), with the failure in the result.
    result<void> try_erase(std::string_view name) const {
        return plain(name, [&](auto *n) { return ::objStore_Delete(get(), n); });
    }
    /// Makes a link to an object of a store.
    object_info link(std::string_view name, const object_store &store, std::string_view object) const {
        return try_link(name, store, object).value();
    }
    /// As link(), with the failure in the result.
    result<object_info> try_link(std::string_view name, const object_store &store,
                                 std::string_view object) const {
        detail::texts t;
        const char *to = t(object);
        detail::c_object_info target;
        if (t.bad())
            return t.failure();
        const ::natsStatus s = ::objStore_GetInfo(target.out(), store.get(), to, nullptr);
        if (s != NATS_OK)
            return error::last(s);
        return described(
            name, [&](auto **info, auto *n) { return ::objStore_AddLink(info, get(), n, target.get()); });
    }
    /// Makes a link to a store.
    object_info link(std::string_view name, const object_store &store) const {
        return try_link(name, store).value();
    }
    /// As link(), with the failure in the result.
    result<object_info> try_link(std::string_view name, const object_store &store) const {
        return described(name, [&](auto **info, auto *n) {
            return ::objStore_AddBucketLink(info, get(), n, store.get());
        });
    }
    /// Closes the store to all changes, for ever.
    void seal() const { try_seal().value(); }
    /// As seal(), with the failure in the result.
    result<void> try_seal() const { return detail::outcome(::objStore_Seal(get())); }
    /// How many bytes it has, those of all objects together.
    std::uint64_t size() const { return try_size().value(); }
    /// As size(), with the failure in the result.
    result<std::uint64_t> try_size() const {
        detail::handle<::objStoreStatus, ::objStoreStatus_Destroy> of;
        const ::natsStatus s = ::objStore_Status(of.out(), get());
        if (s != NATS_OK)
            return error::last(s);
        return of->Size;
    }
    /// Watches objects: those that are there, unless `updates_only` is set, and then all changes.
    object_watcher watch(bool updates_only = false, bool ignore_deletes = false) const {
        return try_watch(updates_only, ignore_deletes).value();
    }
    /// As watch(), with the failure in the result.
    result<object_watcher> try_watch(bool updates_only = false, bool ignore_deletes = false) const {
        ::objStoreWatchOptions options;
        ::objStoreWatcher *made = nullptr;
        ::objStoreWatchOptions_Init(&options);
        options.UpdatesOnly = updates_only;
        options.IgnoreDeletes = ignore_deletes;
        const ::natsStatus s = ::objStore_Watch(&made, get(), &options);
        if (s != NATS_OK)
            return error::last(s);
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
