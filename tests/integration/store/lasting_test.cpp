/// What a memory store with a folder does beyond the suite: opening, closing, and a disk that is full. How it survives being
/// killed is in tests/chaos/journal.

#include "store_folder.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/connect.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <semaphore>
#include <thread>

namespace {

/// What the tests do to fdatasync.
struct {
    std::atomic<int> calls = 0;
    std::atomic<bool> fails = false;
    /// A call says that it is there, and waits until it may go on.
    std::atomic<bool> waits = false;
    std::counting_semaphore<> arrived{0};
    std::counting_semaphore<> may_go_on{0};
} syncing;

} // namespace

/// Stands in for that of the system in this program.
extern "C" int fdatasync(int descriptor) {
    ++syncing.calls;
    if (syncing.waits) {
        syncing.arrived.release();
        syncing.may_go_on.acquire();
    }
    if (syncing.fails) {
        errno = EIO;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}

namespace cormorant::testing {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::awaitable;
using asio::use_awaitable;

insert_op insert_of(int id, std::size_t size = 0) {
    insert_op op;
    op.collection = "c";
    op.docs.push_back(doc("_id", id, "p", std::string(size, 'x')));
    return op;
}

std::size_t count_in(store& s) {
    find_op all;
    all.collection = "c";
    return found_in(s, std::move(all)).size();
}

class lasting_store_test : public ::testing::Test {
protected:
    memory_options options() const { return memory_options().folder(folder_.path() / "made" / "on demand").sync(false); }
    fs::path journal() const { return folder_.path() / "made" / "on demand" / "journal-000000000000"; }

    temporary_folder folder_;
};

TEST_F(lasting_store_test, is_there_again_when_its_folder_is_opened) {
    {
        auto const s = make_memory_store(options());
        run_on(*s, insert_of(1));
        close(*s);
    }
    {
        auto const s = make_memory_store(options());
        EXPECT_EQ(count_in(*s), 1u);
        run_on(*s, insert_of(2));
    } // destroyed without being closed
    EXPECT_EQ(count_in(*make_memory_store(options())), 2u);
}

TEST_F(lasting_store_test, knows_what_pipelines_wrote) {
    auto const number_unique = [](store& s) {
        create_indexes_op unique;
        unique.collection = "written";
        unique.indexes.push_back({doc("n", 1), doc("unique", true)});
        run_on(s, std::move(unique));
    };
    auto const write = [](store& s, std::string_view stage) {
        aggregate_op op;
        op.collection = "c";
        op.pipeline.push_back(doc("$set", doc("n", doc("$add", arr("$_id", 10)))));
        op.pipeline.push_back(doc(stage, "written"));
        run_on(s, std::move(op));
    };
    auto const written = [](store& s) {
        find_op all;
        all.collection = "written";
        return found_in(s, std::move(all));
    };
    documents before;
    {
        auto const s = make_memory_store(options());
        number_unique(*s);
        run_on(*s, insert_of(1));
        write(*s, "$merge");
        run_on(*s, insert_of(2));
        write(*s, "$out");
        before = written(*s);
        close(*s);
    }
    auto const s = make_memory_store(options());
    documents const after = written(*s);
    ASSERT_EQ(after.size(), 2u);
    for (std::size_t i = 0; i != after.size(); ++i)
        EXPECT_EQ(after[i], before[i]);
    list_indexes_op list;
    list.collection = "written";
    EXPECT_EQ(run_on(*s, std::move(list)).size(), 2u);
}

TEST_F(lasting_store_test, documents_are_not_validated_again) {
    {
        auto const s = make_memory_store(options());
        create_collection_op create;
        create.collection = "c";
        create.options = parse_json_document(R"({"validator": {"$expr": {"$lt": ["$$NOW", "$until"]}}})");
        run_on(*s, std::move(create));
        insert_op op;
        op.collection = "c";
        auto const until = now() + std::chrono::milliseconds(20);
        op.docs.push_back(doc("_id", 1, "until", until));
        run_on(*s, std::move(op));
        while (now() <= until)
            std::this_thread::yield();
        close(*s);
    }
    EXPECT_EQ(count_in(*make_memory_store(options())), 1u);
}

TEST_F(lasting_store_test, has_its_folder_to_itself) {
    auto const s = make_memory_store(options());
    try {
        make_memory_store(options());
        ADD_FAILURE();
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::bad_file);
        EXPECT_NE(e.message().find("in use by another store"), std::string::npos) << e.message();
    }
    close(*s);
    EXPECT_NO_THROW(make_memory_store(options()));
}

TEST_F(lasting_store_test, refuses_a_folder_that_cannot_be_made) {
    std::ofstream(folder_.path() / "file") << "x";
    EXPECT_THROW(make_memory_store(memory_options().folder(folder_.path() / "file" / "below")), error);
}

TEST_F(lasting_store_test, closing_twice_is_closing_once) {
    auto const s = make_memory_store(options());
    run_on(*s, insert_of(1));
    close(*s);
    close(*s);
    try {
        run_on(*s, insert_of(2));
        ADD_FAILURE();
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::not_connected);
    }
}

