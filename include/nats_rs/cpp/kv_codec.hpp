/// @file
/// Codecs: keys and values that have another form in a bucket than in the program (ADR-54).
#ifndef NATS_RS_CPP_KV_CODEC_HPP
#define NATS_RS_CPP_KV_CODEC_HPP

#include <memory>

#include "support.hpp"

namespace nats {

/// The form of keys or of values in a bucket, for kv_store::with_codecs().
class kv_codec {
  public:
    /// Makes one text out of another. Several threads may call it at the same time. An exception makes the call fail
    /// that needed it: a nats::error with its status, any other one with NATS_ERR, after the exception handler was told.
    using function = std::function<std::string(std::string_view)>;

    /// Base64 with the alphabet for URLs, without padding; each token of a key on its own. For keys and values.
    static kv_codec base64() { return kv_codec(kvCodec_Base64); }
    /// `/a/b` is stored as `_root_.a.b`, `a/b` as `a.b`. For keys.
    static kv_codec path() { return kv_codec(kvCodec_Path); }
    /// A codec of the program. `encode_filter` is for patterns with wildcards, of keys; without it only `>` works.
    static kv_codec of(function encode, function decode, function encode_filter = nullptr) {
        kv_codec out(kvCodec_Custom);
        out.own_ = std::make_shared<functions>(
            functions{std::move(encode), std::move(decode), std::move(encode_filter)});
        return out;
    }

    /// @cond
    /// For C, which owns the closure from a call that succeeds on.
    ::kvCodec c() const {
        ::kvCodec out{};
        out.Kind = kind_;
        if (own_ == nullptr)
            return out;
        out.Encode = own_->encode ? call<&functions::encode> : nullptr;
        out.Decode = own_->decode ? call<&functions::decode> : nullptr;
        out.EncodeFilter = own_->encode_filter ? call<&functions::encode_filter> : nullptr;
        out.Release = release;
        out.Closure = new std::shared_ptr<const functions>(own_);
        return out;
    }
    /// For a call that has failed.
    static void take_back(const ::kvCodec &given) noexcept {
        if (given.Closure != nullptr)
            release(given.Closure);
    }
    /// @endcond

  private:
    struct functions {
        function encode;
        function decode;
        function encode_filter;
    };

    explicit kv_codec(::kvCodecKind kind) noexcept : kind_(kind) {}
    static void release(void *closure) noexcept {
        delete static_cast<std::shared_ptr<const functions> *>(closure);
    }
    template <auto Which>
    static ::natsStatus call(void **out, int *size, const void *in, int length, void *closure) noexcept {
        ::natsStatus s = NATS_ERR;
        detail::guarded("a codec", [&] {
            try {
                const functions &of = **static_cast<std::shared_ptr<const functions> *>(closure);
                const std::string made =
                    (of.*Which)({static_cast<const char *>(in), static_cast<std::size_t>(length)});
                s = hand_out(made, out, size);
            } catch (const error &e) {
                s = e.status();
            }
        });
        return s;
    }
    static ::natsStatus hand_out(const std::string &made, void **out, int *size) noexcept {
        if (!detail::fits(made.size()))
            return NATS_MAX_PAYLOAD;
        *out = nullptr;
        *size = static_cast<int>(made.size());
        if (made.empty())
            return NATS_OK;
        *out = std::malloc(made.size());
        if (*out == nullptr)
            return NATS_NO_MEMORY;
        std::memcpy(*out, made.data(), made.size());
        return NATS_OK;
    }

    ::kvCodecKind kind_;
    std::shared_ptr<const functions> own_;
};

} // namespace nats

#endif
