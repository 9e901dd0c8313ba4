/// @file
/// How to connect: nats::options.
#ifndef NATS_RS_CPP_OPTIONS_HPP
#define NATS_RS_CPP_OPTIONS_HPP

#include "callback.hpp"

namespace nats {

class connection_ref;
class subscription_ref;

/// A user and a password.
struct credentials {
    std::string user;     ///< The user.
    std::string password; ///< The password; may be empty.
};

/// How to connect. Functions that set something return the object, so that calls can follow each other. None of them
/// throws for a bad value: the first failure is kept, and connect() throws it.
///
/// Any number of connections can be made with one object, which may be destroyed before them. The functions that it is
/// given are kept until the last of these connections has made its last call. Those for events run one at a time on
/// one thread of the library, for all connections of the process: one that blocks delays the others. A std::function
/// that is empty stands for none.
class options {
  public:
    /// What is told of events: the connection.
    using event_handler = std::function<void(connection_ref)>;
    /// What is told of errors that no call can return: the error, and the subscription concerned if there is one.
    using error_handler = std::function<void(connection_ref, const error &, subscription_ref)>;

    /// The defaults.
    options() : scope_(new detail::scope) { keep(::natsOptions_Create(own_.out())); }
    /// Takes over what the other one has, which then has nothing.
    options(options &&) noexcept = default;
    /// Releases what this one has, and takes over what the other one has.
    options &operator=(options &&) noexcept = default;

    /// The server to connect to, or several, separated by commas.
    options &url(std::string_view v) { return text(::natsOptions_SetURL, v); }
    /// The servers to connect to.
    options &servers(const std::vector<std::string> &v) {
        detail::texts t;
        const char **list = t.list(v);
        return t.bad() ? keep(t.failure())
                       : keep(::natsOptions_SetServers(get(), list, static_cast<int>(v.size())));
    }
    /// Whether the servers are tried in the order of the list.
    options &keep_order(bool v = true) { return keep(::natsOptions_SetNoRandomize(get(), v)); }
    /// Whether servers that the cluster tells of are left out.
    options &ignore_discovered_servers(bool v = true) {
        return keep(::natsOptions_SetIgnoreDiscoveredServers(get(), v));
    }
    /// The name of the connection, which servers show.
    options &name(std::string_view v) { return text(::natsOptions_SetName, v); }
    /// The time for one attempt to connect to one server.
    options &timeout(duration v) { return keep(::natsOptions_SetTimeout(get(), detail::millis(v))); }
    /// The address of this machine to connect from.
    options &local_address(std::string_view v) { return text(::natsOptions_SetLocalAddress, v); }
    /// Which kinds of IP addresses are tried: 0 for all as the resolver has them, 4, 6, 46 or 64.
    options &ip_order(int v) { return keep(::natsOptions_IPResolutionOrder(get(), v)); }
    /// The proxy to connect through: `http://` or `socks5://`.
    options &proxy(std::string_view v) { return text(::natsOptions_SetProxyURL, v); }
    /// A function that makes the connection to a host and a port, and returns its socket. One that throws fails.
    options &proxy(std::function<::natsSock(std::string_view host, int port)> f);
    /// A header of the WebSocket handshake.
    options &websocket_header(std::string_view header, std::string_view value) {
        return text(::natsOptions_SetWebSocketHeader, header, value);
    }

    /// User and password.
    options &user(std::string_view name, std::string_view password) {
        return text(::natsOptions_SetUserInfo, name, password);
    }
    /// A function that is asked for user and password at each attempt. One that throws fails the attempt.
    options &user(std::function<credentials()> f);
    /// A token.
    options &token(std::string_view v) { return text(::natsOptions_SetToken, v); }
    /// A function that is asked for the token at each attempt. One that throws has none.
    options &token(std::function<std::string()> f);
    /// A credentials file, or a file with the JWT and one with the seed.
    options &credentials_file(const std::string &file, const std::string &seed_file = {}) {
        return keep(::natsOptions_SetUserCredentialsFromFiles(
            get(), file.c_str(), seed_file.empty() ? nullptr : seed_file.c_str()));
    }
    /// The content of a credentials file.
    options &credentials_text(std::string_view v) {
        return text(::natsOptions_SetUserCredentialsFromMemory, v);
    }
    /// Functions that supply the JWT and the signature of the server's nonce. One that throws fails the attempt.
    options &jwt(std::function<std::string()> jwt, std::function<std::string(std::string_view nonce)> sign);
    /// A public NKey, and the file with its seed.
    options &nkey(std::string_view public_key, std::string_view seed_file) {
        return text(::natsOptions_SetNKeyFromSeed, public_key, seed_file);
    }
    /// A public NKey, and a function that signs the server's nonce with it.
    options &nkey(std::string_view public_key, std::function<std::string(std::string_view nonce)> sign);
    /// Whether errors of authentication do not end the attempts to reconnect.
    options &ignore_auth_errors(bool v = true) {
        return keep(::natsOptions_SetIgnoreAuthErrorAbort(get(), v));
    }

