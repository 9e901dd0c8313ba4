/// @file
/// Advisories: events of streams and consumers that servers publish.
#ifndef NATS_RS_CPP_JS_ADVISORY_HPP
#define NATS_RS_CPP_JS_ADVISORY_HPP

#include "message.hpp"

namespace nats {

/// An event of a stream or a consumer. What its kind does not have is empty or 0.
struct advisory {
    jsAdvisoryKind kind;       ///< What has happened.
    std::string type;          ///< The type as the server states it.
    std::string id;            ///< The id of the advisory.
    time_point time;           ///< When.
    std::string stream;        ///< The stream.
    std::string consumer;      ///< The consumer.
    std::string domain;        ///< The domain of the server.
    std::uint64_t sequence;    ///< The sequence of the message.
    std::uint64_t deliveries;  ///< How often it was delivered.
    std::string group;         ///< The priority group.
    std::string pinned_client; ///< The id of the pin.
    std::string reason;        ///< Why.
    std::string leader;        ///< The server that leads.
    std::string batch;         ///< The id of the batch.
};

/// The subject of advisories, to subscribe to; of all streams or consumers where none is given. js_AdvisoryOther: of all
/// kinds.
inline std::string advisory_subject(jsAdvisoryKind kind, std::string_view stream = {},
                                    std::string_view consumer = {}) {
    detail::texts t;
    const char *s = t.optional(stream), *c = t.optional(consumer);
    if (t.bad())
        throw t.failure();
    detail::c_string made;
    detail::outcome(::js_AdvisorySubject(made.out(), kind, s, c)).value();
    return detail::string_of(made.get());
}

/// Reads an advisory, with the failure in the result: NATS_NOT_FOUND if the message is none.
inline result<advisory> try_read_advisory(message_view msg) {
    detail::handle<::jsAdvisory, ::jsAdvisory_Destroy> a;
    const status s = ::js_ReadAdvisory(a.out(), msg.get());
    if (s != NATS_OK)
        return error::last(s);
    return advisory{a->Kind,
                    detail::string_of(a->Type),
                    detail::string_of(a->ID),
                    detail::time_at(a->Time),
                    detail::string_of(a->Stream),
                    detail::string_of(a->Consumer),
                    detail::string_of(a->Domain),
                    a->StreamSeq,
                    a->Deliveries,
                    detail::string_of(a->Group),
                    detail::string_of(a->PinnedClientID),
                    detail::string_of(a->Reason),
                    detail::string_of(a->Leader),
                    detail::string_of(a->Batch)};
}
/// Reads an advisory. Throws NATS_NOT_FOUND if the message is none.
inline advisory read_advisory(message_view msg) { return try_read_advisory(msg).value(); }

} // namespace nats

#endif
