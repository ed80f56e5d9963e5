/// What opening makes of every way in which a journal can be cut or damaged.

#include "script.hpp"
#include "store_folder.hpp"

#include <cormorant/bson/json.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>

namespace cormorant::testing {
namespace {

namespace fs = std::filesystem;

constexpr char const* journal_name = "journal-000000000000";

std::shared_ptr<store> open(fs::path const& folder, std::uint64_t snapshot_size = 1U << 30U) {
    return make_memory_store(memory_options().folder(folder).sync(false).snapshot_size(snapshot_size));
}

insert_op insert_of(std::string_view json) {
    insert_op op;
    op.collection = "c";
    auto const docs = parse_json(json);
    for (value const& v : docs.as_array())
        op.docs.push_back(v.as_document());
    return op;
}

update_op update_of(document filter, document change) {
    update_op op;
    op.collection = "c";
    op.filter = std::move(filter);
    op.update = value(std::move(change));
    op.multi = true;
    return op;
}

create_collection_op view_of(char const* name, document stage) {
    create_collection_op op;
    op.collection = name;
    op.view_on = "c";
    op.pipeline.push_back(std::move(stage));
    return op;
}

/// Every kind of effect, one operation after the other.
std::vector<std::function<void(store&)>> operations() {
    std::vector<std::function<void(store&)>> result;
    result.emplace_back([](store& s) { run_on(s, insert_of(R"([{"_id": 1, "a": "x"}, {"_id": 2, "a": "y"}])")); });
    result.emplace_back([](store& s) {
        create_indexes_op op;
        op.collection = "c";
        op.indexes.resize(1);
        op.indexes[0].keys = doc("a", 1);
        op.indexes[0].options = doc("unique", true, "sparse", true);
        run_on(s, std::move(op));
    });
    result.emplace_back([](store& s) { run_on(s, update_of(document(), doc("$set", doc("n", 1)))); });
    result.emplace_back([](store& s) {
        remove_op op;
        op.collection = "c";
        op.filter = doc("_id", 1);
        run_on(s, std::move(op));
    });
    result.emplace_back([](store& s) { run_on(s, view_of("v", doc("$match", doc("n", 1)))); });
    result.emplace_back([](store& s) {
        modify_view_op op;
        op.collection = "v";
        op.view_on = "c";
        run_on(s, std::move(op));
    });
    result.emplace_back([](store& s) {
        drop_index_op op;
        op.collection = "c";
        op.index = "a_1";
        run_on(s, std::move(op));
    });
    result.emplace_back([](store& s) {
        drop_collection_op op;
        op.collection = "v";
        run_on(s, std::move(op));
    });
    result.emplace_back([](store& s) {
        // A transaction is one operation; one that is not committed leaves nothing.
        call_options unfinished;
        unfinished.session = s.make_session();
        unfinished.session->start_transaction();
        run(s.async_run(insert_of(R"([{"_id": "never"}])"), unfinished, boost::asio::use_awaitable));
        call_options in;
        in.session = s.make_session();
        in.session->start_transaction();
        run(s.async_run(insert_of(R"([{"_id": 3}, {"_id": 4}])"), in, boost::asio::use_awaitable));
        run(s.async_run(update_of(doc("_id", 2), doc("$set", doc("n", 2))), in, boost::asio::use_awaitable));
        auto other = insert_of(R"([{"_id": 1}])");
        other.collection = "made_by_it";
        run(s.async_run(std::move(other), in, boost::asio::use_awaitable));
        remove_op gone;
        gone.collection = "c";
        gone.filter = doc("_id", 3);
        run(s.async_run(std::move(gone), in, boost::asio::use_awaitable));
        run(s.async_run(commit_transaction_op(), in, boost::asio::use_awaitable));
    });
    result.emplace_back([](store& s) { run_on(s, drop_database_op()); });
    result.emplace_back([](store& s) { run_on(s, insert_of(R"([{"_id": {"$oid": "0123456789abcdef01234567"}}])")); });
    return result;
}

TEST(journal_damage, a_journal_cut_anywhere_opens_to_what_was_written_before) {
    temporary_folder folder;
    auto const path = folder.path() / journal_name;
    // The contents after each operation, by the size of the journal.
    std::map<std::size_t, std::string> contents;
    {
        auto const s = open(folder.path());
        contents[fs::file_size(path)] = contents_of(*s);
        for (auto const& operation : operations()) {
            operation(*s);
            contents[fs::file_size(path)] = contents_of(*s);
        }
        close(*s);
    }
    auto const whole = read_file(path);
    ASSERT_EQ(contents.rbegin()->first, whole.size());
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        folder.clear();
        write_file(path, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut)});
        auto const s = open(folder.path());
        auto const expected = cut < contents.begin()->first ? contents.begin() : std::prev(contents.upper_bound(cut));
        ASSERT_EQ(contents_of(*s), expected->second) << "cut at " << cut;
        close(*s);
        ASSERT_EQ(fs::file_size(path), expected->first) << "cut at " << cut;
    }
    RecordProperty("cuts", static_cast<int>(whole.size() + 1));
    std::printf("%zu cuts of a journal of %zu operations\n", whole.size() + 1, operations().size());
}

TEST(journal_damage, what_is_written_after_a_cut_lasts) {
    temporary_folder folder;
    auto const path = folder.path() / journal_name;
    {
        auto const s = open(folder.path());
        run_on(*s, insert_of(R"([{"_id": 1}])"));
        run_on(*s, insert_of(R"([{"_id": 2}])"));
        close(*s);
    }
    fs::resize_file(path, fs::file_size(path) - 3);
    {
        auto const s = open(folder.path());
        run_on(*s, insert_of(R"([{"_id": 3}])"));
        close(*s);
    }
    auto const s = open(folder.path());
    find_op all;
    all.collection = "c";
    auto const found = found_in(*s, std::move(all));
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[1].at("_id"), value(3));
}

