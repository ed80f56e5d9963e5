#include "../model/fixture.hpp"

#include <cormorant/hooks/unique.hpp>
#include <cormorant/memory/memory_store.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace cormorant {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;
using testing::failure_of;
using testing::run;

model_definition with_unique(field_definition field) {
    model_definition d("items");
    d.field("_id", integer()).field("v", std::move(field)).field("other", any());
    hooks::unique(d);
    return d;
}

/// A model of one unique field `v` on a memory store.
class Unique : public ::testing::Test {
protected:
    connection db{make_memory_store()};

    model add(model_definition d) {
        add_options quiet;
        quiet.sync(false);
        return run(db.add(std::move(d), quiet));
    }
    static insert_options as_given() {
        insert_options options;
        options.strip_empty(false);
        return options;
    }
    static void expect_taken(error const& e) {
        EXPECT_EQ(e.code(), errc::duplicate_key) << e.what();
        EXPECT_EQ(e.details().path, "v");
        EXPECT_EQ(e.details().what_happened, outcome::not_sent);
    }
};

TEST_F(Unique, RefusesAValueThatAnotherDocumentHas) {
    auto const items = add(with_unique(string().unique()));
    run(items.insert(doc("_id", 1, "v", "a")));
    auto const e = failure_of(items.insert(doc("_id", 2, "v", "a")));
    expect_taken(e);
    EXPECT_EQ(e.details().value, "\"a\"");
    run(items.insert(doc("_id", 3, "v", "A")));
    run(items.remove(doc("_id", 1)));
    run(items.insert(doc("_id", 4, "v", "a")));
}

TEST_F(Unique, StrictCountsMissingValuesAndNull) {
    auto const items = add(with_unique(string().unique()));
    run(items.insert(doc("_id", 1)));
    expect_taken(failure_of(items.insert(doc("_id", 2))));
    expect_taken(failure_of(items.insert(doc("_id", 2, "v", nullptr))));
}

TEST_F(Unique, SparseLeavesOutWhatIsEmpty) {
    auto definition = model_definition("items").field("_id", integer()).field("v", string().unique(uniqueness::sparse));
    definition.empty_values(empty_values::by_type());
    hooks::unique(definition);
    auto const items = add(std::move(definition));
    run(items.insert(
        docs(doc("_id", 1), doc("_id", 2), doc("_id", 3, "v", nullptr), doc("_id", 4, "v", ""), doc("_id", 5, "v", "")),
        as_given()));
    run(items.insert(doc("_id", 6, "v", "a")));
    expect_taken(failure_of(items.insert(doc("_id", 7, "v", "a"))));
}

TEST_F(Unique, RefusesDocumentsOfOneCallThatShareAValue) {
    auto const items = add(with_unique(integer().unique()));
    expect_taken(failure_of(items.insert(docs(doc("_id", 1, "v", 1), doc("_id", 2, "v", 2), doc("_id", 3, "v", 1)))));
    EXPECT_EQ(run(items.count()), 0);
}

TEST_F(Unique, ComparesWholeArraysAndObjects) {
    auto const items = add(with_unique(any().unique()));
    run(items.insert(doc("_id", 1, "v", arr(1, 2))));
    run(items.insert(doc("_id", 2, "v", 1)));
    run(items.insert(doc("_id", 3, "v", arr(2, 1))));
    run(items.insert(doc("_id", 4, "v", doc("a", 1))));
    run(items.insert(doc("_id", 5, "v", doc("a", 2))));
    expect_taken(failure_of(items.insert(doc("_id", 6, "v", arr(1, 2)))));
    expect_taken(failure_of(items.insert(doc("_id", 6, "v", doc("a", 1)))));
}

