// The C++ interface: key-value buckets, object stores, services.
#include "check.hpp"

#include <algorithm>
#include <fstream>
#include <memory>
#include <mutex>

static void values_of_keys() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    nats::kv_config how;
    how.bucket = "settings";
    how.history = 5;
    how.storage = js_MemoryStorage;
    how.limit_marker_ttl = 1s;
    nats::kv_store kv = nats::kv_store::create(js, how);

    REQUIRE_EQ(kv.bucket(), "settings");
    REQUIRE_EQ(kv.put("color", "red"), 1u);
    REQUIRE_EQ(kv.get("color").value(), "red");
    REQUIRE_EQ(kv.get("color").revision(), 1u);
    REQUIRE_EQ(kv.get("color").operation(), kvOp_Put);
    REQUIRE(!kv.find("size"));
    REQUIRE_STATUS(NATS_NOT_FOUND, kv.get("size"));
    REQUIRE_EQ(kv.create("size", "10"), 2u);
    REQUIRE(!kv.try_create("size", "11"));
    REQUIRE_EQ(kv.update("size", "12", 2), 3u);
    REQUIRE(!kv.try_update("size", "13", 2));
    REQUIRE_EQ(kv.get("size", 2).value(), "10");
    kv.put("binary", std::string("a\0b", 3));
    REQUIRE_EQ(kv.get("binary").value().size(), 3u);
    REQUIRE_EQ(kv.put("empty", ""), 5u);
    REQUIRE_EQ(kv.get("empty").value(), "");
    REQUIRE_EQ(kv.history("size").size(), 2u);
    REQUIRE_EQ(kv.keys().size(), 4u);
    REQUIRE_EQ(kv.keys({"s*", "size"}).size(), 1u);
    REQUIRE_EQ(kv.get_many({"color", "size"}).size(), 2u);
    REQUIRE_STATUS(NATS_MISMATCH, kv.erase("color", 99));
    kv.erase("color", 1);
    REQUIRE(!kv.find("color"));
    REQUIRE_EQ(kv.history("color").back().operation(), kvOp_Delete);
    kv.purge("size");
    REQUIRE_EQ(kv.history("size").size(), 1u);
    kv.purge_deletes(0s);
    const std::uint64_t brief = kv.create("short", "x", 1s);
    REQUIRE_EQ(kv.get("short").revision(), brief);
    REQUIRE_SOON(!kv.find("short"));
    REQUIRE_EQ(kv.status().history, 5);
    REQUIRE_EQ(nats::kv_store::names(js).at(0), "settings");
    nats::kv_store again = nats::kv_store::open(js, "settings");
    again = std::move(kv);
    REQUIRE(again.find("binary").has_value());
    nats::kv_store::remove(js, "settings");
    REQUIRE_STATUS(NATS_NOT_FOUND, nats::kv_store::open(js, "settings"));
}

