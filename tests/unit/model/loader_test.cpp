#include "fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <deque>
#include <optional>

namespace cormorant {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::id_of;
using ::testing::IsEmpty;
using testing::run;
using ::testing::SizeIs;
using namespace std::chrono_literals;

/// What became of a call.
struct result {
    bool over = false;
    std::optional<document> found;
    std::optional<error> failure;
};

asio::awaitable<void> settle(asio::awaitable<std::optional<document>> call, result& r) {
    try {
        r.found = co_await std::move(call);
    } catch (error const& e) {
        r.failure = e;
    }
    r.over = true;
}

/// The ids that a find asks for: those of `$in`, or the one.
std::vector<value> ids_of(find_op const& op) {
    value const& asked = op.filter.at("_id");
    if (auto const* d = asked.if_document()) {
        array const& list = d->at("$in").as_array();
        return {list.begin(), list.end()};
    }
    return {asked};
}

class Loader : public testing::ModelTest {
protected:
    Loader() {
        db = connection(store, connection_options().loader(true));
        store->answer = [this](operation& op) -> reply {
            auto const* const find = std::get_if<find_op>(&op);
            if (find == nullptr)
                return std::monostate();
            documents found;
            for (value const& id : ids_of(*find)) {
                for (document const& d : data) {
                    if (d.at("_id") == id)
                        found.push_back(d);
                }
            }
            std::ranges::reverse(found); // a server gives them in an order of its own
            return found;
        };
        for (int i = 1; i <= 9; ++i)
            data.push_back(doc("_id", id_of(i), "n", i));
        items = add(model_definition("items").field("n", number()).field("tenant", number()));
    }

    /// Starts the calls one after the other in one turn and runs them to their end.
    template <class... Calls>
    std::vector<result> together(Calls... calls) {
        std::vector<result> results(sizeof...(calls));
        asio::io_context loop;
        std::size_t i = 0;
        (asio::co_spawn(loop, settle(std::move(calls), results[i++]), asio::detached), ...);
        loop.run();
        return results;
    }
    find_op const& sent(std::size_t i) { return store->call<find_op>(i); }

