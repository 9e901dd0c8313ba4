// Core NATS in C++: publish and subscribe, requests and replies, headers, failures.
//
// build: c++ -std=c++17 -o cpp-core cpp-core.cpp $(pkg-config --cflags --libs nats_rs) -pthread
// run:   cpp-core [url]
#include <nats_rs.hpp>

#include <iostream>

using namespace std::chrono_literals;

int main(int argc, char **argv) try {
    nats::options how;
    how.url(argc > 1 ? argv[1] : NATS_DEFAULT_URL).name("cpp-core").timeout(3s);
    how.on_disconnected([](nats::connection_ref) { std::cerr << "Disconnected\n"; });
    nats::connection nc = nats::connect(how);

    // A function gets the messages, on a thread of the library.
    nats::subscription upper = nc.subscribe("upper", [&](const nats::message &m) {
        std::string text(m.data());
        for (char &c : text)
            c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        nc.respond(m, text);
    });
    std::cout << "A reply: " << nc.request("upper", "hello", 2s).data() << '\n';

    // Several requests at once, without a thread for any of them.
    std::future<nats::message> one = nc.request_async("upper", "one", 2s);
    std::future<nats::message> two = nc.request_async("upper", "two", 2s);
    std::cout << "Two replies: " << one.get().data() << ' ' << two.get().data() << '\n';

    // Without a function the program asks for messages.
    nats::sync_subscription sub = nc.subscribe_sync("news.>");
    nats::message news("news.weather", "sunny");
    news.headers().set("Language", "en");
    nc.publish(news);
    const nats::message got = sub.next(2s);
    std::cout << got.subject() << ": " << got.data() << '\n';
    for (const auto &[key, value] : got.headers())
        std::cout << "  " << key << ": " << value << '\n';

    // Failures are exceptions, or results where they are expected.
    if (const nats::result<nats::message> reply = nc.try_request("nobody", "?", 1s); !reply)
        std::cout << "No reply: " << reply.error().what() << '\n';
    try {
        nc.publish("not a subject", "x");
    } catch (const nats::error &e) {
        std::cout << nats::text_of(e.status()) << ": " << e.what() << '\n';
    }
    return 0;
} catch (const std::exception &e) {
    std::cerr << e.what() << '\n';
    return 1;
}
