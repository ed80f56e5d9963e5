// The official C driver, blocking: what a program without an event loop would use, and the floor that all others are compared
// with.
//
//     versus_libmongoc [--held] [--structs] W1..W7 CONCURRENCY OPS
//
// --held: at most 16 threads, each with its client for the whole run. Otherwise one thread for each operation in flight, which
// take their clients from the driver's pool. --structs: W1, W2 and W7 decode each document; otherwise it stays BSON, and what the
// check needs is looked up in it.

#include "data.hpp"
#include "harness.hpp"

#include <mongoc/mongoc.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <unordered_map>

namespace versus {
namespace {

constexpr int held_clients = 16;
constexpr int one_reply = 1001;

[[noreturn]] void die(char const* what, bson_error_t const& e) {
    std::fprintf(stderr, "%s: %s\n", what, e.message);
    std::exit(1);
}

template <auto Destroy>
struct deleter {
    template <class T>
    void operator()(T* object) const noexcept {
        Destroy(object);
    }
};
using collection = std::unique_ptr<mongoc_collection_t, deleter<mongoc_collection_destroy>>;
using cursor = std::unique_ptr<mongoc_cursor_t, deleter<mongoc_cursor_destroy>>;
using database = std::unique_ptr<mongoc_database_t, deleter<mongoc_database_destroy>>;

struct bson {
    bson() { bson_init(&data); }
    bson(bson const&) = delete;
    ~bson() { bson_destroy(&data); }
    operator bson_t*() { return &data; }
    bson_t data;
};

bson_oid_t oid(kind k, std::uint32_t i) {
    bson_oid_t result{};
    result.bytes[0] = 0x65;
    result.bytes[4] = static_cast<std::uint8_t>(k);
    for (int b = 0; b < 4; ++b)
        result.bytes[8 + b] = static_cast<std::uint8_t>(i >> (24 - 8 * b));
    return result;
}

std::string text_of(bson_iter_t const& it) {
    std::uint32_t size = 0;
    char const* const text = bson_iter_utf8(&it, &size);
    return std::string(text, size);
}

template <class F>
void for_each(bson_iter_t const& parent, F f) {
    bson_iter_t it;
    if (bson_iter_recurse(&parent, &it))
        while (bson_iter_next(&it))
            f(std::string_view(bson_iter_key(&it)), it);
}

orm::datetime date_of(bson_iter_t const& it) {
    return orm::datetime(std::chrono::milliseconds(bson_iter_date_time(&it)));
}

item decode(bson_t const* d) {
    item o;
    bson_iter_t it;
    bson_iter_init(&it, d);
    while (bson_iter_next(&it)) {
        std::string_view const key = bson_iter_key(&it);
        if (key == "_id")
            std::memcpy(static_cast<void*>(&o._id), bson_iter_oid(&it), 12);
        else if (key == "name")
            o.name = text_of(it);
        else if (key == "email")
            o.email = text_of(it);
        else if (key == "age")
            o.age = bson_iter_int32(&it);
        else if (key == "score")
            o.score = bson_iter_double(&it);
        else if (key == "visits")
            o.visits = bson_iter_int32(&it);
        else if (key == "active")
            o.active = bson_iter_bool(&it);
        else if (key == "createdAt")
            o.createdAt = date_of(it);
        else if (key == "status")
            o.status = text_of(it);
        else if (key == "tags")
            for_each(it, [&](std::string_view, bson_iter_t const& tag) { o.tags.push_back(text_of(tag)); });
        else if (key == "address")
            for_each(it, [&](std::string_view k, bson_iter_t const& v) {
                if (k == "street")
                    o.address.street = text_of(v);
                else if (k == "city")
                    o.address.city = text_of(v);
                else if (k == "zip")
                    o.address.zip = text_of(v);
                else if (k == "country")
                    o.address.country = text_of(v);
                else
                    for_each(v, [&](std::string_view c, bson_iter_t const& n) {
                        (c == "lat" ? o.address.geo.lat : o.address.geo.lng) = bson_iter_double(&n);
                    });
            });
        else if (key == "history")
            for_each(it, [&](std::string_view, bson_iter_t const& entry) {
                auto& e = o.history.emplace_back();
                for_each(entry, [&](std::string_view k, bson_iter_t const& v) {
                    if (k == "at")
                        e.at = date_of(v);
                    else if (k == "action")
                        e.action = text_of(v);
                    else
                        e.n = bson_iter_int32(&v);
                });
            });
        else if (key == "bio")
            o.bio = text_of(it);
    }
    return o;
}

double check(item const& i) {
    return static_cast<double>(i.age) + static_cast<double>(i.bio.size() + i.tags.size());
}

// Without decoding.
double check(bson_t const* d) {
    double sum = 0;
    bson_iter_t it;
    bson_iter_init(&it, d);
    while (bson_iter_next(&it)) {
        char const* const key = bson_iter_key(&it);
        if (std::strcmp(key, "age") == 0)
            sum += bson_iter_int32(&it);
        else if (std::strcmp(key, "bio") == 0) {
            std::uint32_t size = 0;
            bson_iter_utf8(&it, &size);
            sum += size;
        } else if (std::strcmp(key, "tags") == 0)
            for_each(it, [&](std::string_view, bson_iter_t const&) { sum += 1; });
    }
    return sum;
}

void encode(item const& o, bson_t* d) {
    bson_t a;
    bson_t e;
    bson_t g;
    char digits[16];
    char const* key = nullptr;
    auto const put = [](bson_t* to, char const* k, std::string const& v) {
        bson_append_utf8(to, k, -1, v.data(), static_cast<int>(v.size()));
    };
    bson_oid_t id;
    bson_oid_init(&id, nullptr);
    BSON_APPEND_OID(d, "_id", &id);
    put(d, "name", o.name);
    put(d, "email", o.email);
    BSON_APPEND_INT32(d, "age", o.age);
    BSON_APPEND_DOUBLE(d, "score", o.score);
    BSON_APPEND_INT32(d, "visits", o.visits);
    BSON_APPEND_BOOL(d, "active", o.active);
    BSON_APPEND_DATE_TIME(d, "createdAt", o.createdAt.time_since_epoch().count());
    put(d, "status", o.status);
    BSON_APPEND_ARRAY_BEGIN(d, "tags", &a);
    for (std::uint32_t i = 0; i < o.tags.size(); ++i) {
        bson_uint32_to_string(i, &key, digits, sizeof digits);
        put(&a, key, o.tags[i]);
    }
    bson_append_array_end(d, &a);
    BSON_APPEND_DOCUMENT_BEGIN(d, "address", &e);
    put(&e, "street", o.address.street);
    put(&e, "city", o.address.city);
    put(&e, "zip", o.address.zip);
    put(&e, "country", o.address.country);
    BSON_APPEND_DOCUMENT_BEGIN(&e, "geo", &g);
    BSON_APPEND_DOUBLE(&g, "lat", o.address.geo.lat);
    BSON_APPEND_DOUBLE(&g, "lng", o.address.geo.lng);
    bson_append_document_end(&e, &g);
    bson_append_document_end(d, &e);
    BSON_APPEND_ARRAY_BEGIN(d, "history", &a);
    for (std::uint32_t i = 0; i < o.history.size(); ++i) {
        bson_uint32_to_string(i, &key, digits, sizeof digits);
        BSON_APPEND_DOCUMENT_BEGIN(&a, key, &e);
        BSON_APPEND_DATE_TIME(&e, "at", o.history[i].at.time_since_epoch().count());
        put(&e, "action", o.history[i].action);
        BSON_APPEND_INT32(&e, "n", o.history[i].n);
        bson_append_document_end(&a, &e);
    }
    bson_append_array_end(d, &a);
    put(d, "bio", o.bio);
}

void range(bson_t* filter, kind k, std::uint32_t first, std::uint32_t count) {
    bson_t bounds;
    auto const from = oid(k, first);
    auto const to = oid(k, first + count);
    BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &bounds);
    BSON_APPEND_OID(&bounds, "$gte", &from);
    BSON_APPEND_OID(&bounds, "$lt", &to);
    bson_append_document_end(filter, &bounds);
}

/// Calls `f(document)` for each document found.
template <class F>
void find(mongoc_database_t* db, char const* name, bson_t* filter, bson_t* options, F f) {
    collection const c(mongoc_database_get_collection(db, name));
    cursor const found(mongoc_collection_find_with_opts(c.get(), filter, options, nullptr));
    bson_t const* d = nullptr;
    while (mongoc_cursor_next(found.get(), &d))
        f(d);
    bson_error_t e;
    if (mongoc_cursor_error(found.get(), &e))
        die(name, e);
}

// --- the join by hand --------------------------------------------------------------------------------------------------

struct oid_hash {
    std::size_t operator()(bson_oid_t const& o) const noexcept { return bson_oid_hash(&o); }
};
struct oid_equal {
    bool operator()(bson_oid_t const& a, bson_oid_t const& b) const noexcept { return bson_oid_equal(&a, &b); }
};
template <class T>
using by_id = std::unordered_map<bson_oid_t, T, oid_hash, oid_equal>;

struct image {
    std::string url;
    int width = 0;
    int height = 0;
};
struct author {
    std::string name;
    std::string email;
    bson_oid_t image_id;
    image const* picture = nullptr;
};
struct tag {
    std::string name;
    std::string slug;
    std::string color;
};
struct post {
    std::string title;
    std::string body;
    int views = 0;
    std::int64_t created = 0;
    bson_oid_t author_id;
    std::vector<bson_oid_t> tag_ids;
    author const* writer = nullptr;
    std::vector<tag const*> tags;
};

/// Calls `f(key, value)` for each member of each document found, and `begin(id)` before, as `_id` comes first.
template <class T, class Begin, class F>
void find_by_ids(mongoc_database_t* db, char const* name, by_id<T> const& wanted, Begin begin, F f) {
    bson filter;
    bson options;
    bson_t in;
    bson_t list;
    char digits[16];
    char const* key = nullptr;
    BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &in);
    BSON_APPEND_ARRAY_BEGIN(&in, "$in", &list);
    std::uint32_t i = 0;
    for (auto const& [id, ignored] : wanted) {
        bson_uint32_to_string(i++, &key, digits, sizeof digits);
        BSON_APPEND_OID(&list, key, &id);
    }
    bson_append_array_end(&in, &list);
    bson_append_document_end(filter, &in);
    BSON_APPEND_INT32(options, "batchSize", one_reply);
    find(db, name, filter, options, [&](bson_t const* d) {
        bson_iter_t it;
        bson_iter_init(&it, d);
        bson_iter_next(&it);
        T& target = begin(*bson_iter_oid(&it));
        while (bson_iter_next(&it))
            f(target, std::string_view(bson_iter_key(&it)), it);
    });
}