/// Opens with one byte changed, everywhere in the file. Each time it has to be found.
void flip_everywhere(temporary_folder const& folder, fs::path const& path) {
    auto const whole = read_file(path);
    for (std::size_t at = 0; at != whole.size(); ++at) {
        for (int const bit : {0, 7}) {
            auto damaged = whole;
            damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
            write_file(path, damaged);
            try {
                open(folder.path());
                FAIL() << "byte " << at << ", bit " << bit << " of " << path;
            } catch (error const& e) {
                ASSERT_EQ(e.code(), errc::bad_file) << e.what();
                ASSERT_NE(e.message().find(path.filename().string()), std::string::npos) << e.message();
                ASSERT_NE(e.message().find("offset "), std::string::npos) << e.message();
            }
            ASSERT_EQ(fs::file_size(path), whole.size());
        }
    }
    write_file(path, whole);
    std::printf("%zu flips in %s\n", whole.size() * 2, path.filename().c_str());
}

TEST(journal_damage, a_flipped_bit_is_found) {
    temporary_folder folder;
    {
        auto const s = open(folder.path());
        for (auto const& operation : operations())
            operation(*s);
        close(*s);
    }
    flip_everywhere(folder, folder.path() / journal_name);
    EXPECT_NO_THROW(open(folder.path()));
}

std::vector<fs::path> files_named(fs::path const& folder, std::string_view prefix) {
    std::vector<fs::path> result;
    for (auto const& each : fs::directory_iterator(folder)) {
        if (each.path().filename().string().starts_with(prefix) && each.path().extension() != ".tmp")
            result.push_back(each.path());
    }
    std::ranges::sort(result);
    return result;
}

/// Writes until there is a snapshot and the journal that goes with it; nothing writes after that.
std::string write_until_snapshot(fs::path const& folder) {
    auto const s = open(folder, 1000);
    run_on(*s, indexes());
    for (int i = 0; files_named(folder, "snapshot-").empty(); ++i)
        run_on(*s, insert_of("[" + to_json(make_document(i, 1)) + "]"));
    auto contents = contents_of(*s);
    close(*s);
    return contents;
}

TEST(journal_damage, a_snapshot_takes_the_place_of_the_journal) {
    temporary_folder folder;
    auto const contents = write_until_snapshot(folder.path());
    EXPECT_EQ(files_named(folder.path(), "snapshot-").size(), 1u);
    EXPECT_FALSE(fs::exists(folder.path() / journal_name));
    EXPECT_EQ(contents_of(*open(folder.path())), contents);
}

TEST(journal_damage, a_damaged_snapshot_is_found) {
    temporary_folder folder;
    write_until_snapshot(folder.path());
    auto const snapshot = files_named(folder.path(), "snapshot-").back();
    auto const whole = read_file(snapshot);
    std::size_t const step = std::max<std::size_t>(1, whole.size() / 200);
    for (std::size_t at = 0; at < whole.size(); at += step) {
        auto damaged = whole;
        damaged[at] = static_cast<char>(~damaged[at]);
        write_file(snapshot, damaged);
        EXPECT_THROW(open(folder.path()), error) << "byte " << at;
        write_file(snapshot, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(at)});
        EXPECT_THROW(open(folder.path()), error) << "cut at " << at;
    }
    write_file(snapshot, whole);
    EXPECT_NO_THROW(open(folder.path()));
}

TEST(journal_damage, a_missing_file_is_found) {
    temporary_folder folder;
    write_until_snapshot(folder.path());
    fs::remove(files_named(folder.path(), "journal-").front());
    EXPECT_THROW(open(folder.path()), error);
}

TEST(journal_damage, half_written_files_are_nobodys) {
    temporary_folder folder;
    auto const contents = write_until_snapshot(folder.path());
    write_file(folder.path() / "snapshot-000000000009.tmp", {'x'});
    write_file(folder.path() / "journal-000000000000", {'x'}); // older than the snapshot
    EXPECT_EQ(contents_of(*open(folder.path())), contents);
    EXPECT_FALSE(fs::exists(folder.path() / "snapshot-000000000009.tmp"));
}

TEST(journal_damage, zeros_that_a_file_system_left_behind_are_a_torn_tail) {
    temporary_folder folder;
    auto const path = folder.path() / journal_name;
    {
        auto const s = open(folder.path());
        run_on(*s, insert_of(R"([{"_id": 1}])"));
        close(*s);
    }
    auto const good = fs::file_size(path);
    fs::resize_file(path, good + 5000);
    close(*open(folder.path()));
    EXPECT_EQ(fs::file_size(path), good);
    // A frame whose first sectors came to the medium, and whose last did not.
    {
        auto const s = open(folder.path());
        run_on(*s, insert_of("[{\"_id\": 2, \"p\": \"" + std::string(3000, 'x') + "\"}]"));
        close(*s);
    }
    auto const size = fs::file_size(path);
    fs::resize_file(path, 1024);
    fs::resize_file(path, size);
    auto const s = open(folder.path());
    EXPECT_EQ(fs::file_size(path), good);
    find_op all;
    all.collection = "c";
    EXPECT_EQ(found_in(*s, std::move(all)).size(), 1u);
}

} // namespace
} // namespace cormorant::testing
