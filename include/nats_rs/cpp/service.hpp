/// @file
/// Services: nats::service answers requests on its endpoints, and what monitoring tools ask.
#ifndef NATS_RS_CPP_SERVICE_HPP
#define NATS_RS_CPP_SERVICE_HPP

#include "connection.hpp"

namespace nats {

/// Thrown in the function of an endpoint: the answer is an error with this code and text.
class service_error : public std::runtime_error {
  public:
    /// An error. Codes are the program's own; those of HTTP are usual.
    service_error(int code, const std::string &text) : std::runtime_error(text), code_(code) {}
    /// The code.
    int code() const noexcept { return code_; }

  private:
    int code_;
};

namespace detail {
/// The outcome of a call that returns an error object.
inline result<void> outcome(::microError *err) {
    if (err == nullptr)
        return {};
    char text[512] = "";
    const status s = ::microError_Status(err);
    error out(s == NATS_OK ? NATS_ERR : s, ::microError_String(err, text, sizeof(text)));
    ::microError_Destroy(err);
    return out;
}
} // namespace detail

/// A request to an endpoint. Valid in the function that gets it.
class service_request {
  public:
    /// This request of C.
    explicit service_request(::microRequest *raw) noexcept : raw_(raw) {}
    /// The request of C.
    ::microRequest *get() const noexcept { return raw_; }
    /// The message, with payload, subject and headers.
    message_view message() const noexcept { return message_view(::microRequest_GetMsg(raw_)); }
    /// The payload.
    std::string_view data() const noexcept { return message().data(); }
    /// The subject.
    std::string_view subject() const noexcept { return message().subject(); }
    /// Answers.
    void respond(bytes data) const { try_respond(data).value(); }
    /// As respond(), with the failure in the result.
    result<void> try_respond(bytes data) const {
        return detail::outcome(
            ::microRequest_Respond(raw_, static_cast<const char *>(data.data()), data.size()));
    }
    /// Answers with an error, which the statistics count. A nats::service_error that is thrown does the same.
    void respond_error(int code, std::string_view text) const { try_respond_error(code, text).value(); }
    /// As respond_error(), with the failure in the result.
    result<void> try_respond_error(int code, std::string_view text) const {
        detail::texts t;
        const char *c = t(text);
        if (t.bad())
            return t.failure();
        return detail::outcome(::microRequest_RespondError(raw_, ::micro_ErrorFromText(code, c)));
    }

  private:
    ::microRequest *raw_;
};

/// What a service is.
struct service_config {
    std::string name;             ///< The name: letters, digits, `_` and `-`.
    std::string version;          ///< The version, such as `1.0.0`.
    std::string description = {}; ///< A description for people.
    std::string queue_group = {}; ///< The queue group of its endpoints; empty for the default.
    bool no_queue_group = false;  ///< Whether each instance gets all requests.
    nats::metadata metadata = {}; ///< What the program notes with it.
    std::function<void()> on_stopped =
        {}; ///< Called when the service has ended and none of its functions runs.

    /// Called for errors of endpoints that no call can return. The service stops then.
    std::function<void(status)> on_error = {};
};

/// What an endpoint is.
struct endpoint_config {
    std::string name;             ///< The name: letters, digits, `_` and `-`.
    std::string subject = {};     ///< The subject; empty for the name.
    std::string queue_group = {}; ///< The queue group; empty for that of the service or the group.
    bool no_queue_group = false;  ///< Whether each instance gets all requests.
    nats::metadata metadata = {}; ///< What the program notes with it.
};

/// How much an endpoint has done.
struct endpoint_statistics {
    std::string name;         ///< The name.
    std::string subject;      ///< The whole subject.
    std::int64_t requests;    ///< How many requests.
    std::int64_t errors;      ///< How many errors.
    duration processing_time; ///< How long all of them have taken.
    std::string last_error;   ///< The last error.
};

namespace detail {

using endpoint_function = std::function<void(service_request &)>;
using endpoint_cell = function_cell<endpoint_function>;

/// What C knows of a service: its functions, for as long as they may be called.
class service_cell final : public cell {
  public:
    service_cell(scope *home, std::function<void()> on_stopped, std::function<void(status)> on_error)
        : home_(home), on_stopped_(std::move(on_stopped)), on_error_(std::move(on_error)) {}

    static service_cell &of(::microService *m) noexcept {
        return *static_cast<service_cell *>(static_cast<cell *>(::microService_GetState(m)));
    }
    /// Keeps the function of an endpoint, and returns what C is to be given.
    cell *keep(endpoint_function f) {
        auto made = std::make_unique<endpoint_cell>(std::move(f));
        made->open();
        std::lock_guard<std::mutex> held(lock_);
        if (is_shut())
            made->shut();
        endpoints_.push_back(std::move(made));
        return endpoints_.back().get();
    }
    /// No function runs or will run.
    void shut_all() noexcept {
        shut();
        std::vector<endpoint_cell *> all;
        {
            std::lock_guard<std::mutex> held(lock_);
            for (const auto &e : endpoints_)
                all.push_back(e.get());
        }
        for (endpoint_cell *e : all)
            e->shut();
    }
    scope *home() const noexcept { return home_; }

