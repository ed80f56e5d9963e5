// How often an operation asks for memory when all that is made once has been made. What is counted are calls of `operator new` on
// the thread of the caller; the frames of coroutines are Asio's affair, which keeps them.

#include "coroutine.hpp"

#include <cormorant/cormorant.hpp>

#include <boost/describe/class.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <ostream>
#include <string>

namespace {

constinit thread_local std::int64_t allocations = 0;

void* counted(std::size_t size) {
    ++allocations;
    if (void* const memory = std::malloc(size == 0 ? 1 : size))
        return memory;
    throw std::bad_alloc();
}

} // namespace

// The other forms lead here, but for those of over-aligned types, of which there are none.
void* operator new(std::size_t size) {
    return counted(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace cormorant::testing {
namespace {

namespace asio = boost::asio;

/// Nothing in it is on the heap.
struct note {
    object_id _id;
    std::string title;
    std::int32_t stars = 0;
};
BOOST_DESCRIBE_STRUCT(note, (), (_id, title, stars))

constexpr int repetitions = 200;

using work = std::function<asio::awaitable<void>(typed_model<note> const&, object_id)>;

asio::awaitable<void> find_one(typed_model<note> const& notes, object_id id) {
    auto const found = co_await notes.find_by_id(id);
    EXPECT_EQ(found.value().stars, 3);
}

asio::awaitable<void> find_one_document(typed_model<note> const& notes, object_id id) {
    auto const found = co_await notes.untyped().find_by_id(id);
    EXPECT_EQ(found.value().size(), 3U);
}

asio::awaitable<void> insert_one(typed_model<note> const& notes, object_id) {
    note added;
    added.title = "short";
    co_await notes.insert(added);
}

asio::awaitable<void> update_one(typed_model<note> const& notes, object_id id) {
    auto const done = co_await notes.update(doc("_id", id), doc("$inc", doc("reads", 1)));
    EXPECT_EQ(done.matched_count, 1);
}

/// Allocations of one operation. What happens now and then, as a buffer that grows once more, does not count.
asio::awaitable<std::int64_t> measure(std::shared_ptr<store> on, work what) {
    connection const db(std::move(on));
    auto definition = definition_of<note>("note").collection("allocations").field("title", string().required());
    definition.field("reads", integer());
    definition.hook(
        "beforeFilter", "watch", [](filter_args&) {}, required);
    definition.hook(
        "beforePut", "watch", [](put_args&) {}, required);
    auto const notes = co_await db.add<note>(std::move(definition));
    co_await notes.untyped().remove_all();
    note kept;
    kept._id = object_id::generate();
    kept.title = "short";
    kept.stars = 3;
    co_await notes.insert(kept);
    for (int i = 0; i < repetitions; ++i)
        co_await what(notes, kept._id);
    auto const before = allocations;
    for (int i = 0; i < repetitions; ++i)
        co_await what(notes, kept._id);
    auto const made = allocations - before;
    co_await db.close();
    co_return made / repetitions;
}

struct limit {
    char const* name;
    work what;
    /// As many as there are. A change that needs more of them has a reason; one that needs fewer lowers the number.
    std::int64_t on_server;
    std::int64_t in_memory;

    friend void PrintTo(limit const& l, std::ostream* out) { *out << l.name; }
};

class allocations_of : public ::testing::TestWithParam<limit> {};

TEST_P(allocations_of, an_operation_on_the_fast_lane_are_no_more_than_before) {
    char const* const dsn = std::getenv("MONGO_DSN");
    ASSERT_NE(dsn, nullptr) << "tools/with-mongod sets it";
    std::string uri(dsn);
    uri.insert(uri.find('?'), "cormorant_allocations");
    auto const found = run(measure(make_mongo_store(uri), GetParam().what));
    EXPECT_LE(found, GetParam().on_server);
    RecordProperty("allocations", std::to_string(found));
}

TEST_P(allocations_of, an_operation_in_memory_are_no_more_than_before) {
    auto const found = run(measure(make_memory_store(), GetParam().what));
    EXPECT_LE(found, GetParam().in_memory);
    RecordProperty("allocations", std::to_string(found));
}

INSTANTIATE_TEST_SUITE_P(all, allocations_of,
    ::testing::Values(limit{"find_by_id_to_a_struct", find_one, 12, 11}, limit{"find_by_id", find_one_document, 13, 11},
        limit{"insert", insert_one, 21, 17}, limit{"update", update_one, 17, 30}),
    [](auto const& tested) { return std::string(tested.param.name); });

} // namespace
} // namespace cormorant::testing