static void codecs() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    nats::kv_config how;
    how.bucket = "files";
    how.storage = js_MemoryStorage;
    nats::kv_store plain = nats::kv_store::create_or_update(js, how);
    const auto alive = std::make_shared<int>(0);
    {
        const auto turned = [alive](std::string_view text) {
            return std::string(text.rbegin(), text.rend());
        };
        nats::kv_store files =
            plain.with_codecs({nats::kv_codec::path()}, {nats::kv_codec::of(turned, turned)});
        nats::kv_watcher watcher = files.watch(">");

        files.put("/etc/motd", "Welcome");
        REQUIRE_EQ(plain.get("_root_.etc.motd").value(), "emocleW");
        REQUIRE_EQ(files.get("/etc/motd").value(), "Welcome");
        REQUIRE_EQ(files.get("/etc/motd").key(), "/etc/motd");
        REQUIRE_EQ(files.keys().at(0), "/etc/motd");
        REQUIRE(!watcher.next(check::deadline()));
        REQUIRE_EQ(watcher.next(check::deadline())->value(), "Welcome");
        files.put("/empty", "");
        REQUIRE_EQ(files.get("/empty").value(), "");
        nats::kv_store keys = plain.with_codecs({nats::kv_codec::base64()});
        keys.put("a key with blanks", "x");
        REQUIRE_EQ(keys.get("a key with blanks").value(), "x");
    }
    REQUIRE_SOON(alive.use_count() == 1);
    // Codecs that are refused, and those that fail.
    const auto same = [alive](std::string_view text) { return std::string(text); };
    REQUIRE_STATUS(NATS_INVALID_ARG, plain.with_codecs({}, {nats::kv_codec::path()}));
    REQUIRE_STATUS(NATS_INVALID_ARG, plain.with_codecs({nats::kv_codec::of(same, nullptr)}));
    REQUIRE_EQ(alive.use_count(), 2); // that of `same`
    std::atomic<int> told{0};
    nats::set_exception_handler([&](std::exception_ptr, const char *) { told++; });
    const auto fails = [](std::string_view text) -> std::string {
        if (text == "other")
            throw std::runtime_error("no");
        throw nats::error(NATS_NOT_PERMITTED, "no");
    };
    nats::kv_store broken = plain.with_codecs({}, {nats::kv_codec::of(fails, fails)});
    REQUIRE_STATUS(NATS_NOT_PERMITTED, broken.put("k", "v"));
    REQUIRE_EQ(told, 0);
    REQUIRE_STATUS(NATS_ERR, broken.put("k", "other"));
    REQUIRE_EQ(told, 1);
    nats::set_exception_handler({});
}

static void failures_of_buckets_in_results() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    nats::kv_config how;
    how.bucket = "none";
    how.storage = js_MemoryStorage;

    REQUIRE(nats::kv_store::try_names(js)->empty());
    REQUIRE_EQ(nats::kv_store::try_update(js, how).status(), NATS_NOT_FOUND);
    REQUIRE_EQ(nats::kv_store::try_remove(js, "none").status(), NATS_NOT_FOUND);
    nats::kv_store kv = nats::kv_store::try_create_or_update(js, how).value();
    REQUIRE_EQ(kv.try_get("k").error().what(), std::string("bucket 'none' has no such value of the key 'k'"));
    REQUIRE(!kv.try_find("k").value());
    REQUIRE_EQ(kv.try_find("not valid").status(), NATS_INVALID_ARG);
    REQUIRE_EQ(kv.try_history("k").status(), NATS_NOT_FOUND);
    REQUIRE(kv.try_keys()->empty());
    REQUIRE(kv.try_get_many({"k"})->empty());
    REQUIRE(kv.try_purge_deletes());
    REQUIRE_EQ(kv.try_status()->bucket, "none");
    REQUIRE_EQ(kv.try_with_codecs({}, {nats::kv_codec::path()}).status(), NATS_INVALID_ARG);
    how.sources.push_back({"other"});
    how.sources.back().transforms = {{"a", "b"}};
    REQUIRE_EQ(nats::kv_store::try_update(js, how).status(), NATS_INVALID_ARG);
    REQUIRE(nats::kv_store::try_remove(js, "none"));
    REQUIRE_EQ(kv.try_status().status(), NATS_NOT_FOUND);
}

static void transactions() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    nats::kv_config how;
    how.bucket = "accounts";
    how.storage = js_MemoryStorage;
    how.transactions = true;
    nats::kv_store kv = nats::kv_store::create(js, how);
    const std::uint64_t first = kv.put("a", "10");

    REQUIRE_EQ(kv.apply({{"a", "5", kvOp_Put, first}, {"b", "5", kvOp_Put, 0}, {"c", "x"}}), first + 3);
    REQUIRE_STATUS(NATS_MISMATCH, kv.apply({{"b", "6"}, {"a", "4", kvOp_Put, first}}));
    REQUIRE_EQ(kv.get("b").value(), "5");
    REQUIRE(kv.status().transactions);
}