    documents data;
    model items;
};

TEST_F(Loader, OneFindServesTheCallsOfOneTurn) {
    auto const r = together(items.find_by_id(id_of(3)), items.find_by_id(id_of(1)), items.find_by_id(id_of(77)));
    ASSERT_THAT(store->calls, SizeIs(1));
    EXPECT_EQ(sent(0).filter, doc("_id", doc("$in", arr(id_of(3), id_of(1), id_of(77)))));
    EXPECT_EQ(sent(0).limit, 0);
    EXPECT_EQ(sent(0).batch_size, 4) << "one more than there can be";
    EXPECT_EQ(r[0].found->at("n"), 3);
    EXPECT_EQ(r[1].found->at("n"), 1);
    EXPECT_TRUE(r[2].over && !r[2].found && !r[2].failure) << "there is no such document";
}

TEST_F(Loader, IsOffUnlessAskedForAndACallMayDecide) {
    db = connection(store);
    items = add(model_definition("items").field("n", number()));
    together(items.find_by_id(id_of(1)), items.find_by_id(id_of(2)));
    EXPECT_THAT(store->calls, SizeIs(2));
    store->calls.clear();
    auto const on = find_options().loader(true);
    together(items.find_by_id(id_of(1), on), items.find_by_id(id_of(2), on), items.find_by_id(id_of(3)));
    EXPECT_THAT(store->calls, SizeIs(2)) << "two together, one by itself";
}

TEST_F(Loader, ACallMayOptOut) {
    together(items.find_by_id(id_of(1)), items.find_by_id(id_of(2), find_options().loader(false)), items.find_by_id(id_of(3)));
    EXPECT_THAT(store->calls, SizeIs(2));
}

TEST_F(Loader, ACallThatIsAloneIsSentAsItIs) {
    auto const r = together(items.find_by_id(id_of(2)));
    EXPECT_EQ(sent(0).filter, doc("_id", id_of(2)));
    EXPECT_EQ(sent(0).limit, 1);
    EXPECT_EQ(r[0].found->at("n"), 2);
}

TEST_F(Loader, AsksForAnIdOnceAndGivesEachCallADocumentOfItsOwn) {
    auto r = together(items.find_by_id(id_of(2)), items.find_by_id(id_of(2)), items.find_by_id(id_of(2)));
    EXPECT_EQ(sent(0).filter, doc("_id", doc("$in", arr(id_of(2)))));
    r[0].found->set("n", 99);
    EXPECT_EQ(r[1].found->at("n"), 2);
    EXPECT_EQ(r[2].found->at("n"), 2);
}

TEST_F(Loader, NumbersThatAreEqualAreOneId) {
    data = list({doc("_id", 1.0, "n", 1)});
    auto const numbered = add(model_definition("numbered").field("_id", any()).field("n", number()));
    auto const r = together(numbered.find_by_id(1), numbered.find_by_id(std::int64_t(1)), numbered.find_by_id(1.0));
    EXPECT_THAT(store->calls, SizeIs(1));
    EXPECT_TRUE(r[0].found && r[1].found && r[2].found);
}

TEST_F(Loader, MergesOnlyWhatAsksForTheSame) {
    auto const others = add(model_definition("others").field("n", number()));
    together(items.find_by_id(id_of(1)), items.find_by_id(id_of(2)), others.find_by_id(id_of(1)), others.find_by_id(id_of(2)),
        items.find_by_id(id_of(1), find_options().fields("n")), items.find_by_id(id_of(2), find_options().fields("n")),
        items.find_by_id(id_of(1), find_options().read_preference(doc("mode", "secondary"))),
        items.find_by_id(id_of(1), find_options().read_concern(doc("level", "majority"))),
        items.find_by_id(id_of(1), find_options().hint("n_1")));
    EXPECT_THAT(store->summary(),
        ::testing::UnorderedElementsAre("find items", "find others", "find items", "find items", "find items", "find items"));
}

TEST_F(Loader, SendsAloneWhatCannotBeOneOfSeveral) {
    auto const by_all = find_options().loader(true);
    together(items.find_by_id(id_of(1), find_options().options(doc("comment", "why"))),
        items.find_by_id(id_of(1), find_options().options(doc("comment", "why"))),
        items.find_by_id(id_of(1), find_options().collation(doc("locale", "en"))),
        items.find_by_id(id_of(1), find_options().collation(doc("locale", "en"))), items.find_one(doc("_id", doc("$gt", 1))),
        items.find_one(doc("_id", doc("$gt", 1))), items.find_one(doc("n", 1)), items.find_one(doc("n", 1)));
    EXPECT_THAT(store->calls, SizeIs(8));
    for (operation const& op : store->calls)
        EXPECT_FALSE(std::get<find_op>(op).filter.contains("$in"));
}

TEST_F(Loader, WithoutTheIdInTheAnswerACallIsSentAlone) {
    auto const without = find_options().fields(doc("_id", 0));
    together(items.find_by_id(id_of(1), without), items.find_by_id(id_of(2), without));
    EXPECT_THAT(store->calls, SizeIs(2));
}

TEST_F(Loader, AFindByTheKeyIsAFindById) {
    auto const r = together(items.find_one(doc("_id", id_of(1))), items.find_by_id(id_of(2)));
    EXPECT_THAT(store->calls, SizeIs(1));
    EXPECT_EQ(r[0].found->at("n"), 1);
}

TEST_F(Loader, EachHookSeesItsOwnCall) {
    std::vector<document> filters;
    std::vector<std::size_t> found;
    items.hook(
        "beforeFilter", "see", [&](filter_args& a) { filters.push_back(a.filter); }, required);
    items.hook(
        "afterFind", "see", [&](after_find_args& a) { found.push_back(a.docs.size()); }, required);
    together(items.find_by_id(id_of(1)), items.find_by_id(id_of(2)), items.find_by_id(id_of(66)));
    EXPECT_THAT(filters, ElementsAre(doc("_id", id_of(1)), doc("_id", id_of(2)), doc("_id", id_of(66))));
    EXPECT_THAT(found, ElementsAre(1u, 1u, 0u)) << "in the order of the calls";
    EXPECT_THAT(store->calls, SizeIs(1));
}

TEST_F(Loader, MergesFiltersThatHooksChangedAlike) {
    items.hook(
        "beforeFilter", "tenant", [](filter_args& a) { a.filter.set("tenant", a.context.at("tenant")); }, required);
    auto const of = [](int tenant) {
        context c;
        c.set("tenant", tenant);
        return find_options().context(std::move(c));
    };
    together(items.find_by_id(id_of(1), of(7)), items.find_by_id(id_of(2), of(8)), items.find_by_id(id_of(3), of(7)));
    ASSERT_THAT(store->calls, SizeIs(2));
    std::vector<document> filters{sent(0).filter, sent(1).filter};
    EXPECT_THAT(filters, ::testing::UnorderedElementsAre(
                             doc("_id", doc("$in", arr(id_of(1), id_of(3))), "tenant", 7), doc("_id", id_of(2), "tenant", 8)));
}

TEST_F(Loader, AHookMayTakeACallOut) {
    items.hook(
        "beforeFind", "out", [](before_find_args& a) { a.options.loader(false); }, required);
    together(items.find_by_id(id_of(1)), items.find_by_id(id_of(2)));
    EXPECT_THAT(store->calls, SizeIs(2));
}

TEST_F(Loader, GivesTextThatWasNotFoundASearchOfItsOwn) {
    // The collation of a collection may find what the ids do not tell.
    data = list({doc("_id", "Ann"), doc("_id", "bob")});
    auto const users = add(model_definition("users").field("_id", string()));
    auto const r = together(users.find_by_id("Ann"), users.find_by_id("ANN"));
    ASSERT_THAT(store->calls, SizeIs(2));
    EXPECT_EQ(sent(1).filter, doc("_id", "ANN"));
    EXPECT_TRUE(r[0].found && !r[1].found);
}

TEST_F(Loader, SplitsALongList) {
    std::vector<result> results(2'500);
    asio::io_context loop;
    for (std::size_t i = 0; i < results.size(); ++i)
        asio::co_spawn(loop, settle(items.find_by_id(object_id::generate()), results[i]), asio::detached);
    loop.run();
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < store->calls.size(); ++i)
        sizes.push_back(ids_of(sent(i)).size());
    EXPECT_THAT(sizes, ElementsAre(1000u, 1000u, 500u));
    EXPECT_TRUE(std::ranges::all_of(results, &result::over));
}

TEST_F(Loader, AFailureOfTheConnectionReachesEachCallWithItsOwnError) {
    store->answer = [](operation&) -> reply { throw error(errc::network, "the wire is cut"); };
    auto r = together(items.find_by_id(id_of(1)), items.find_by_id(id_of(2)));
    EXPECT_THAT(store->calls, SizeIs(1));
    for (auto& one : r) {
        ASSERT_TRUE(one.failure);
        EXPECT_EQ(one.failure->code(), errc::network);
        EXPECT_EQ(one.failure->details().model, "items");
        EXPECT_EQ(one.failure->details().operation, "find");
    }
}

TEST_F(Loader, WhatOneCallMayHaveCausedDoesNotHurtTheOthers) {
    auto const answer = store->answer;
    store->answer = [answer](operation& op) -> reply {
        for (value const& id : ids_of(std::get<find_op>(op))) {
            if (id == value(id_of(2)))
                throw error(errc::server, "I do not like 2");
        }
        return answer(op);
    };
    auto const r = together(items.find_by_id(id_of(1)), items.find_by_id(id_of(2)), items.find_by_id(id_of(3)));
    EXPECT_EQ(r[0].found->at("n"), 1);
    EXPECT_EQ(r[1].failure->code(), errc::server);
    EXPECT_EQ(r[2].found->at("n"), 3);
    EXPECT_THAT(store->calls, SizeIs(4));
}

TEST_F(Loader, ReadsAllBatches) {
    store->batch_size = 2;
    auto const r = together(items.find_by_id(id_of(1)), items.find_by_id(id_of(2)), items.find_by_id(id_of(3)),
        items.find_by_id(id_of(4)), items.find_by_id(id_of(5)));
    for (std::size_t i = 0; i < r.size(); ++i)
        EXPECT_EQ(r[i].found->at("n"), static_cast<int>(i + 1));
}

TEST_F(Loader, TheTraceOfEachCallShowsWhatItWasAPartOf) {
    auto const t = std::make_shared<trace>();
    together(items.find_by_id(id_of(1), find_options().trace(t)), items.find_by_id(id_of(2)));
    auto const& spans = t->spans();
    auto const found = std::ranges::find(spans, span_kind::store, &trace::span::kind);
    ASSERT_NE(found, spans.end());
    EXPECT_EQ(found->detail, "{_id: {$in: [?]}} -> 1 document, one of 2 calls");
}

TEST_F(Loader, DocumentsAreThoseOfTheModel) {
    data = list({doc("_id", 7, "s", 1), doc("_id", 8, "s", 2)});
    auto const rows = add(model_definition("rows").primary_key("id", any()).field("size", number().column("s")));
    auto const r = together(rows.find_by_id(7), rows.find_by_id(8));
    EXPECT_THAT(store->calls, SizeIs(1));
    EXPECT_EQ(r[0].found, doc("id", 7, "size", 1));
    EXPECT_EQ(r[1].found, doc("id", 8, "size", 2));
}

/// Calls on a store that never answers by itself.
class LoaderInFlight : public Loader {
protected:
    void start(find_options options = {}, asio::cancellation_slot slot = {}) {
        auto& r = results.emplace_back();
        asio::co_spawn(loop, settle(items.find_by_id(id_of(static_cast<int>(results.size())), std::move(options)), r),
            asio::bind_cancellation_slot(slot, asio::detached));
    }
    LoaderInFlight() { store->never_answers = true; }
    ~LoaderInFlight() override { store->unanswered.clear(); }

