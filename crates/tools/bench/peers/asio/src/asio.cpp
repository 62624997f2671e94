// Asio's callbacks on an `io_context` that one thread runs. The hint 1 tells Asio so: it still
// takes a lock, because other threads may post.
//
// Asio has no tasks and no join handles. A chain of callbacks is a task here, and a batch is
// joined when its last callback has counted itself.

#include <asio.hpp>
#include <asio/experimental/channel.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

using asio::error_code;
using asio::io_context;
using asio::steady_timer;
using Clock = std::chrono::steady_clock;
using Channel = asio::experimental::channel<void(error_code, uint64_t)>;

static uint64_t since(Clock::time_point start) {
    return std::chrono::nanoseconds(Clock::now() - start).count();
}

// Adds one, which the compiler can neither predict nor remove.
static inline uint64_t bump(uint64_t count) {
    count += 1;
    asm volatile("" : "+m"(count));
    return count;
}

// As the stopwatch of the protocol: the first of the tasks starts and stops the clock.
struct Stopwatch {
    uint64_t times;
    uint64_t* each_ns;
    bool is_over = false;
    uint64_t elapsed_ns = 0;
    Clock::time_point start, began;
};

constexpr uint64_t WARM_UP = 2;

struct Turns {
    io_context* io;
    Stopwatch* stopwatch;
    uint64_t mark;
    uint64_t turns = 0;

    void operator()() {
        turns = bump(turns);
        if (turns == mark) mark_reached();
        if (!stopwatch->is_over) asio::post(*io, std::move(*this));
    }

    void mark_reached() {
        bool is_each_timed = stopwatch->each_ns != nullptr;
        uint64_t index = turns - WARM_UP;
        if (index == 0) {
            stopwatch->start = Clock::now();
        } else if (is_each_timed) {
            stopwatch->each_ns[index - 1] = since(stopwatch->began);
        }
        if (index == stopwatch->times) {
            stopwatch->elapsed_ns = since(stopwatch->start);
            stopwatch->is_over = true;
        }
        stopwatch->began = Clock::now();
        mark += is_each_timed ? 1 : stopwatch->times;
    }
};

struct Batches {
    io_context& io;
    uint64_t n, times, sum = 0;

    void next() {
        if (times-- == 0) return;
        sum = 0;
        for (uint64_t i = 0; i < n; i++) {
            asio::post(io, [this] {
                sum += bump(0);
                if (sum == n) next();
            });
        }
    }
};

struct RoundTrips {
    Channel there, back;
    uint64_t times, number = 0;

    void ask() {
        if (number == times) return there.close();
        there.async_send(error_code(), number, [this](error_code) {
            back.async_receive([this](error_code, uint64_t answer) {
                number = answer;
                ask();
            });
        });
    }

    void answer() {
        there.async_receive([this](error_code closed, uint64_t asked) {
            if (closed) return;
            back.async_send(error_code(), asked + 1, [this](error_code) { answer(); });
        });
    }
};

struct Stream {
    Channel channel;
    uint64_t times, sent = 0;

    void send() {
        if (sent == times) return channel.close();
        channel.async_send(error_code(), sent++, [this](error_code) { send(); });
    }

    void receive() {
        channel.async_receive([this](error_code closed, uint64_t) {
            if (!closed) receive();
        });
    }
};

struct Leaves {
    io_context& io;
    uint64_t times;

    void next() {
        if (times-- == 0) return;
        asio::post(io, [this] { next(); });
    }
};

// The timer is reused, as in Asio's own examples.
struct Timeouts {
    io_context& io;
    uint64_t times;
    steady_timer timer{io};

    void next() {
        if (times-- == 0) return;
        timer.expires_after(std::chrono::hours(1));
        timer.async_wait([](error_code) {});
        asio::post(io, [this] {
            timer.cancel();
            next();
        });
    }
};

template <typename Start>
static uint64_t run(io_context& io, Start start) {
    auto before = Clock::now();
    start();
    io.run();
    return since(before);
}

