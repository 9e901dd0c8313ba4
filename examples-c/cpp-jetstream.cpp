// Streams in C++: publishing, a consumer that fetches, one with a function, asynchronous publishing.
//
// build: c++ -std=c++17 -o cpp-jetstream cpp-jetstream.cpp $(pkg-config --cflags --libs nats_rs) -pthread
// run:   cpp-jetstream [url] [stream]
#include <nats_rs.hpp>

#include <atomic>
#include <iostream>

using namespace std::chrono_literals;

int main(int argc, char **argv) try {
    nats::connection nc = nats::connect(argc > 1 ? argv[1] : NATS_DEFAULT_URL);
    const std::string name = argc > 2 ? argv[2] : "CPP";
    const std::string subjects = name + ".>";

    // Is told what became of messages that are published without waiting.
    std::atomic<int> stored{0};
    nats::jetstream_options options;
    options.on_ack = [&](nats::result<nats::publish_ack> ack, nats::message m) {
        if (ack)
            stored++;
        else
            std::cerr << m.subject() << ": " << ack.error().what() << '\n';
    };
    nats::jetstream js(nc, options);

    nats::stream_config config;
    config.name = name;
    config.subjects = {subjects};
    config.storage = js_MemoryStorage;
    config.max_age = 1h;
    js.create_or_update_stream(config);
    js.purge_stream(name);

    // A stream stores one message of each id.
    nats::publish_options once;
    once.id = "order-1";
    const nats::publish_ack ack = js.publish(name + ".orders", "first", once);
    std::cout << "Stored in " << ack.stream << '\n';
    std::cout << "Again: "
              << (js.publish(name + ".orders", "first", once).duplicate ? "known already" : "stored") << '\n';
    for (int i = 1; i < 100; i++)
        js.publish_async(name + ".orders", std::to_string(i));
    js.publish_async_complete(10s);
    std::cout << stored << " acks\n";

    // The program fetches, and acknowledges.
    nats::pull_subscription puller = js.pull_subscribe(subjects, "puller");
    int fetched = 0;
    while (fetched < 100)
        for (const nats::message &m : puller.fetch(25, 5s)) {
            m.ack();
            fetched++;
        }
    std::cout << "Fetched " << fetched << " messages\n";
    puller.unsubscribe();

    // A function gets the messages. Each is acknowledged when it returns; after an exception it would come again.
    std::atomic<int> consumed{0};
    std::promise<void> all;
    nats::subscription consumer = js.consume(subjects, "worker", [&](const nats::message &) {
        if (++consumed == 100)
            all.set_value();
    });
    all.get_future().wait();
    std::cout << "Consumed " << consumed << " messages\n";
    consumer.unsubscribe();
    js.delete_stream(name);
    return 0;
} catch (const nats::error &e) {
    std::cerr << e.what() << " (error " << e.js_code() << " of the server)\n";
    return 1;
}