    /// Whether TLS is required.
    options &tls(bool v = true) { return keep(::natsOptions_SetSecure(get(), v)); }
    /// TLS begins before the server has said anything.
    options &tls_first() { return keep(::natsOptions_TLSHandshakeFirst(get())); }
    /// The file with the certificates to trust.
    options &ca_file(std::string_view v) { return text(::natsOptions_LoadCATrustedCertificates, v); }
    /// The certificates to trust, as text.
    options &ca_text(std::string_view v) { return text(::natsOptions_SetCATrustedCertificates, v); }
    /// The files with the client's certificate and key.
    options &certificate_files(std::string_view certificate, std::string_view key) {
        return text(::natsOptions_LoadCertificatesChain, certificate, key);
    }
    /// The same, read again at each attempt.
    options &certificate_files_reloaded(std::string_view certificate, std::string_view key) {
        return text(::natsOptions_LoadCertificatesChainDynamic, certificate, key);
    }
    /// The client's certificate and key, as text.
    options &certificate_text(std::string_view certificate, std::string_view key) {
        return text(::natsOptions_SetCertificatesChain, certificate, key);
    }
    /// The file with revoked certificates.
    options &revocation_file(std::string_view v) { return text(::natsOptions_SetTLSRevocationListFile, v); }
    /// The name that the server's certificate must have.
    options &expected_hostname(std::string_view v) { return text(::natsOptions_SetExpectedHostname, v); }
    /// Whether any certificate is accepted. For tests.
    options &skip_verification(bool v = true) { return keep(::natsOptions_SkipServerVerification(get(), v)); }

    /// Whether to connect again when the connection is lost.
    options &reconnect(bool v) { return keep(::natsOptions_SetAllowReconnect(get(), v)); }
    /// How often each server is tried; below 0 for no limit.
    options &max_reconnects(int v) { return keep(::natsOptions_SetMaxReconnect(get(), v)); }
    /// The pause before a server is tried again.
    options &reconnect_wait(duration v) {
        return keep(::natsOptions_SetReconnectWait(get(), detail::millis(v)));
    }
    /// The random addition to that pause, without and with TLS.
    options &reconnect_jitter(duration plain, duration tls) {
        return keep(::natsOptions_SetReconnectJitter(get(), detail::millis(plain), detail::millis(tls)));
    }
    /// A function that decides about the pause before each pass over the servers. It must not use the options.
    options &reconnect_delay(std::function<duration(connection_ref, int pass)> f);
    /// A function that chooses the next server by its index, and may change the pause.
    options &next_server(
        std::function<std::size_t(connection_ref, const std::vector<std::string_view> &, duration &pause)> f);
    /// How many bytes are kept while there is no connection; below 0 for none.
    options &reconnect_buffer(int bytes) { return keep(::natsOptions_SetReconnectBufSize(get(), bytes)); }
    /// Whether errors of the protocol have it connect again.
    options &reconnect_on_protocol_error(bool v = true) {
        return keep(::natsOptions_SetReconnectOnProtocolError(get(), v));
    }
    /// Whether requests fail when the connection is lost.
    options &fail_requests_on_disconnect(bool v = true) {
        return keep(::natsOptions_SetFailRequestsOnDisconnect(get(), v));
    }
    /// Whether the first connect is tried as often as a reconnect. connect() waits for that.
    options &retry_first_connect(bool v = true) {
        return keep(::natsOptions_SetRetryOnFailedConnect(get(), v, nullptr, nullptr));
    }
    /// The same in the background: connect() returns a connection that is not connected yet, and `f` is told when it is.
    options &retry_first_connect_in_background(event_handler f);