static void watchers() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    nats::kv_config how;
    how.bucket = "watched";
    how.storage = js_MemoryStorage;
    nats::kv_store kv = nats::kv_store::create(js, how);
    kv.put("a", "1");
    nats::kv_watcher sync = kv.watch(">");

    REQUIRE_EQ(sync.next(check::deadline())->key(), "a");
    REQUIRE(!sync.next(check::deadline()));
    REQUIRE_STATUS(NATS_TIMEOUT, sync.next(1ms));
    kv.put("b", "2");
    REQUIRE_EQ(sync.next(check::deadline())->value(), "2");
    sync.stop();
    REQUIRE_STATUS(NATS_ILLEGAL_STATE, sync.next(1ms));

    std::atomic<int> entries{0}, initial{0}, before{-1};
    auto local = std::make_unique<std::atomic<int>>(0);
    {
        nats::kv_watcher w = kv.watch(std::vector<std::string>{">"}, [&](nats::kv_update u) {
            ++*local;
            if (u.initial_done) {
                before = entries.load();
                initial++;
            } else if (u.entry) {
                entries++;
            }
        });
        kv.put("c", "3");
        REQUIRE_SOON(entries == 3 && initial == 1);
    }
    const int last = *local;
    kv.put("d", "4");
    REQUIRE_EQ(*local, last);
    local.reset();

    // A watcher that is destroyed in its own function.
    auto self = std::make_unique<nats::kv_watcher>();
    std::atomic<bool> made{false}, gone{false};
    *self = kv.watch(std::vector<std::string>{"a"}, [&](nats::kv_update) {
        while (!made)
            poll_pause();
        self.reset();
        gone = true;
    });
    made = true;
    REQUIRE_SOON(gone);
    // Many watchers leave nothing.
    for (int i = 0; i < 50; i++)
        kv.watch(std::vector<std::string>{"a"}, [](nats::kv_update) {});
}

static void objects() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    nats::object_store_config how;
    how.bucket = "files";
    how.storage = js_MemoryStorage;
    nats::object_store store = nats::object_store::create(js, how);
    std::string large(300000, 'l');
    for (std::size_t i = 0; i < large.size(); i++)
        large[i] = static_cast<char>('a' + i % 23);

    REQUIRE(store.list().empty());
    REQUIRE_EQ(store.put("small", "hello").size, 5u);
    REQUIRE_EQ(store.get("small"), "hello");
    REQUIRE_EQ(store.put("empty", "").size, 0u);
    REQUIRE_EQ(store.get("empty"), "");
    std::atomic<int> steps{0};
    store.on_progress([&](std::string_view, std::uint64_t, std::uint64_t) { steps++; });
    nats::headers headers{{"Kind", "text"}};
    std::istringstream in(large);
    nats::object_meta meta;
    meta.name = "large";
    meta.description = "many letters";
    meta.headers = &headers;
    meta.metadata = {{"k", "v"}};
    REQUIRE_EQ(store.put(meta, in).size, large.size());
    REQUIRE(steps >= 3);
    store.on_progress(nullptr);
    const int before = steps;
    REQUIRE_EQ(store.get("large").size(), large.size());
    REQUIRE_EQ(steps, before);
    std::ostringstream out;
    store.get("large", out);
    REQUIRE(out.str() == large);
    nats::object_reader reader = store.begin_get("large");
    REQUIRE_EQ(reader.info().description, "many letters");
    std::size_t read = 0;
    while (auto piece = reader.read(check::deadline()))
        read += piece->size();
    REQUIRE_EQ(read, large.size());
    REQUIRE(!reader.read());
    REQUIRE_EQ(store.info("large").metadata.at("k"), "v");
    {
        nats::object_writer abandoned = store.begin_put({"never"});
        abandoned.write("x");
    }
    REQUIRE_STATUS(NATS_NOT_FOUND, store.info("never"));
    const std::string path = std::string(f.s.dir) + "/object";
    store.get_file("large", path);
    std::ifstream file(path, std::ios::binary);
    REQUIRE(std::string(std::istreambuf_iterator<char>(file), {}) == large);
    REQUIRE_EQ(store.put_file(path).size, large.size());
    REQUIRE_EQ(store.link("alias", store, "small").link_name, "small");
    REQUIRE_EQ(store.get("alias"), "hello");
    REQUIRE_EQ(store.list().size(), 5u);
    nats::object_watcher watcher = store.watch();
    int there = 0;
    while (watcher.next(check::deadline()))
        there++;
    REQUIRE_EQ(there, 5);
    store.erase("small");
    REQUIRE(watcher.next(check::deadline())->deleted);
    store.update_meta("large", {"renamed"});
    REQUIRE_EQ(store.info("renamed").size, large.size());
    REQUIRE(store.size() > large.size());
    REQUIRE_EQ(nats::object_store::names(js).at(0), "files");
    store.seal();
    REQUIRE(!store.try_put("late", "x"));
    nats::object_store::remove(js, "files");
    REQUIRE_STATUS(NATS_NOT_FOUND, nats::object_store::open(js, "files"));
}