    static void on_done(::microService *m) noexcept {
        service_cell &me = of(m);
        {
            const call running(me);
            if (running && me.on_stopped_)
                guarded("the function for the end of a service", me.on_stopped_);
        }
        me.home_->ended(&me);
    }
    static void on_failure(::microService *m, ::microEndpoint *, status s) noexcept {
        service_cell &me = of(m);
        const call running(me);
        if (running && me.on_error_)
            guarded("the error handler of a service", [&] { me.on_error_(s); });
    }
    static ::microError *on_request(::microRequest *raw) noexcept {
        endpoint_cell &c =
            *static_cast<endpoint_cell *>(static_cast<cell *>(::microRequest_GetEndpointState(raw)));
        const call running(c);
        if (!running)
            return nullptr;
        service_request request(raw);
        try {
            c.function()(request);
            return nullptr;
        } catch (const service_error &e) {
            return ::micro_ErrorFromText(e.code(), e.what());
        } catch (const std::exception &e) {
            report_exception("the function of an endpoint");
            return ::micro_ErrorFromText(500, e.what());
        } catch (...) {
            report_exception("the function of an endpoint");
            return ::micro_ErrorFromText(500, "exception");
        }
    }

  protected:
    void forget() noexcept override {
        on_stopped_ = nullptr;
        on_error_ = nullptr;
    }

  private:
    scope *home_;
    std::function<void()> on_stopped_;
    std::function<void(status)> on_error_;
    std::mutex lock_;
    std::vector<std::unique_ptr<endpoint_cell>> endpoints_;
};

/// The configuration of an endpoint for C.
struct c_endpoint {
    c_endpoint(const endpoint_config &from, cell *state) {
        out.Name = t.optional(from.name);
        out.Subject = t.optional(from.subject);
        out.QueueGroup = t.optional(from.queue_group);
        out.NoQueueGroup = from.no_queue_group;
        out.Metadata = t.pairs(from.metadata);
        out.Handler = service_cell::on_request;
        out.State = state;
    }
    texts t;
    ::microEndpointConfig out{};
};

} // namespace detail

/// A common prefix of the subjects of some endpoints. It belongs to its service, and ends with it.
class service_group {
  public:
    /// Adds an endpoint to the group.
    void add_endpoint(const endpoint_config &how, detail::endpoint_function f) const {
        try_add_endpoint(how, std::move(f)).value();
    }
    /// As add_endpoint(), with the failure in the result.
    result<void> try_add_endpoint(const endpoint_config &how, detail::endpoint_function f) const {
        if (!f)
            return detail::nothing_to_call();
        detail::c_endpoint config(how, cell_->keep(std::move(f)));
        if (config.t.bad())
            return detail::texts::failure();
        return detail::outcome(::microGroup_AddEndpoint(raw_, &config.out));
    }
    /// Adds a group to the group.
    service_group add_group(std::string_view prefix) const { return try_add_group(prefix).value(); }
    /// As add_group(), with the failure in the result.
    result<service_group> try_add_group(std::string_view prefix) const {
        detail::texts t;
        ::microGroupConfig config{};
        config.Prefix = t(prefix);
        if (t.bad())
            return t.failure();
        ::microGroup *made = nullptr;
        const result<void> added = detail::outcome(::microGroup_AddGroup(&made, raw_, &config));
        if (!added)
            return added.error();
        return service_group(made, cell_);
    }

  private:
    friend class service;
    service_group(::microGroup *raw, detail::counted<detail::service_cell> c) noexcept
        : raw_(raw), cell_(std::move(c)) {}
    ::microGroup *raw_;
    detail::counted<detail::service_cell> cell_;
};

/// A service. When this object is destroyed the service ends, and its functions do not run any more: that is waited for,
/// except inside one of them. Requests that wait then are not answered; stop() before that has them answered.
class service {
  public:
    /// No service.
    service() noexcept = default;
    /// Adds a service to a connection.
    service(const connection_ref &nc, const service_config &how) : service(create(nc, how).value()) {}
    /// Takes over what the other one has, which then has nothing.
    service(service &&other) noexcept
        : raw_(std::exchange(other.raw_, nullptr)), cell_(std::move(other.cell_)) {}
    /// Releases what this one has, and takes over what the other one has.
    service &operator=(service &&other) noexcept {
        if (this != &other) {
            end();
            raw_ = std::exchange(other.raw_, nullptr);
            cell_ = std::move(other.cell_);
        }
        return *this;
    }
    ~service() { end(); }