double populate(mongoc_database_t* db, std::uint32_t n) {
    std::vector<post> found;
    by_id<author> authors;
    by_id<tag> tags;
    by_id<image> images;
    bson filter;
    bson options;
    range(filter, kind::post, n % 20 * 100, 100);
    BSON_APPEND_INT32(options, "batchSize", one_reply);
    find(db, "posts", filter, options, [&](bson_t const* d) {
        auto& p = found.emplace_back();
        bson_iter_t it;
        bson_iter_init(&it, d);
        while (bson_iter_next(&it)) {
            std::string_view const key = bson_iter_key(&it);
            if (key == "title")
                p.title = text_of(it);
            else if (key == "body")
                p.body = text_of(it);
            else if (key == "views")
                p.views = bson_iter_int32(&it);
            else if (key == "createdAt")
                p.created = bson_iter_date_time(&it);
            else if (key == "authorId")
                authors[p.author_id = *bson_iter_oid(&it)];
            else if (key == "tagIds")
                for_each(it, [&](std::string_view, bson_iter_t const& id) { tags[p.tag_ids.emplace_back(*bson_iter_oid(&id))]; });
        }
    });
    find_by_ids(
        db, "authors", authors, [&](bson_oid_t const& id) -> author& { return authors[id]; },
        [&](author& a, std::string_view key, bson_iter_t const& v) {
            if (key == "name")
                a.name = text_of(v);
            else if (key == "email")
                a.email = text_of(v);
            else
                images[a.image_id = *bson_iter_oid(&v)];
        });
    find_by_ids(
        db, "tags", tags, [&](bson_oid_t const& id) -> tag& { return tags[id]; },
        [&](tag& t, std::string_view key, bson_iter_t const& v) {
            (key == "name" ? t.name : key == "slug" ? t.slug : t.color) = text_of(v);
        });
    find_by_ids(
        db, "images", images, [&](bson_oid_t const& id) -> image& { return images[id]; },
        [&](image& i, std::string_view key, bson_iter_t const& v) {
            if (key == "url")
                i.url = text_of(v);
            else
                (key == "width" ? i.width : i.height) = bson_iter_int32(&v);
        });
    for (auto& [id, a] : authors)
        a.picture = &images[a.image_id];
    double sum = 0;
    for (auto& p : found) {
        p.writer = &authors[p.author_id];
        for (auto const& id : p.tag_ids)
            p.tags.push_back(&tags[id]);
        sum += p.writer->picture->width;
        for (auto const* t : p.tags)
            sum += static_cast<double>(t->name.size());
    }
    return sum;
}