awaitable<void> insert_and_close(store& s, int& inserted) {
    auto const executor = co_await asio::this_coro::executor;
    for (int i = 0; i != 50; ++i) {
        s.async_run(insert_of(i), call_options(),
            asio::bind_executor(executor, [&](std::exception_ptr e, insert_result const&) { inserted += e ? 0 : 1; }));
    }
    // The inserts have their turn first, and are not yet durable when the store is closed.
    co_await asio::post(executor, use_awaitable);
    co_await s.async_close(use_awaitable);
}

TEST_F(lasting_store_test, closing_waits_for_what_was_written) {
    int inserted = 0;
    {
        auto const s = make_memory_store(options().sync(true));
        run(insert_and_close(*s, inserted));
    }
    EXPECT_EQ(inserted, 50);
    EXPECT_EQ(count_in(*make_memory_store(options())), 50u);
}

/// Starts an operation on a loop; the flag is set when it has completed.
template <class Op>
void start(store& s, asio::io_context& loop, Op op, std::atomic<int>& completed) {
    s.async_run(std::move(op), call_options(),
        asio::bind_executor(loop.get_executor(), [&completed](std::exception_ptr e, auto const&) { completed += e ? 100 : 1; }));
}

count_op count_of_all() {
    count_op op;
    op.collection = "c";
    return op;
}

TEST_F(lasting_store_test, no_answer_comes_before_the_sync_of_what_it_shows) {
    auto const s = make_memory_store(options().sync(true));
    asio::io_context loop(1);
    std::atomic<int> completed = 0;
    syncing.waits = true;
    start(*s, loop, insert_of(1), completed);
    loop.poll();
    syncing.arrived.acquire(); // the insert is in memory and in the file, and is being synced
    start(*s, loop, count_of_all(), completed);
    loop.restart();
    loop.poll(); // the loop is free meanwhile, and the count has had its turn
    EXPECT_EQ(completed, 0);
    syncing.waits = false;
    syncing.may_go_on.release();
    loop.restart();
    loop.run();
    EXPECT_EQ(completed, 2);
    // What is durable costs a read nothing.
    int const before = syncing.calls;
    start(*s, loop, count_of_all(), completed);
    loop.restart();
    loop.run();
    EXPECT_EQ(completed, 3);
    EXPECT_EQ(syncing.calls, before);
}

TEST_F(lasting_store_test, what_waits_for_one_sync_shares_the_next) {
    auto const s = make_memory_store(options().sync(true));
    asio::io_context loop(1);
    std::atomic<int> completed = 0;
    int const before = syncing.calls;
    syncing.waits = true;
    start(*s, loop, insert_of(0), completed);
    loop.poll();
    syncing.arrived.acquire();
    for (int i = 1; i != 64; ++i)
        start(*s, loop, insert_of(i), completed);
    loop.restart();
    loop.poll();
    syncing.waits = false;
    syncing.may_go_on.release();
    loop.restart();
    loop.run();
    EXPECT_EQ(completed, 64);
    EXPECT_EQ(syncing.calls, before + 2);
}

TEST_F(lasting_store_test, without_sync_there_is_no_sync) {
    auto const s = make_memory_store(options().sync(false));
    int const before = syncing.calls;
    run_on(*s, insert_of(1));
    EXPECT_EQ(syncing.calls, before);
}

TEST_F(lasting_store_test, a_sync_that_fails_ends_it) {
    auto const s = make_memory_store(options().sync(true));
    syncing.fails = true;
    try {
        run_on(*s, insert_of(1));
        ADD_FAILURE();
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::bad_file);
        EXPECT_EQ(e.details().what_happened, outcome::maybe_applied);
    }
    syncing.fails = false;
    // A later sync that succeeds says nothing of what an earlier one lost.
    EXPECT_THROW(run_on(*s, insert_of(2)), error);
}

