/// @file
/// How functions of the program are kept, called and given up.
///
/// C calls a function and a pointer. The pointer is a detail::cell, which has the function of the program. A cell is
/// *shut* by the C++ object that the function belongs to: from then on C may still call, and nothing happens; and
/// shutting waits for a call that is running, unless it is made in that call. So what the function refers to may be
/// destroyed as soon as the object is destroyed.
///
/// The memory of a cell has to be there until C calls no more. Subscriptions say so with their completion callback,
/// and connections with their released callback, which frees what was not reported (detail::scope). Where nothing says
/// so, C gets no pointer but a number, which detail::registry knows for as long as the C++ object is there.
#ifndef NATS_RS_CPP_CALLBACK_HPP
#define NATS_RS_CPP_CALLBACK_HPP

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support.hpp"

namespace nats::detail {

/// A counted pointer to something with `retain` and `drop`.
template <class T> class counted {
  public:
    counted() noexcept = default;
    /// Takes over a count.
    explicit counted(T *taken) noexcept : p_(taken) {}
    counted(const counted &other) noexcept : p_(other.p_) {
        if (p_ != nullptr)
            p_->retain();
    }
    counted(counted &&other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
    counted &operator=(counted other) noexcept {
        std::swap(p_, other.p_);
        return *this;
    }
    ~counted() {
        if (p_ != nullptr)
            p_->drop();
    }
    /// One more owner of it.
    static counted share(T *p) noexcept {
        if (p != nullptr)
            p->retain();
        return counted(p);
    }
    T *get() const noexcept { return p_; }
    T *operator->() const noexcept { return p_; }
    explicit operator bool() const noexcept { return p_ != nullptr; }

  private:
    T *p_ = nullptr;
};

class cell;
class scope;

/// The calls that a thread is inside of.
struct frame {
    const cell *in;
    frame *outer;
};
inline thread_local frame *innermost = nullptr;

/// What C's pointer points at: a function of the program, and whether it may be called.
class cell {
  public:
    cell() = default;
    cell(const cell &) = delete;
    cell &operator=(const cell &) = delete;
    virtual ~cell() = default;

    void retain() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
    void drop() noexcept {
        if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete this;
    }

    /// From now on the function is called. Until then C's calls wait: the call that gives the program its object has
    /// not returned yet.
    void open() noexcept { become(state::open); }
    /// From now on it is not called, and it does not run when this returns, except on this very thread.
    void shut() noexcept {
        become(state::shut);
        if (is_inside())
            return;
        // Rare, and short: not worth a signal at the end of each call.
        for (int round = 0; running_.load() != 0; round++) {
            if (round < 64)
                std::this_thread::yield();
            else
                std::this_thread::sleep_for(std::chrono::microseconds(round < 1000 ? 50 : 1000));
        }
        give_up();
    }
    bool is_shut() const noexcept { return state_.load() == state::shut; }
    /// Whether this thread is in a call of the function.
    bool is_inside() const noexcept {
        for (const frame *f = innermost; f != nullptr; f = f->outer)
            if (f->in == this)
                return true;
        return false;
    }

    /// A call by C: does nothing where the cell was shut.
    class call {
      public:
        explicit call(cell &c) noexcept : cell_(c), frame_{&c, innermost}, runs_(c.enter()) {
            innermost = &frame_;
        }
        call(const call &) = delete;
        call &operator=(const call &) = delete;
        ~call() {
            innermost = frame_.outer;
            if (runs_)
                cell_.leave();
        }
        explicit operator bool() const noexcept { return runs_; }

      private:
        cell &cell_;
        frame frame_;
        bool runs_;
    };

  protected:
    /// Destroys the function. Called once at most.
    virtual void forget() noexcept {}

  private:
    friend class scope;
    enum class state { waiting, open, shut };

    bool enter() noexcept {
        for (;;) {
            // Either this sees that the cell is shut, or `shut` sees that the function runs.
            running_.fetch_add(1);
            const state now = state_.load();
            if (now == state::open)
                return true;
            running_.fetch_sub(1);
            if (now == state::shut)
                return false;
            std::unique_lock<std::mutex> held(gate_);
            changed_.wait(held, [this] { return state_.load() != state::waiting; });
        }
    }
    void leave() noexcept {
        const bool last = running_.fetch_sub(1) == 1;
        if (last && is_shut() && !is_inside())
            give_up();
    }
    void become(state next) noexcept {
        {
            std::lock_guard<std::mutex> held(gate_);
            if (state_.load() != state::shut)
                state_.store(next);
        }
        changed_.notify_all();
    }
    void give_up() noexcept {
        if (!given_up_.exchange(true))
            forget();
    }

    std::atomic<int> owners_{1};
    std::atomic<int> running_{0};
    std::atomic<state> state_{state::waiting};
    std::atomic<bool> given_up_{false};
    std::mutex gate_;
    std::condition_variable changed_;
    // The list of a scope.
    cell *next_ = nullptr;
    cell *previous_ = nullptr;
    bool listed_ = false;
};

/// A cell with one function.
template <class F> class function_cell final : public cell {
  public:
    template <class G> explicit function_cell(G &&f) : function_(std::in_place, std::forward<G>(f)) {}
    /// Only inside a call.
    F &function() noexcept { return *function_; }

  protected:
    void forget() noexcept override { function_.reset(); }

  private:
    std::optional<F> function_;
};

/// Whether there is something to call: not so for an empty std::function and a NULL pointer.
template <class F> bool callable(const F &f) noexcept {
    if constexpr (std::is_constructible_v<bool, const F &> && !std::is_empty_v<F>)
        return static_cast<bool>(f);
    else
        return true;
}
inline error nothing_to_call() { return error(NATS_INVALID_ARG, "there is no function to call"); }

/// What the connections that were made with the same options share: the callbacks of the options, and the cells whose
/// end has not been reported. It ends with the last of the connections.
class scope {
  public:
    scope() = default;
    scope(const scope &) = delete;
    scope &operator=(const scope &) = delete;
    virtual ~scope() {
        free_cells(cells_);
        free_cells(option_cells_);
    }

    void retain() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
    void drop() noexcept {
        if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete this;
    }

    /// A connection is being made.
    void connection_begins() noexcept {
        retain();
        std::lock_guard<std::mutex> held(lock_);
        connections_++;
    }
    /// A connection calls no more, or could not be made.
    void connection_ended() noexcept {
        cell *rest = nullptr;
        {
            std::lock_guard<std::mutex> held(lock_);
            if (--connections_ == 0)
                rest = std::exchange(cells_, nullptr);
            for (cell *c = rest; c != nullptr; c = c->next_)
                c->listed_ = false;
        }
        free_cells(rest);
        drop();
    }
    /// Takes over C's count of a cell.
    void add(cell *c) noexcept {
        std::lock_guard<std::mutex> held(lock_);
        c->listed_ = true;
        c->next_ = cells_;
        if (cells_ != nullptr)
            cells_->previous_ = c;
        cells_ = c;
    }
    /// Takes over a cell that is needed for as long as the options or a connection are there.
    void add_for_options(cell *c) noexcept {
        std::lock_guard<std::mutex> held(lock_);
        c->next_ = option_cells_;
        option_cells_ = c;
    }
    /// C will not call the cell any more.
    void ended(cell *c) noexcept {
        {
            std::lock_guard<std::mutex> held(lock_);
            if (!c->listed_)
                return;
            c->listed_ = false;
            if (c->next_ != nullptr)
                c->next_->previous_ = c->previous_;
            (c->previous_ != nullptr ? c->previous_->next_ : cells_) = c->next_;
            c->next_ = c->previous_ = nullptr;
        }
        c->drop();
    }

  private:
    static void free_cells(cell *c) noexcept {
        while (c != nullptr) {
            cell *next = c->next_;
            c->shut();
            c->drop();
            c = next;
        }
    }

    std::atomic<int> owners_{1};
    std::mutex lock_;
    cell *cells_ = nullptr;
    cell *option_cells_ = nullptr;
    int connections_ = 0;
};

/// Where cells go of connections that this interface has not made, whose end nobody reports. They are kept: very few
/// subscriptions end while they are being made.
inline scope *unknown_scope() {
    static scope *const kept = new scope;
    return kept;
}

/// Cells by number, for callbacks whose end C does not report.
class registry {
  public:
    /// Keeps a cell, and returns what C is to be given as the closure.
    static void *add(std::shared_ptr<cell> c) {
        registry &r = get();
        static std::atomic<std::uintptr_t> last{0};
        const std::uintptr_t number = ++last;
        std::lock_guard<std::mutex> held(r.lock_);
        r.cells_.emplace(number, std::move(c));
        return reinterpret_cast<void *>(number);
    }
    /// The cell, or NULL where the object is gone.
    static std::shared_ptr<cell> find(void *closure) noexcept {
        registry &r = get();
        std::lock_guard<std::mutex> held(r.lock_);
        const auto found = r.cells_.find(reinterpret_cast<std::uintptr_t>(closure));
        return found == r.cells_.end() ? nullptr : found->second;
    }
    static void remove(void *closure) noexcept {
        registry &r = get();
        std::lock_guard<std::mutex> held(r.lock_);
        r.cells_.erase(reinterpret_cast<std::uintptr_t>(closure));
    }

  private:
    // Never destroyed: C may call while the program ends. A child of fork has one of its own, since a thread of its
    // parent may have held the lock.
    static registry &get() {
        std::atomic<registry *> &current = place();
        static const int hooked = ::pthread_atfork(nullptr, nullptr, [] { place().store(new registry); });
        static_cast<void>(hooked);
        return *current.load(std::memory_order_acquire);
    }
    static std::atomic<registry *> &place() {
        static std::atomic<registry *> *const current = new std::atomic<registry *>(new registry);
        return *current;
    }

    std::mutex lock_;
    std::unordered_map<std::uintptr_t, std::shared_ptr<cell>> cells_;
};

/// The owner of a number in the registry: shuts the cell when it goes.
class registered {
  public:
    registered() noexcept = default;
    explicit registered(std::shared_ptr<cell> c) : cell_(c), closure_(registry::add(std::move(c))) {}
    registered(registered &&other) noexcept
        : cell_(std::move(other.cell_)), closure_(std::exchange(other.closure_, nullptr)) {}
    registered &operator=(registered &&other) noexcept {
        if (this != &other) {
            end();
            cell_ = std::move(other.cell_);
            closure_ = std::exchange(other.closure_, nullptr);
        }
        return *this;
    }
    ~registered() { end(); }

    void *closure() const noexcept { return closure_; }
    void open() noexcept {
        if (cell_)
            cell_->open();
    }
    void end() noexcept {
        if (!cell_)
            return;
        cell_->shut();
        registry::remove(closure_);
        cell_.reset();
    }
    /// The function may be called for as long as the program runs.
    void keep() noexcept { cell_.reset(); }

  private:
    std::shared_ptr<cell> cell_;
    void *closure_ = nullptr;
};

} // namespace nats::detail

#endif