// --- the operations ----------------------------------------------------------------------------------------------------

class contender {
public:
    contender(int workload, bool structs) : workload_(workload), structs_(structs) {
        for (std::uint32_t i = 0; i < templates; ++i)
            templates_.push_back(make_item(kind::new_item, i));
    }

    double run(mongoc_database_t* db, long n) const {
        auto const number = static_cast<std::uint32_t>(n);
        switch (workload_) {
        case 1:
            return find_one(db, number);
        case 2:
        case 7:
            return find_many(db, number);
        case 3:
            return insert_one(db, number);
        case 4:
            return insert_many(db);
        case 5:
            return populate(db, number);
        default:
            return update(db, number);
        }
    }

private:
    static bson_oid_t some_id(std::uint32_t n) { return oid(kind::item, n * 7919U % items); }

    double find_one(mongoc_database_t* db, std::uint32_t n) const {
        bson filter;
        bson options;
        auto const id = some_id(n);
        BSON_APPEND_OID(filter, "_id", &id);
        BSON_APPEND_INT64(options, "limit", 1);
        BSON_APPEND_BOOL(options, "singleBatch", true);
        double sum = 0;
        find(db, "items", filter, options, [&](bson_t const* d) { sum += structs_ ? check(decode(d)) : check(d); });
        return sum;
    }

