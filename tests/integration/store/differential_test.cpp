/// Random operations, the same on both stores: the answers, the errors and the data afterwards have to be the same.
///
/// CORMORANT_SEED: of the random numbers. CORMORANT_DIFFERENTIAL_ROUNDS: how many times 70 operations (default 60; the long form
/// is 1600).

#include "coroutine.hpp"
#include "generator.hpp"
#include "stores.hpp"
#include "suite.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace cormorant::testing {
namespace {

constexpr std::uint64_t default_seed = 20240607;
constexpr int default_rounds = 60;
constexpr int operations_in_a_round = 70;
constexpr int most_differences = 12;

/// An answer, or the error, as text that is equal when they are the same.
template <class Op>
awaitable<std::string> answer_of(store_fixture& f, Op op) {
    std::string text;
    try {
        if constexpr (std::is_same_v<reply_of<Op>, cursor>) {
            documents const found = co_await f.all(std::move(op));
            text = text_of(found);
        } else {
            auto const r = co_await f.run(std::move(op));
            if constexpr (std::is_same_v<Op, update_op>)
                text = fmt::format("matched {} modified {} upserted {}", r.matched_count, r.modified_count, r.upserted_count);
            else if constexpr (std::is_same_v<Op, remove_op>)
                text = fmt::format("deleted {}", r.deleted_count);
            else if constexpr (std::is_same_v<Op, find_and_modify_op>)
                text = r ? text_of(*r) : "nothing";
            else if constexpr (std::is_same_v<Op, distinct_op>)
                text = text_of(value(r));
            else if constexpr (std::is_same_v<Op, count_op>)
                text = std::to_string(r);
        }
    } catch (error const& e) {
        text = fmt::format("{} {}", to_string(static_cast<errc>(e.code().value())), e.details().server_code);
        if (e.code() == errc::unsupported)
            text += e.message();
    }
    co_return text;
}

std::string sorted_lines(std::string const& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        auto const end = text.find('\n', at);
        lines.push_back(text.substr(at, end - at));
        at = end == std::string::npos ? text.size() : end + 1;
    }
    std::sort(lines.begin(), lines.end());
    std::string result;
    for (auto const& line : lines)
        result += line + "\n";
    return result;
}

class differential {
public:
    differential(std::uint64_t seed, int rounds, store_fixture memory, store_fixture mongo)
        : make_(seed), rounds_(rounds), memory_(std::move(memory)), mongo_(std::move(mongo)) {}

    awaitable<void> run() {
        co_await choose_engine(true);
        for (int round = 0; round != rounds_ && differences_ < most_differences; ++round) {
            indexed_ = round % 3 == 2;
            co_await prepare();
            for (int i = 0; i != operations_in_a_round && differences_ < most_differences; ++i)
                co_await step();
        }
        co_await choose_engine(false);
        report();
    }

private:
    /// The slot-based engine of the server, which runs some aggregations, has error codes of its own and forgets the order of
    /// fields in some projections before a `$lookup`: the classic one is what MongoDB documents.
    awaitable<void> choose_engine(bool classic) {
        command_op op;
        op.database = "admin";
        op.command = doc("setParameter", 1, "internalQueryForceClassicEngine", classic);
        try {
            co_await mongo_.run(std::move(op));
        } catch (error const&) {
            // Servers without the slot-based engine do not know it.
        }
    }

    awaitable<void> prepare() {
        documents docs;
        for (int id = 0; id != 12; ++id)
            docs.push_back(make_.make_document(id));
        co_await refill(std::move(docs));
        co_await refill_target();
        if (!indexed_)
            co_return;
        index_model words = index_of(json(R"({"s": "text"})"));
        words.options = doc("default_language", "none");
        auto const text = indexes_of(std::vector<index_model>(1, std::move(words)));
        co_await memory_.run(text);
        co_await mongo_.run(text);
        std::string_view const all[] = {
            R"({"a": 1})", R"({"c": 1, "n": -1})", R"({"d.x": -1})", R"({"e.k": 1, "e.v": 1})", R"({"n": 1, "s": 1})"};
        for (std::string_view const keys : all) {
            if (make_.chance(50)) {
                // Not sparse: the server uses such an index for {$gte: null}, and misses documents.
                auto const op = indexes_of(std::vector<index_model>(1, index_of(json(keys))));
                co_await memory_.run(op);
                co_await mongo_.run(op);
            }
        }
    }

