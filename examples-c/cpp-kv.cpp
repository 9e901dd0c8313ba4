// A key-value bucket in C++: values, conditional changes, a transaction, a watcher.
//
// build: c++ -std=c++17 -o cpp-kv cpp-kv.cpp $(pkg-config --cflags --libs nats_rs) -pthread
// run:   cpp-kv [url] [bucket]
#include <nats_rs.hpp>

#include <iostream>

using namespace std::chrono_literals;

int main(int argc, char **argv) try {
    nats::connection nc = nats::connect(argc > 1 ? argv[1] : NATS_DEFAULT_URL);
    nats::jetstream js(nc);
    nats::kv_config config;
    config.bucket = argc > 2 ? argv[2] : "cpp";
    config.history = 5;
    config.storage = js_MemoryStorage;
    config.transactions = true;
    nats::kv_store kv = nats::kv_store::create(js, config);

    const std::uint64_t revision = kv.put("color", "red");
    std::cout << "color is " << kv.get("color").value() << '\n';
    kv.update("color", "green", revision);
    if (const auto late = kv.try_update("color", "blue", revision); !late)
        std::cout << "Another program was faster: " << late.error().what() << '\n';
    if (!kv.find("size"))
        std::cout << "size has no value\n";

    // Both keys, or none.
    kv.apply({{"a", "50"}, {"b", "50", kvOp_Put, 0}});
    for (const nats::kv_entry &entry : kv.history("color"))
        std::cout << "  revision " << entry.revision() << ": " << entry.value() << '\n';

    // What is there, and then what changes.
    nats::kv_watcher watcher = kv.watch(">");
    while (const std::optional<nats::kv_entry> entry = watcher.next(5s))
        std::cout << entry->key() << " = " << entry->value() << '\n';
    kv.erase("color");
    const std::optional<nats::kv_entry> change = watcher.next(5s);
    std::cout << change->key() << (change->operation() == kvOp_Delete ? " was deleted\n" : " has changed\n");
    nats::kv_store::remove(js, config.bucket);
    return 0;
} catch (const std::exception &e) {
    std::cerr << e.what() << '\n';
    return 1;
}