    double find_many(mongoc_database_t* db, std::uint32_t n) const {
        bson filter;
        bson options;
        range(filter, kind::item, n % 10 * 1000, 1000);
        BSON_APPEND_INT32(options, "batchSize", one_reply);
        std::vector<item> found;
        double sum = 0;
        find(db, "items", filter, options, [&](bson_t const* d) {
            if (structs_)
                found.push_back(decode(d));
            else
                sum += check(d);
        });
        for (auto const& i : found)
            sum += check(i);
        return sum;
    }

    double insert_one(mongoc_database_t* db, std::uint32_t n) const {
        bson d;
        encode(templates_[n % templates], d);
        collection const sink(mongoc_database_get_collection(db, "sink"));
        bson_error_t e;
        if (!mongoc_collection_insert_one(sink.get(), d, nullptr, nullptr, &e))
            die("insert_one", e);
        return 1;
    }

    double insert_many(mongoc_database_t* db) const {
        std::vector<bson> docs(templates);
        bson_t const* pointers[templates];
        for (std::uint32_t i = 0; i < templates; ++i) {
            encode(templates_[i], docs[i]);
            pointers[i] = docs[i];
        }
        collection const sink(mongoc_database_get_collection(db, "sink"));
        bson_error_t e;
        if (!mongoc_collection_insert_many(sink.get(), pointers, templates, nullptr, nullptr, &e))
            die("insert_many", e);
        return templates;
    }

