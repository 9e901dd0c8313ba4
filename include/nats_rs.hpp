/// @file
/// libnats_rs for C++: everything. C++17 or later, headers only, over `nats_rs.h`, with the same libraries to link.
///
/// @code
/// #include <nats_rs.hpp>
/// #include <iostream>
///
/// int main() {
///     nats::connection nc = nats::connect("nats://localhost:4222");
///     nats::subscription sub = nc.subscribe("greet.*", [&](const nats::message &m) { nc.respond(m, "hello"); });
///     std::cout << nc.request("greet.world", "", std::chrono::seconds(1)).data() << '\n';
/// }
/// @endcode
///
/// # Ownership
///
/// An object that stands for something of C owns it: connection, subscription, message, jetstream, kv_store and so on.
/// It can be moved and not copied, its destructor releases what it owns, `get()` returns the handle of C and
/// `release()` gives it away. connection_ref, subscription_ref and message_view own nothing: they are copied, and valid
/// as long as what they stand for. A handle of C that is used too late is refused by the library, with
/// NATS_INVALID_ARG; a message_view that outlives its message is not noticed.
///
/// # Failures
///
/// A function throws nats::error, which has the status and the text of the failed call. The function of the same name with
/// the prefix `try_` returns nats::result, and throws nothing but std::bad_alloc. A text with a NUL character is refused.
///
/// # Threads
///
/// As for C: any thread may use any object at any time, except that messages and headers belong to one thread at a time,
/// and that no thread may use an object while another one moves or destroys it.
/// Functions of the program run on threads of the library; those of one subscription one at a time and in order.
///
/// # Functions that the library calls
///
/// They are kept as they were given (anything that can be called; it need not be copyable) and destroyed when they are
/// no longer needed. When the object that a function was given to has been destroyed, the function neither runs nor will
/// run: the destructor waits for a call that is running. What the function refers to has to live as long as the object,
/// and no longer. Two things follow:
///
/// - A destructor must not be waited for by the function that it waits for: do not destroy a subscription while holding
///   a mutex that its function locks.
/// - In its own function an object may be destroyed, or moved from or assigned to: this is noticed, and not waited for.
///   The function is destroyed when the call returns.
///
/// The destructor of a connection waits for all functions of the connection, except in a callback. The functions in
/// nats::options stay until the last connection that was made with them has made its last call.
///
/// A function that subscribe() or the like is given is not called before that call has returned.
///
/// # Exceptions in such functions
///
/// None reaches C. An exception that leaves a function goes to the handler of set_exception_handler(), or to standard
/// error. Where the function answers something, the exception is a failure of that: an attempt to connect fails with its
/// text, a request to a service gets an error, a message of a stream is not acknowledged.
#ifndef NATS_RS_HPP
#define NATS_RS_HPP

#include "nats_rs/cpp/connection.hpp"
#include "nats_rs/cpp/error.hpp"
#include "nats_rs/cpp/jetstream.hpp"
#include "nats_rs/cpp/js_advisory.hpp"
#include "nats_rs/cpp/kv.hpp"
#include "nats_rs/cpp/message.hpp"
#include "nats_rs/cpp/object_store.hpp"
#include "nats_rs/cpp/options.hpp"
#include "nats_rs/cpp/service.hpp"
#include "nats_rs/cpp/subscription.hpp"

#endif