static void failures_of_stores_in_results() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    nats::object_store_config how;
    how.bucket = "none";
    how.storage = js_MemoryStorage;

    REQUIRE(nats::object_store::try_names(js)->empty());
    REQUIRE_EQ(nats::object_store::try_update(js, how).status(), NATS_NOT_FOUND);
    REQUIRE_EQ(nats::object_store::try_remove(js, "none").status(), NATS_NOT_FOUND);
    nats::object_store store = nats::object_store::create(js, how);
    nats::object_meta meta;
    std::istringstream in("from a stream");
    std::ostringstream out;
    meta.name = "o";
    REQUIRE(store.try_list()->empty());
    REQUIRE_EQ(store.try_put(meta, in)->size, 13u);
    REQUIRE(store.try_get("o", out));
    REQUIRE_EQ(out.str(), "from a stream");
    REQUIRE_EQ(store.try_get("p", out).status(), NATS_NOT_FOUND);
    REQUIRE_EQ(store.try_get_file("o", std::string("/tmp/a\0b", 8)).status(), NATS_INVALID_ARG);
    REQUIRE_EQ(store.try_put_file("/nowhere/at/all").status(), NATS_ERR);
    REQUIRE_EQ(store.try_update_meta("p", meta).status(), NATS_ILLEGAL_STATE);
    meta.name = "q";
    REQUIRE(store.try_update_meta("o", meta));
    REQUIRE_EQ(store.try_link("l", store, "p").status(), NATS_NOT_FOUND);
    REQUIRE_EQ(store.try_link("l", store, "q")->name, "l");
    REQUIRE_EQ(store.try_link("s", store)->name, "s");
    nats::object_watcher watcher = store.try_watch().value();
    REQUIRE(watcher.next(check::deadline()).has_value());
    REQUIRE(watcher.try_stop());
    REQUIRE_EQ(watcher.try_next(check::deadline()).status(), NATS_ILLEGAL_STATE);
    REQUIRE(store.try_size().value() > 13u);
    REQUIRE(store.try_seal());
    REQUIRE_EQ(store.try_erase("q").status(), NATS_ERR);
    REQUIRE(nats::object_store::try_remove(js, "none"));
    REQUIRE_EQ(store.try_list().status(), NATS_NOT_FOUND);
    REQUIRE_EQ(store.try_watch().status(), NATS_NOT_FOUND);
    REQUIRE_EQ(store.try_size().status(), NATS_NOT_FOUND);
}

