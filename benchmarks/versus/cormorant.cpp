// Cormorant through its model layer: a definition of 12 fields, validated, with a required hook in every operation.
//
//     versus_cormorant [--documents] [--no-fast-lane] [--loader] W1..W7 CONCURRENCY OPS     measures one workload, prints one
//     line of JSON versus_cormorant --load W1 1 1                                             drops the database and fills it
//
// --documents: W1, W2 and W7 give documents instead of structs.
// --loader: finds by id of one turn are sent together.

#include "data.hpp"
#include "harness.hpp"

#include <cormorant/cormorant.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>

namespace versus {
namespace {

namespace asio = boost::asio;

constexpr int one_reply = 1001; // more than any of the answers has

orm::model_definition item_definition(std::string name, std::string collection) {
    return orm::definition_of<item>(std::move(name))
        .collection(std::move(collection))
        .field("name", orm::string().required().max_length(80))
        .field("email", orm::string().required().max_length(120))
        .field("age", orm::integer().min(0).max(150))
        .field("score", orm::number().min(0))
        .field("visits", orm::integer().min(0))
        .field("active", orm::boolean())
        .field("createdAt", orm::date().default_now())
        .field("status", orm::string().one_of("new", "active", "blocked", "gone"))
        .field("tags", orm::array_of(orm::string().max_length(30)))
        .field("bio", orm::string().max_length(1000))
        .hook(
            "beforeFilter", "watch", [](orm::filter_args&) {}, orm::required)
        .hook(
            "beforePut", "watch", [](orm::put_args&) {}, orm::required);
}

struct models {
    orm::connection db;
    orm::typed_model<item> items;
    orm::typed_model<item> updated;
    orm::model sink;
    orm::model posts;
};

asio::awaitable<models> define(orm::connection db) {
    models m;
    m.db = db;
    m.items = co_await db.add<item>(item_definition("item", "items"));
    m.updated = co_await db.add<item>(item_definition("updated", "upd"));
    auto const sink = co_await db.add<item>(item_definition("sink", "sink"));
    m.sink = sink.untyped();
    auto image = orm::model_definition("image").collection("images").field("url", orm::string());
    image.field("width", orm::integer()).field("height", orm::integer());
    co_await db.add(std::move(image));
    auto author =
        orm::model_definition("author").collection("authors").field("name", orm::string()).field("email", orm::string());
    author.relation(orm::single("image").left_key("imageId"));
    co_await db.add(std::move(author));
    auto tag = orm::model_definition("tag").collection("tags").field("name", orm::string());
    tag.field("slug", orm::string()).field("color", orm::string());
    co_await db.add(std::move(tag));
    auto post = orm::model_definition("post").collection("posts").field("title", orm::string()).field("body", orm::string());
    post.field("views", orm::integer()).field("createdAt", orm::date());
    post.relation(orm::single("author").left_key("authorId"));
    post.relation(orm::multiple("tags").model("tag").left_key("tagIds"));
    m.posts = co_await db.add(std::move(post));
    co_return m;
}

orm::document range(kind k, std::uint32_t first, std::uint32_t count) {
    return orm::doc("_id", orm::doc("$gte", id_of(k, first), "$lt", id_of(k, first + count)));
}

double check(item const& i) {
    return static_cast<double>(i.age) + static_cast<double>(i.bio.size() + i.tags.size());
}
double check(orm::document const& d) {
    return static_cast<double>(d.at("age").as_int64()) +
           static_cast<double>(d.at("bio").as_string().size() + d.at("tags").as_array().size());
}

template <class Found>
double check_all(Found const& found, std::size_t count) {
    if (found.size() != count)
        throw orm::error(orm::errc::not_found);
    double sum = 0;
    for (auto const& one : found)
        sum += check(one);
    return sum;
}

/// The operations of a workload.
class contender {
public:
    contender(models m, arguments a, bool as_documents) : m_(std::move(m)), a_(a), as_documents_(as_documents) {
        for (std::uint32_t i = 0; i < templates; ++i)
            templates_.push_back(make_item(kind::new_item, i));
    }

    asio::awaitable<double> run(long n) const {
        auto const number = static_cast<std::uint32_t>(n);
        switch (a_.workload) {
        case 1:
            return find_one(number);
        case 2:
        case 7:
            return find_many(number);
        case 3:
            return insert_one(number);
        case 4:
            return insert_many();
        case 5:
            return populate(number);
        default:
            return update(number);
        }
    }

private:
    orm::document new_document(std::uint32_t i, orm::storage memory) const {
        auto d = orm::to_document(templates_[i % templates], std::move(memory));
        d.set("_id", orm::object_id::generate());
        return d;
    }

    asio::awaitable<double> find_one(std::uint32_t n) const {
        if (as_documents_) {
            auto const found = co_await m_.items.untyped().find_by_id(some_item(n));
            co_return check(found.value());
        }
        auto const found = co_await m_.items.find_by_id(some_item(n));
        co_return check(found.value());
    }

    asio::awaitable<double> find_many(std::uint32_t n) const {
        auto options = orm::find_options().batch_size(one_reply);
        auto filter = range(kind::item, n % 10 * 1000, 1000);
        if (as_documents_) {
            auto const found = co_await m_.items.untyped().find(std::move(filter), std::move(options));
            co_return check_all(found, 1000);
        }
        auto const found = co_await m_.items.find(std::move(filter), std::move(options));
        co_return check_all(found, 1000);
    }

    asio::awaitable<double> insert_one(std::uint32_t n) const {
        co_await m_.sink.insert(new_document(n, orm::make_arena()));
        co_return 1;
    }