TEST_F(lasting_store_test, completes_on_the_executor_of_the_handler) {
    auto const s = make_memory_store(options());
    asio::io_context loop(1);
    std::thread::id on;
    s->async_run(insert_of(1), call_options(),
        asio::bind_executor(
            loop.get_executor(), [&](std::exception_ptr, insert_result const&) { on = std::this_thread::get_id(); }));
    loop.run();
    EXPECT_EQ(on, std::this_thread::get_id());
}

/// Files of this process cannot grow beyond a size, as on a disk that is full.
class file_size_limit {
public:
    explicit file_size_limit(std::uint64_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        rlimit limit = before_;
        limit.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~file_size_limit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    file_size_limit(file_size_limit const&) = delete;
    file_size_limit& operator=(file_size_limit const&) = delete;

private:
    rlimit before_{};
    void (*handler_)(int) = nullptr;
};

TEST_F(lasting_store_test, a_full_disk_ends_it_with_an_error_and_what_was_acknowledged_stays) {
    int acknowledged = 0;
    {
        auto const s = make_memory_store(options().sync(true));
        file_size_limit const full(20'000);
        try {
            for (;; ++acknowledged)
                run_on(*s, insert_of(acknowledged, 900));
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::bad_file);
            EXPECT_EQ(e.details().operation, "insert");
            EXPECT_TRUE(e.details().is_write);
            EXPECT_EQ(e.details().what_happened, outcome::maybe_applied);
            EXPECT_NE(e.message().find("journal-"), std::string::npos) << e.message();
        }
        EXPECT_GT(acknowledged, 5);
        // Nothing is answered that might not last.
        for (int i = 0; i != 2; ++i) {
            try {
                i == 0 ? (void)run_on(*s, insert_of(1000)) : (void)count_in(*s);
                ADD_FAILURE();
            } catch (error const& e) {
                EXPECT_EQ(e.code(), errc::bad_file);
                EXPECT_EQ(e.details().what_happened, outcome::not_sent);
                EXPECT_NE(e.message().find("opened again"), std::string::npos) << e.message();
            }
        }
    }
    auto const s = make_memory_store(options());
    EXPECT_EQ(count_in(*s), static_cast<std::size_t>(acknowledged));
    run_on(*s, insert_of(acknowledged));
}

TEST_F(lasting_store_test, a_snapshot_that_cannot_be_written_leaves_the_journal) {
    {
        auto const s = make_memory_store(options().snapshot_size(1000));
        // The name of the snapshot is taken by a folder: it cannot be created.
        fs::create_directories(journal().parent_path() / "snapshot-000000000001.tmp");
        for (int i = 0; i != 20; ++i)
            run_on(*s, insert_of(i, 100));
        close(*s);
    }
    fs::remove_all(journal().parent_path() / "snapshot-000000000001.tmp");
    EXPECT_EQ(count_in(*make_memory_store(options())), 20u);
}

awaitable<std::string> connect_and_insert(std::string uri, int id) {
    auto db = co_await connect(std::move(uri));
    auto const s = db.store();
    std::string const name(s->database());
    co_await s->async_run(insert_of(id), call_options(), use_awaitable);
    co_await db.close();
    co_return name;
}

TEST_F(lasting_store_test, is_named_by_a_connection_string) {
    auto const uri = "memory://" + folder_.path().string() + "/a%20folder?sync=false&snapshot_size=100000&name=shop";
    EXPECT_EQ(run(connect_and_insert(uri, 1)), "shop");
    EXPECT_EQ(run(connect_and_insert(uri, 2)), "shop");
    EXPECT_EQ(count_in(*make_memory_store(memory_options().folder(folder_.path() / "a folder"))), 2u);
}

TEST_F(lasting_store_test, refuses_connection_strings_that_make_no_sense) {
    for (char const* uri : {"memory:///x?sync=yes", "memory:///x?snapshot_size=-1", "memory:///x?unknown=1", "memory:///x?sync",
             "memory:///x%zz", "memory:///x%00", "memory://name/x", "memory://name?sync=true", "mongodb:///x"}) {
        try {
            memory_options().with_uri(uri);
            ADD_FAILURE() << uri;
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::bad_uri) << uri;
        }
    }
}

} // namespace
} // namespace cormorant::testing