extern "C" {

uint64_t asio_version() noexcept { return ASIO_VERSION; }

uint64_t asio_turn(uint64_t n, uint64_t times, uint64_t* each_ns) noexcept {
    io_context io(1);
    Stopwatch stopwatch{times, each_ns};
    for (uint64_t i = 0; i < n; i++) {
        asio::post(io, Turns{&io, &stopwatch, i == 0 ? WARM_UP : UINT64_MAX});
    }
    io.run();
    return stopwatch.elapsed_ns;
}

uint64_t asio_spawn(uint64_t n, uint64_t times) noexcept {
    io_context io(1);
    Batches batches{io, n, times};
    return run(io, [&] { batches.next(); });
}

uint64_t asio_round_trip(uint64_t capacity, uint64_t times) noexcept {
    io_context io(1);
    RoundTrips trips{Channel(io, capacity), Channel(io, capacity), times};
    return run(io, [&] {
        trips.answer();
        trips.ask();
    });
}

uint64_t asio_stream(uint64_t capacity, uint64_t times) noexcept {
    io_context io(1);
    Stream stream{Channel(io, capacity), times};
    return run(io, [&] {
        stream.receive();
        stream.send();
    });
}

uint64_t asio_bare(uint64_t times) noexcept {
    io_context io(1);
    Leaves leaves{io, times};
    return run(io, [&] { leaves.next(); });
}

uint64_t asio_timeout(uint64_t times) noexcept {
    io_context io(1);
    Timeouts timeouts{io, times};
    return run(io, [&] { timeouts.next(); });
}

// A cancelled timer calls its callback, which is part of the cost.
uint64_t asio_timer_cancel(const uint64_t* micros, uint64_t n, uint64_t times) noexcept {
    io_context io(1);
    auto start = Clock::now();
    std::vector<std::unique_ptr<steady_timer>> timers;
    timers.reserve(n);
    for (uint64_t i = 0; i < times; i++) {
        for (uint64_t j = 0; j < n; j++) {
            std::chrono::microseconds duration(micros[j]);
            timers.push_back(std::make_unique<steady_timer>(io, duration));
            timers.back()->async_wait([](error_code) {});
        }
        timers.clear();
        io.restart();
        io.poll();
    }
    return since(start);
}

void asio_timers(void* const* sleepers, uint64_t n, uint64_t (*falls_asleep)(void*),
                 void (*wakes_up)(void*)) noexcept {
    io_context io(1);
    std::vector<std::unique_ptr<steady_timer>> timers(n);
    for (uint64_t i = 0; i < n; i++) {
        asio::post(io, [&, i, sleeper = sleepers[i]] {
            std::chrono::microseconds duration(falls_asleep(sleeper));
            timers[i] = std::make_unique<steady_timer>(io, duration);
            timers[i]->async_wait([=](error_code) { wakes_up(sleeper); });
        });
    }
    io.run();
}

// All callbacks wait for one timer. Nothing returns, so nothing is freed.
void asio_memory(uint64_t n, void (*count_suspended)()) noexcept {
    auto io = new io_context(1);
    auto never = new steady_timer(*io, steady_timer::time_point::max());
    for (uint64_t i = 0; i < n; i++) {
        uint64_t count = bump(0);
        never->async_wait([count](error_code) { bump(count); });
        count_suspended();
    }
}

void* asio_new() noexcept { return new io_context(1); }

void asio_delete(void* io) noexcept { delete static_cast<io_context*>(io); }

void asio_post(void* io, void (*callback)(const void*), const void* context) noexcept {
    asio::post(*static_cast<io_context*>(io), [=] { callback(context); });
}

void asio_run_until_stopped(void* io) noexcept {
    auto& context = *static_cast<io_context*>(io);
    auto work = asio::make_work_guard(context);
    context.run();
}

void asio_stop(void* io) noexcept { static_cast<io_context*>(io)->stop(); }
}