    awaitable<void> refill(documents docs) {
        co_await memory_.clear();
        co_await mongo_.clear();
        auto const joined = json_documents(
            R"([{"_id": 0, "k": 1}, {"_id": 1, "k": [0, 1]}, {"_id": 2, "k": "a"}, {"_id": "a", "k": 5}, {"_id": 4}])");
        co_await memory_.insert("other", joined);
        co_await mongo_.insert("other", joined);
        co_await memory_.insert("c", docs);
        co_await mongo_.insert("c", docs);
    }

    /// The collection that pipelines write to.
    awaitable<void> refill_target() {
        drop_collection_op old;
        old.collection = "target";
        documents docs;
        for (int id = 0; id != 8; ++id)
            docs.push_back(make_.make_document(2 * id).set("u", id));
        auto const unique = indexes_of(std::vector<index_model>(1, index_of(doc("u", 1), doc("unique", true))));
        auto of_target = unique;
        of_target.collection = "target";
        store_fixture* const both[] = {&memory_, &mongo_};
        for (store_fixture* const each : both) {
            co_await each->run(old);
            co_await each->insert("target", docs);
            co_await each->run(of_target);
        }
    }

    awaitable<void> step() {
        switch (make_.below(11)) {
        case 10: {
            aggregate_op op;
            op.collection = "c";
            op.pipeline = make_.make_writing_pipeline();
            // Which documents come first, and so which of two is refused, is the choice of an index.
            if (indexed_)
                break;
            auto const shown = doc("aggregate", op.pipeline);
            co_await compare(op, shown, false);
            bool const same = co_await have_same("target", shown);
            if (!same)
                co_await refill_target();
            break;
        }
        case 0:
        case 1: {
            auto op = find_of(make_.make_filter());
            if (indexed_ && make_.chance(30)) {
                op.filter = make_.make_text_filter();
                if (make_.chance(50))
                    op.projection = doc("score", doc("$meta", "textScore"));
                co_await compare(op, doc("find", op.filter, "projection", op.projection), true);
                break;
            }
            if (make_.chance(60)) {
                op.sort = make_.make_sort();
                op.skip = static_cast<std::int64_t>(make_.below(3));
                op.limit = static_cast<std::int64_t>(make_.below(8));
            }
            if (!op.sort.contains("e.0.k")) // the server may exclude `e.k` before it sorts by that
                op.projection = make_.make_projection();
            bool const any_order = op.sort.empty();
            co_await compare(op,
                doc("find", op.filter, "sort", op.sort, "skip", op.skip, "limit", op.limit, "projection", op.projection),
                any_order);
            break;
        }
        case 2: {
            count_op op;
            op.collection = "c";
            op.filter = make_.make_filter();
            co_await compare(op, doc("count", op.filter), false);
            break;
        }
        case 3: {
            distinct_op op;
            op.collection = "c";
            static constexpr char const* keys[] = {"a", "b", "c", "d.x", "e.k", "e.v", "c.0", "d"};
            op.key = keys[make_.below(std::size(keys))];
            op.filter = make_.make_filter(1);
            if (!indexed_)
                co_await compare(op, doc("distinct", op.key, "filter", op.filter), false);
            break;
        }
        case 4:
        case 5: {
            aggregate_op op;
            op.collection = "c";
            op.pipeline = make_.make_pipeline();
            if (!indexed_)
                co_await compare(op, doc("aggregate", op.pipeline), groups_by_arrays(op.pipeline));
            break;
        }
        case 6: {
            auto op =
                remove_of(doc("_id", static_cast<int>(make_.below(14)), "$or", arr(make_.make_filter(), make_.make_filter())));
            co_await compare(op, doc("remove", op.filter), false);
            co_await check_contents(doc("remove", op.filter));
            break;
        }
        case 7: {
            find_and_modify_op op;
            op.collection = "c";
            op.filter = make_.make_filter();
            op.sort = make_.make_sort();
            op.update = make_.make_update(op.array_filters);
            op.return_new = make_.chance(50);
            auto const shown = doc("find_and_modify", op.filter, "sort", op.sort, "update", op.update, "array_filters",
                op.array_filters, "new", op.return_new);
            co_await compare(op, shown, false);
            co_await check_contents(shown);
            break;
        }
        default: {
            auto op = update_of(make_.make_filter(), value());
            op.update = make_.make_update(op.array_filters);
            op.multi = indexed_ || make_.chance(60);
            bool const whole = op.update.is_document() &&
                               (op.update.as_document().empty() || !op.update.as_document().begin()->key().starts_with('$'));
            if (whole)
                op.multi = false;
            if (whole || make_.chance(25)) {
                op.filter = make_.make_upsert_filter(static_cast<int>(make_.below(20)));
                op.upsert = make_.chance(70);
            }
            auto const shown = doc(
                "update", op.filter, "u", op.update, "array_filters", op.array_filters, "multi", op.multi, "upsert", op.upsert);
            co_await compare(op, shown, false);
            co_await check_contents(shown);
            break;
        }
        }
    }