    asio::awaitable<double> insert_many() const {
        orm::documents docs;
        docs.reserve(templates);
        auto const shared = orm::make_arena();
        for (std::uint32_t i = 0; i < templates; ++i)
            docs.push_back(new_document(i, shared));
        co_await m_.sink.insert(std::move(docs));
        co_return templates;
    }

    asio::awaitable<double> populate(std::uint32_t n) const {
        auto options = orm::find_options().batch_size(one_reply);
        options.hooks("afterFind_author", "author.afterFind_image", "afterFind_tags");
        auto const found = co_await m_.posts.find(range(kind::post, n % 20 * 100, 100), std::move(options));
        double sum = 0;
        for (auto const& post : found) {
            sum += static_cast<double>(post.at("author").as_document().at("image").as_document().at("width").as_int64());
            for (auto const& tag : post.at("tags").as_array())
                sum += static_cast<double>(tag.as_document().at("name").as_string().size());
        }
        co_return sum;
    }

    asio::awaitable<double> update(std::uint32_t n) const {
        auto delta = orm::doc("$set", orm::doc("visits", static_cast<std::int32_t>(n), "status", status_of(n)));
        auto const done = co_await m_.updated.update(orm::doc("_id", some_item(n)), std::move(delta));
        co_return static_cast<double>(done.matched_count);
    }

    models m_;
    arguments a_;
    bool as_documents_;
    std::vector<item> templates_;
};

struct progress {
    long next = 0;
    int running = 0;
    bool measured = false;
};

asio::awaitable<void> work(contender const& c, progress& p, long limit, measurement& m) {
    ++p.running;
    while (p.measured ? m.goes_on(p.next) : p.next < limit) {
        auto const n = p.next++;
        auto const begin = now_us();
        auto const sum = co_await c.run(n);
        if (p.measured)
            m.add(now_us() - begin, sum);
    }
    --p.running;
}

asio::awaitable<void> watch_timer(progress& p, measurement& m) {
    using namespace std::chrono_literals;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (p.running != 0) {
        timer.expires_after(1ms);
        auto const due = now_us() + 1000;
        co_await timer.async_wait(asio::use_awaitable);
        m.add_lateness(std::max(0.0, now_us() - due));
    }
}

void run_all(asio::io_context& loop, std::vector<asio::awaitable<void>> work) {
    std::exception_ptr failure;
    for (auto& w : work)
        asio::co_spawn(loop, std::move(w), [&failure](std::exception_ptr e) { failure = e ? e : failure; });
    loop.restart();
    loop.run();
    if (failure)
        std::rethrow_exception(failure);
}

asio::awaitable<void> load(models m) {
    co_await m.db.store()->async_run(orm::drop_database_op(), orm::call_options(), asio::use_awaitable);
    orm::documents all;
    for (std::uint32_t i = 0; i < items; ++i)
        all.push_back(orm::to_document(make_item(kind::item, i)));
    co_await m.items.untyped().insert(all);
    co_await m.updated.untyped().insert(std::move(all));
    struct part {
        char const* name;
        std::uint32_t count;
        orm::document (*make)(std::uint32_t);
    };
    static constexpr part parts[] = {
        {"post", posts, make_post}, {"author", authors, make_author}, {"image", images, make_image}, {"tag", tags, make_tag}};
    for (auto const& p : parts) {
        orm::documents docs;
        for (std::uint32_t i = 0; i < p.count; ++i)
            docs.push_back(p.make(i));
        co_await m.db.model(p.name).insert(std::move(docs));
    }
    orm::create_collection_op sink;
    sink.collection = "sink";
    co_await m.db.store()->async_run(std::move(sink), orm::call_options(), asio::use_awaitable);
}

asio::awaitable<models> open(bool fast_lane, bool loader) {
    auto options = orm::connect_options().mongo(orm::mongo_options().fast_lane(fast_lane));
    options.connection(orm::connection_options().loader(loader));
    auto db = co_await orm::connect(server_uri(), std::move(options));
    co_return co_await define(std::move(db));
}

asio::awaitable<void> keep(asio::awaitable<models> made, models& where) {
    where = co_await std::move(made);
}
asio::awaitable<void> close(orm::connection db) {
    co_await db.close();
}

std::vector<asio::awaitable<void>> one(asio::awaitable<void> w) {
    std::vector<asio::awaitable<void>> all;
    all.push_back(std::move(w));
    return all;
}

int main(int argc, char** argv) {
    std::vector<std::string> flags;
    auto const a = parse_arguments(argc, argv, flags);
    auto const has = [&](char const* flag) { return std::find(flags.begin(), flags.end(), flag) != flags.end(); };
    asio::io_context loop(1);
    models m;
    run_all(loop, one(keep(open(!has("--no-fast-lane"), has("--loader")), m)));
    if (has("--load")) {
        run_all(loop, one(load(m)));
        run_all(loop, one(close(m.db)));
        return 0;
    }
    contender const c(m, a, has("--documents"));
    measurement result(a);
    auto const start = [&](progress& p, long limit) {
        std::vector<asio::awaitable<void>> all;
        for (int i = 0; i < a.concurrency; ++i)
            all.push_back(work(c, p, limit, result));
        return all;
    };
    progress warm;
    run_all(loop, start(warm, a.warm_up()));
    progress timed;
    timed.measured = true;
    auto all = start(timed, 0);
    if (a.workload == 7)
        all.push_back(watch_timer(timed, result));
    result.begin();
    run_all(loop, std::move(all));
    result.end();
    std::string name = "cormorant";
    for (auto const& flag : flags)
        name += flag.substr(1);
    result.report(name, CORMORANT_VERSION, "asio");
    run_all(loop, one(close(m.db)));
    return 0;
}

} // namespace
} // namespace versus

int main(int argc, char** argv) {
    try {
        return versus::main(argc, argv);
    } catch (std::exception const& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