TEST_F(Unique, LetsADocumentKeepItsOwnValue) {
    auto const items = add(with_unique(string().unique()));
    run(items.insert(docs(doc("_id", 1, "v", "a"), doc("_id", 2, "v", "b"))));
    run(items.save(doc("_id", 1, "v", "a", "other", 1)));
    expect_taken(failure_of(items.save(doc("_id", 1, "v", "b"))));
    run(items.update(doc("_id", 1), doc("$set", doc("v", "a", "other", 2))));
    run(items.update(doc("_id", 1), doc("v", "a")));
    expect_taken(failure_of(items.update(doc("_id", 1), doc("$set", doc("v", "b")))));
    expect_taken(failure_of(items.update(doc("_id", 1), doc("v", "b"))));
    run(items.update(doc("_id", 1), doc("$set", doc("other", 3))));
}

TEST_F(Unique, RefusesToGiveOneValueToSeveralDocuments) {
    auto const items = add(with_unique(string().unique()));
    run(items.insert(docs(doc("_id", 1, "v", "a"), doc("_id", 2, "v", "b"))));
    expect_taken(failure_of(items.update(all, doc("$set", doc("v", "c")), update_options().multi(true))));
    run(items.update(doc("_id", 1), doc("$set", doc("v", "c")), update_options().multi(true)));
    EXPECT_EQ(run(items.count(doc("v", "c"))), 1);
}

TEST_F(Unique, OfTwoWritersAtTheSameTimeOneIsRefused) {
    auto definition = model_definition("items").field("v", string().column("stored").unique());
    hooks::unique(definition);
    auto const items = add(std::move(definition));
    asio::io_context loop;
    std::vector<std::string> failures;
    for (int i = 0; i < 8; ++i) {
        asio::co_spawn(loop, items.insert(doc("v", "same")), [&](std::exception_ptr failure, document const&) {
            try {
                if (failure)
                    std::rethrow_exception(failure);
            } catch (error const& e) {
                EXPECT_EQ(e.code(), errc::duplicate_key);
                failures.push_back(e.details().path);
            }
        });
    }
    loop.run();
    EXPECT_EQ(failures, std::vector<std::string>(7, "v"));
    EXPECT_EQ(run(items.count()), 1);
}

TEST_F(Unique, MakesTheIndexesOnceForAllWhoWait) {
    auto const store = std::make_shared<testing::scripted_store>();
    connection scripted{store};
    add_options quiet;
    quiet.sync(false);
    auto const items = run(scripted.add(with_unique(string().unique()), quiet));
    asio::io_context loop;
    for (char const* v : {"a", "b", "c"})
        asio::co_spawn(loop, items.insert(doc("_id", 1, "v", v)),
            [](std::exception_ptr failure, document const&) { EXPECT_EQ(failure, nullptr); });
    loop.run();
    run(items.insert(doc("_id", 2, "v", "d")));
    auto const sent = store->summary();
    EXPECT_EQ(sent.front(), "create_indexes items");
    EXPECT_EQ(std::ranges::count(sent, "create_indexes items"), 1);
    EXPECT_EQ(std::ranges::count(sent, "find items"), 4);
    EXPECT_EQ(std::ranges::count(sent, "insert items"), 4);
}

TEST_F(Unique, RefusesWritesWhileStoredDocumentsShareAValue) {
    auto const careless = add(model_definition("careless").collection("items").field("_id", integer()).field("v", any()));
    run(careless.insert(docs(doc("_id", 1, "v", "a"), doc("_id", 2, "v", "a"))));
    auto const items = add(with_unique(string().unique()));
    auto const e = failure_of(items.insert(doc("_id", 3, "v", "b")));
    EXPECT_EQ(e.code(), errc::duplicate_key);
    EXPECT_EQ(e.details().path, "v");
    run(careless.update(doc("_id", 2), doc("$set", doc("v", "c"))));
    run(items.insert(doc("_id", 3, "v", "b")));
}

TEST_F(Unique, CostsNothingWithoutUniqueFields) {
    model_definition d("items");
    hooks::unique(d);
    EXPECT_TRUE(d.hooks().empty());
}

} // namespace
} // namespace cormorant