    std::deque<result> results;
    asio::io_context loop;
};

TEST_F(LoaderInFlight, CancellingOneCallLeavesTheOthers) {
    asio::cancellation_signal one;
    asio::cancellation_signal other;
    start({}, one.slot());
    start({}, other.slot());
    loop.poll();
    ASSERT_THAT(store->calls, SizeIs(1));
    one.emit(asio::cancellation_type::terminal);
    loop.poll();
    EXPECT_EQ(results[0].failure->code(), errc::cancelled);
    EXPECT_FALSE(results[1].over);
    EXPECT_FALSE(loop.stopped());

    other.emit(asio::cancellation_type::terminal);
    loop.run_for(10s);
    EXPECT_EQ(results[1].failure->code(), errc::cancelled);
    EXPECT_TRUE(loop.stopped()) << "what nobody waits for was cancelled in the store";
}

TEST_F(LoaderInFlight, CallsThatAreCancelledBeforeItIsSentAreNotSent) {
    asio::cancellation_signal one;
    asio::cancellation_signal other;
    start({}, one.slot());
    start({}, other.slot());
    asio::post(loop, [&] { // behind the calls, before the load
        one.emit(asio::cancellation_type::terminal);
        other.emit(asio::cancellation_type::terminal);
    });
    loop.run_for(10s);
    EXPECT_TRUE(loop.stopped());
    EXPECT_THAT(store->calls, IsEmpty());
    EXPECT_EQ(results[0].failure->code(), errc::cancelled);
    EXPECT_EQ(results[1].failure->code(), errc::cancelled);
}

TEST_F(LoaderInFlight, TheDeadlineOfOneCallEndsThatCall) {
    asio::cancellation_signal stop;
    start(find_options().timeout(1ms));
    start({}, stop.slot());
    start(find_options().timeout(2ms));
    while (!results[0].over || !results[2].over)
        loop.run_one_for(10s);
    EXPECT_EQ(results[0].failure->code(), errc::deadline);
    EXPECT_EQ(results[2].failure->code(), errc::deadline);
    EXPECT_FALSE(results[1].over);
    EXPECT_FALSE(store->options[0].deadline) << "one of the calls has all the time";
    stop.emit(asio::cancellation_type::terminal);
    loop.run_for(10s);
    EXPECT_TRUE(loop.stopped());
}

TEST_F(LoaderInFlight, TheStoreGetsTheLatestDeadline) {
    auto const now = std::chrono::steady_clock::now();
    asio::cancellation_signal stop[3];
    for (int i = 0; i < 3; ++i)
        start(find_options().deadline(now + std::chrono::hours(1 + i)), stop[i].slot());
    loop.poll();
    EXPECT_EQ(store->options[0].deadline, now + 3h);
    for (auto& s : stop)
        s.emit(asio::cancellation_type::terminal);
    loop.run_for(10s);
    EXPECT_TRUE(loop.stopped()) << "no timer is left";
}

TEST_F(LoaderInFlight, MayBeAbandonedWithItsContext) {
    auto abandoned = std::make_unique<asio::io_context>();
    result r[3];
    for (int i = 0; i < 2; ++i)
        asio::co_spawn(*abandoned, settle(items.find_by_id(id_of(i)), r[i]), asio::detached);
    abandoned->poll();
    asio::co_spawn(*abandoned, settle(items.find_by_id(id_of(5)), r[2]), asio::detached);
    abandoned->run_one();      // it has joined, and was not sent
    store->unanswered.clear(); // as a store does when the context of a caller ends
    abandoned.reset();
    EXPECT_FALSE(r[0].over || r[1].over || r[2].over);
}

TEST_F(Loader, StrandsDoNotMix) {
    std::vector<result> results(4);
    asio::io_context loop;
    auto const a = asio::make_strand(loop);
    auto const b = asio::make_strand(loop);
    for (std::size_t i = 0; i < results.size(); ++i)
        asio::co_spawn(i % 2 == 0 ? a : b, settle(items.find_by_id(id_of(static_cast<int>(i + 1))), results[i]), asio::detached);
    loop.run();
    EXPECT_THAT(store->calls, SizeIs(2));
    for (std::size_t i = 0; i < results.size(); ++i)
        EXPECT_EQ(results[i].found->at("n"), static_cast<int>(i + 1));
}

} // namespace
} // namespace cormorant