    /// Groups are sorted by their key, and an array by one element of it: two keys may be equal then.
    static bool groups_by_arrays(array const& pipeline) {
        return std::ranges::any_of(pipeline, [](value const& stage) {
            return stage.as_document().contains("$group") || stage.as_document().contains("$sortByCount");
        });
    }

    template <class Op>
    awaitable<void> compare(Op op, document shown, bool any_order) {
        ++operations_;
        make_.count_operators(value(shown));
        auto expected = co_await answer_of(mongo_, op);
        auto found = co_await answer_of(memory_, op);
        if (any_order) {
            expected = sorted_lines(expected);
            found = sorted_lines(found);
        }
        errors_ += expected.starts_with("server");
        // What a multi update did before it failed depends on the order in which an index gave the documents.
        if (indexed_ && Op::name == "update" && expected == found && expected.starts_with("server"))
            co_await refill(co_await mongo_.contents("c"));
        if (expected == found)
            co_return;
        ++differences_;
        documents const before = co_await mongo_.contents("c");
        ADD_FAILURE() << to_json(shown) << "\n--- MongoDB\n"
                      << expected << "\n--- memory\n"
                      << found << "\n--- documents\n"
                      << (Op::name == "find" || differences_ < 4 ? text_of(before) : "");
    }

    /// False when they differ.
    awaitable<bool> have_same(char const* collection, document shown) {
        documents const expected = co_await mongo_.contents(collection);
        documents const found = co_await memory_.contents(collection);
        if (text_of(expected) == text_of(found))
            co_return true;
        ++differences_;
        std::string different;
        for (std::size_t i = 0; i < std::max(expected.size(), found.size()); ++i) {
            auto const a = i < expected.size() ? text_of(expected[i]) : "-";
            auto const b = i < found.size() ? text_of(found[i]) : "-";
            if (a != b)
                different += "MongoDB: " + a + "\nmemory:  " + b + "\n";
        }
        ADD_FAILURE() << "after " << to_json(shown) << "\n" << different;
        co_return false;
    }
    awaitable<void> check_contents(document shown) {
        bool const same = co_await have_same("c", std::move(shown));
        if (same)
            co_return;
        documents docs = co_await mongo_.contents("c");
        co_await refill(std::move(docs));
    }

    void report() const {
        std::cout << fmt::format("{} operations ({} refused by both), operators:", operations_, errors_);
        for (auto const& [name, n] : make_.operators())
            std::cout << ' ' << name << ':' << n;
        std::cout << std::endl;
    }

    generator make_;
    int rounds_;
    store_fixture memory_;
    store_fixture mongo_;
    bool indexed_ = false;
    int operations_ = 0;
    int errors_ = 0;
    int differences_ = 0;
};

TEST(differential_test, random_operations_give_the_same_on_both_stores) {
    if (std::ranges::count(store_kinds(), "mongo") == 0)
        GTEST_SKIP() << "MONGO_DSN names no server";
    char const* const given = std::getenv("CORMORANT_SEED");
    auto const seed = given == nullptr ? default_seed : std::strtoull(given, nullptr, 10);
    SCOPED_TRACE(fmt::format("CORMORANT_SEED={}", seed));
    char const* const long_form = std::getenv("CORMORANT_DIFFERENTIAL_ROUNDS");
    int const rounds = long_form == nullptr ? default_rounds : std::atoi(long_form);
    differential d(seed, rounds, store_fixture(store_of("memory")), store_fixture(store_of("mongo")));
    run(d.run());
}

} // namespace
} // namespace cormorant::testing