    /// How often the server is asked whether it is there.
    options &ping_interval(duration v) {
        return keep(::natsOptions_SetPingInterval(get(), detail::millis(v)));
    }
    /// After how many such questions without an answer the connection counts as lost.
    options &max_pings_out(int v) { return keep(::natsOptions_SetMaxPingsOut(get(), v)); }
    /// How long a publish waits for room; forever for no limit.
    options &write_deadline(duration v) {
        return keep(::natsOptions_SetWriteDeadline(get(), v == forever ? 0 : detail::millis(v)));
    }
    /// Whether each publish is written at once.
    options &send_asap(bool v = true) { return keep(::natsOptions_SetSendAsap(get(), v)); }
    /// How many messages may wait for each subscription.
    options &max_pending_messages(int v) { return keep(::natsOptions_SetMaxPendingMsgs(get(), v)); }
    /// How many bytes may wait for each subscription.
    options &max_pending_bytes(std::int64_t v) { return keep(::natsOptions_SetMaxPendingBytes(get(), v)); }
    /// Whether the server does not deliver the connection's own messages to it.
    options &no_echo(bool v = true) { return keep(::natsOptions_SetNoEcho(get(), v)); }
    /// The prefix of subjects for replies, in place of `_INBOX`.
    options &inbox_prefix(std::string_view v) { return text(::natsOptions_SetCustomInboxPrefix, v); }
    /// Whether a request that nobody answers waits until its time is over.
    options &disable_no_responders(bool v = true) {
        return keep(::natsOptions_DisableNoResponders(get(), v));
    }
    /// Whether callbacks run in the pool of fixed size.
    options &use_delivery_pool(bool v = true) {
        return keep(::natsOptions_UseGlobalMessageDelivery(get(), v));
    }
    /// Whether the program runs the callbacks itself: connection_ref::dispatch().
    options &manual_dispatch(bool v = true) {
        if (v)
            manual_ = true;
        return keep(::natsOptions_SetManualDispatch(get(), v));
    }
    /// The event loop that watches the socket, by the functions of an adapter.
    options &event_loop(void *loop, ::natsEvLoop_Attach attach, ::natsEvLoop_ReadAddRemove read,
                        ::natsEvLoop_WriteAddRemove write, ::natsEvLoop_Detach detach) {
        return keep(::natsOptions_SetEventLoop(get(), loop, attach, read, write, detach));
    }

    /// Who is told of errors that no call can return. Without one they are printed to standard error.
    options &on_error(error_handler f);
    /// Who is told that the connection was lost.
    options &on_disconnected(event_handler f);
    /// Who is told that there is a connection again.
    options &on_reconnected(event_handler f);
    /// Who is told that the connection is closed: the last event.
    options &on_closed(event_handler f);
    /// Who is told of servers that were not known.
    options &on_discovered_servers(event_handler f);
    /// Who is told that the server is going to end.
    options &on_lame_duck(event_handler f);

    /// The object of C, for what has no function here: `opts.set(natsOptions_SetVerbose, true)`.
    ::natsOptions *get() const noexcept { return own_.get(); }
    /// Calls a function of C that sets something, and keeps its failure like the others.
    template <class... P, class... A>
    options &set(status (*function)(::natsOptions *, P...), A... arguments) {
        return keep(function(get(), static_cast<P>(arguments)...));
    }
    /// The first failure; NULL if there was none.
    const error *failure() const noexcept { return failure_ ? &*failure_ : nullptr; }

    /// @cond
    detail::scope *scope() const noexcept { return scope_.get(); }
    bool has_manual_dispatch() const noexcept { return manual_; }
    /// @endcond

  private:
    options &keep(status s) {
        if (s != NATS_OK && !failure_)
            failure_ = error::last(s);
        return *this;
    }
    options &keep(error e) {
        if (!failure_)
            failure_ = std::move(e);
        return *this;
    }
    options &text(status (*function)(::natsOptions *, const char *), std::string_view v) {
        detail::texts t;
        const char *c = t(v);
        return t.bad() ? keep(t.failure()) : keep(function(get(), c));
    }
    options &text(status (*function)(::natsOptions *, const char *, const char *), std::string_view v,
                  std::string_view w) {
        detail::texts t;
        const char *c = t(v), *d = t(w);
        return t.bad() ? keep(t.failure()) : keep(function(get(), c, d));
    }
    /// Keeps a function for the connections. NULL for an empty one.
    template <class F> detail::cell *held(F f);
    options &event(status (*function)(::natsOptions *, ::natsConnectionHandler, void *), event_handler f);

    detail::handle<::natsOptions, ::natsOptions_Destroy> own_;
    detail::counted<detail::scope> scope_;
    std::optional<error> failure_;
    bool manual_ = false;
};

} // namespace nats

#endif