    /// As the constructor, with the failure in the result.
    static result<service> create(const connection_ref &nc, const service_config &how) {
        detail::texts t;
        ::microServiceConfig config{};
        config.Name = t.optional(how.name);
        config.Version = t.optional(how.version);
        config.Description = t.optional(how.description);
        config.QueueGroup = t.optional(how.queue_group);
        config.NoQueueGroup = how.no_queue_group;
        config.Metadata = t.pairs(how.metadata);
        if (t.bad())
            return t.failure();
        service made;
        auto *c = new detail::service_cell(nc.home(), how.on_stopped, how.on_error);
        made.cell_ = detail::counted<detail::service_cell>::share(c);
        config.State = static_cast<detail::cell *>(c);
        config.DoneHandler = detail::service_cell::on_done;
        config.ErrHandler = detail::service_cell::on_failure;
        c->home()->add(c);
        result<void> added = detail::outcome(::micro_AddService(&made.raw_, nc.get(), &config));
        if (!added) {
            made.raw_ = nullptr;
            c->home()->ended(c);
            return added.error();
        }
        c->open();
        return made;
    }
    /// The handle of C; NULL for none.
    ::microService *get() const noexcept { return raw_; }
    /// Whether there is a service.
    explicit operator bool() const noexcept { return raw_ != nullptr; }

    /// Adds an endpoint. Its function gets a nats::service_request, one at a time, on a thread of the library. An
    /// exception that it throws is the answer: nats::service_error with its code, others with 500.
    void add_endpoint(const endpoint_config &how, detail::endpoint_function f) const {
        try_add_endpoint(how, std::move(f)).value();
    }
    /// As add_endpoint(), with the failure in the result.
    result<void> try_add_endpoint(const endpoint_config &how, detail::endpoint_function f) const {
        if (!f)
            return detail::nothing_to_call();
        detail::c_endpoint config(how, cell_->keep(std::move(f)));
        if (config.t.bad())
            return detail::texts::failure();
        return detail::outcome(::microService_AddEndpoint(raw_, &config.out));
    }
    /// Adds a group of endpoints, whose subjects begin with a prefix.
    service_group add_group(std::string_view prefix) const { return try_add_group(prefix).value(); }
    /// As add_group(), with the failure in the result.
    result<service_group> try_add_group(std::string_view prefix) const {
        detail::texts t;
        ::microGroupConfig config{};
        config.Prefix = t(prefix);
        if (t.bad())
            return t.failure();
        ::microGroup *made = nullptr;
        const result<void> added = detail::outcome(::microService_AddGroup(&made, raw_, &config));
        if (!added)
            return added.error();
        return service_group(made, cell_);
    }
    /// Stops the service, without waiting: requests that have arrived are answered, then `on_stopped` is called.
    void stop() const { try_stop().value(); }
    /// As stop(), with the failure in the result.
    result<void> try_stop() const { return detail::outcome(::microService_Stop(raw_)); }
    /// Waits until the service is stopped by another thread, or its connection is closed.
    void run() const { detail::outcome(::microService_Run(raw_)).value(); }
    /// Whether it is stopped.
    bool is_stopped() const noexcept { return ::microService_IsStopped(raw_); }
    /// Its unique id.
    std::string id() const {
        detail::handle<::microServiceInfo, ::microServiceInfo_Destroy> info;
        detail::outcome(::microService_GetInfo(info.out(), raw_)).value();
        return detail::string_of(info->Id);
    }
    /// How much its endpoints have done.
    std::vector<endpoint_statistics> statistics() const { return try_statistics().value(); }
    /// As statistics(), with the failure in the result.
    result<std::vector<endpoint_statistics>> try_statistics() const {
        detail::handle<::microServiceStats, ::microServiceStats_Destroy> stats;
        const result<void> read = detail::outcome(::microService_GetStats(stats.out(), raw_));
        if (!read)
            return read.error();
        std::vector<endpoint_statistics> out;
        for (int i = 0; i < stats->EndpointsLen; i++) {
            const ::microEndpointStats &e = stats->Endpoints[i];
            out.push_back(
                {detail::string_of(e.Name), detail::string_of(e.Subject), e.NumRequests, e.NumErrors,
                 std::chrono::seconds(e.ProcessingTimeSeconds) + duration(e.ProcessingTimeNanoseconds),
                 e.LastErrorString});
        }
        return out;
    }
    /// Ends the service, and waits for functions that are running.
    void end() noexcept {
        // While the connection drains the first call only stops it.
        if (::microService *raw = std::exchange(raw_, nullptr)) {
            if (::microError *err = ::microService_Destroy(raw)) {
                ::microError_Destroy(err);
                ::microError_Destroy(::microService_Destroy(raw));
            }
        }
        if (cell_)
            cell_->shut_all();
        cell_ = {};
    }

  private:
    ::microService *raw_ = nullptr;
    detail::counted<detail::service_cell> cell_;
};

} // namespace nats

#endif