static void services() {
    check::served f;
    nats::connection nc = f.connect();
    std::atomic<int> stopped{0}, reported{0};
    nats::set_exception_handler([&](std::exception_ptr, const char *) { reported++; });
    nats::service_config how;
    how.name = "math";
    how.version = "1.0.0";
    how.on_stopped = [&] { stopped++; };
    nats::service math(nc, how);

    math.add_endpoint({"twice"}, [](nats::service_request &r) {
        r.respond(std::to_string(2 * std::stoi(std::string(r.data()))));
    });
    math.add_endpoint({"fails"}, [](nats::service_request &) { throw nats::service_error(418, "a teapot"); });
    nats::service_group group = math.add_group("more");
    group.add_endpoint({"echo"}, [](nats::service_request &r) { r.respond(r.data()); });
    group.add_group("deep").add_endpoint({"no"},
                                         [](nats::service_request &r) { r.respond_error(404, "not here"); });
    REQUIRE_EQ(nc.request("twice", "21", check::deadline()).data(), "42");
    REQUIRE_EQ(nc.request("more.echo", "e", check::deadline()).data(), "e");
    REQUIRE_EQ(nc.request("more.deep.no", "", check::deadline()).headers().get(MICRO_ERROR_CODE_HDR).value(),
               "404");
    REQUIRE_EQ(nc.request("fails", "", check::deadline()).headers().get(MICRO_ERROR_HDR).value(), "a teapot");
    REQUIRE_EQ(reported, 0);
    REQUIRE_EQ(nc.request("twice", "none", check::deadline()).headers().get(MICRO_ERROR_CODE_HDR).value(),
               "500");
    REQUIRE_EQ(reported, 1);
    std::int64_t requests = 0, errors = 0;
    auto counts = [&] {
        requests = errors = 0;
        for (const nats::endpoint_statistics &e : math.statistics()) {
            requests += e.requests;
            errors += e.errors;
        }
        return requests == 5 && errors == 3;
    };
    REQUIRE_SOON(counts());
    REQUIRE(!math.id().empty());
    REQUIRE_STATUS(NATS_INVALID_ARG, math.add_endpoint({"bad name"}, [](nats::service_request &) {}));
    REQUIRE_STATUS(NATS_INVALID_ARG, math.add_endpoint({"nothing"}, {}));
    REQUIRE_STATUS(NATS_INVALID_ARG, group.add_endpoint({"nothing"}, {}));
    REQUIRE_EQ(math.try_add_group("").status(), NATS_INVALID_ARG);
    REQUIRE_EQ(group.try_add_group("").status(), NATS_INVALID_ARG);
    REQUIRE_EQ(math.try_statistics()->size(), 4u);
    REQUIRE(!nats::try_sign("no seed", "x"));
    REQUIRE_EQ(nc.try_servers({"http://no"}).status(), NATS_INVALID_ARG);
    REQUIRE(!nc.try_dispatch());
    REQUIRE_STATUS(NATS_INVALID_ARG, nats::service(nc, {"no version", ""}));
    math.stop();
    REQUIRE(math.is_stopped());
    REQUIRE_SOON(stopped == 1);

    // One that is destroyed by its own function, and one while its function runs.
    how.on_stopped = nullptr;
    auto self = std::make_unique<nats::service>(nc, how);
    std::atomic<bool> gone{false};
    self->add_endpoint({"end"}, [&](nats::service_request &r) {
        r.respond("bye");
        self.reset();
        gone = true;
    });
    REQUIRE_EQ(nc.request("end", "", check::deadline()).data(), "bye");
    REQUIRE_SOON(gone);
    std::atomic<bool> entered{false}, left{false}, go{false};
    {
        nats::service slow(nc, how);
        slow.add_endpoint({"slow"}, [&](nats::service_request &) {
            entered = true;
            while (!go)
                poll_pause();
            left = true;
        });
        nc.publish("slow", "", "nobody");
        REQUIRE_SOON(entered);
        go = true;
    }
    REQUIRE(left);
    nats::set_exception_handler({});
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        CPP_TEST(values_of_keys),
        CPP_TEST(codecs),
        CPP_TEST(failures_of_buckets_in_results),
        CPP_TEST(transactions),
        CPP_TEST(watchers),
        CPP_TEST(objects),
        CPP_TEST(failures_of_stores_in_results),
        CPP_TEST(services),
    };

    return RUN_TESTS(cases, argc, argv);
}