    double update(mongoc_database_t* db, std::uint32_t n) const {
        bson filter;
        bson delta;
        bson reply;
        bson_t set;
        auto const id = some_id(n);
        BSON_APPEND_OID(filter, "_id", &id);
        BSON_APPEND_DOCUMENT_BEGIN(delta, "$set", &set);
        BSON_APPEND_INT32(&set, "visits", static_cast<std::int32_t>(n));
        BSON_APPEND_UTF8(&set, "status", status_of(n).data());
        bson_append_document_end(delta, &set);
        collection const c(mongoc_database_get_collection(db, "upd"));
        bson_error_t e;
        bson_destroy(reply);
        if (!mongoc_collection_update_one(c.get(), filter, delta, nullptr, reply, &e))
            die("update_one", e);
        bson_iter_t it;
        return bson_iter_init_find(&it, reply, "matchedCount") ? static_cast<double>(bson_iter_as_int64(&it)) : 0;
    }

    int workload_;
    bool structs_;
    std::vector<item> templates_;
};

/// A client of its own, or one of the pool for each operation.
class source {
public:
    source(mongoc_client_pool_t* pool, std::string name, bool held) : pool_(pool), name_(std::move(name)), held_(held) {
        if (held_)
            take();
    }
    ~source() {
        if (held_)
            give_back();
    }
    template <class F>
    double with(F f) {
        if (held_)
            return f(database_.get());
        take();
        auto const result = f(database_.get());
        give_back();
        return result;
    }

private:
    void take() {
        client_ = mongoc_client_pool_pop(pool_);
        database_.reset(mongoc_client_get_database(client_, name_.c_str()));
    }
    void give_back() {
        database_.reset();
        mongoc_client_pool_push(pool_, client_);
    }

    mongoc_client_pool_t* pool_;
    std::string name_;
    bool held_;
    mongoc_client_t* client_ = nullptr;
    database database_;
};

// There is no event loop: a thread that sleeps stands for the timer.
void watch_timer(std::atomic<bool> const& running, measurement& m) {
    while (running) {
        auto const due = now_us() + 1000;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        m.add_lateness(std::max(0.0, now_us() - due));
    }
}

int main(int argc, char** argv) {
    std::vector<std::string> flags;
    auto const a = parse_arguments(argc, argv, flags);
    auto const has = [&](char const* flag) { return std::find(flags.begin(), flags.end(), flag) != flags.end(); };
    bool const held = has("--held");

    mongoc_init();
    std::unique_ptr<mongoc_uri_t, deleter<mongoc_uri_destroy>> const uri(mongoc_uri_new(server_uri().c_str()));
    std::unique_ptr<mongoc_client_pool_t, deleter<mongoc_client_pool_destroy>> const pool(mongoc_client_pool_new(uri.get()));
    mongoc_client_pool_set_error_api(pool.get(), MONGOC_ERROR_API_VERSION_2);

    contender const c(a.workload, has("--structs"));
    auto const count = held ? std::min(a.concurrency, held_clients) : a.concurrency;
    measurement result(a);
    std::atomic<long> next = 0;
    std::mutex mutex;
    auto const reset = [&]() noexcept { next = 0; };
    std::barrier warm(count + 1, reset);
    std::barrier finished(count + 1);
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i)
        threads.emplace_back([&] {
            source from(pool.get(), mongoc_uri_get_database(uri.get()), held);
            auto const run = [&](long n) { return from.with([&](mongoc_database_t* db) { return c.run(db, n); }); };
            for (long n = next++; n < a.warm_up(); n = next++)
                run(n);
            warm.arrive_and_wait();
            warm.arrive_and_wait(); // the clock runs
            measurement mine(a);
            for (long n = next++; result.goes_on(n); n = next++) {
                auto const begin = now_us();
                auto const sum = run(n);
                mine.add(now_us() - begin, sum);
            }
            finished.arrive_and_wait();
            std::lock_guard const lock(mutex);
            result.add(mine);
        });
    warm.arrive_and_wait();
    result.begin();
    std::atomic<bool> running = true;
    std::thread timer;
    if (a.workload == 7)
        timer = std::thread([&] { watch_timer(running, result); });
    warm.arrive_and_wait();
    finished.arrive_and_wait();
    result.end();
    running = false;
    if (timer.joinable())
        timer.join();
    for (auto& t : threads)
        t.join();
    std::string name = "libmongoc";
    for (auto const& flag : flags)
        name += flag.substr(1);
    result.report(name, MONGOC_VERSION_S, "os thread");
    return 0;
}

} // namespace
} // namespace versus

int main(int argc, char** argv) {
    return versus::main(argc, argv);
}
