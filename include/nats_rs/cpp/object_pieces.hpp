/// @file
/// What object stores have: objects, and reading and storing them by pieces; watchers.
#ifndef NATS_RS_CPP_OBJECT_PIECES_HPP
#define NATS_RS_CPP_OBJECT_PIECES_HPP

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
    void expect_revision(std::uint64_t revision) { try_expect_revision(revision).value(); }
    /// As expect_revision(), with the failure in the result.
    result<void> try_expect_revision(std::uint64_t revision) {
        return detail::outcome(::objStorePut_ExpectRevision(own_.get(), revision));
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
    object_info info() const { return try_info().value(); }
    /// As info(), with the failure in the result.
    result<object_info> try_info() const {
        const ::objStoreInfo *info = nullptr;
        const status s = ::objStoreGet_Info(&info, own_.get());
        if (s != NATS_OK)
            return error::last(s);
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
    void stop() { try_stop().value(); }
    /// As stop(), with the failure in the result.
    result<void> try_stop() { return detail::outcome(::objStoreWatcher_Stop(own_.get())); }

    /// @cond
    explicit object_watcher(::objStoreWatcher *taken) noexcept : own_(taken) {}
    ::objStoreWatcher *get() const noexcept { return own_.get(); }
    ::objStoreWatcher *release() noexcept { return own_.release(); }
    /// @endcond

  private:
    detail::handle<::objStoreWatcher, ::objStoreWatcher_Destroy> own_;
};

} // namespace nats

#endif
