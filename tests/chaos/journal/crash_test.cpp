/// Kills a program that writes, again and again, and looks what is there.

#include "script.hpp"
#include "store_folder.hpp"

#include <cormorant/bson/json.hpp>

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <set>

namespace cormorant::testing {
namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

/// The writing program, with what it says.
class writing_process {
public:
    writing_process(std::string const& uri, unsigned seed) {
        int ends[2] = {};
        if (::pipe(ends) != 0)
            throw std::runtime_error("pipe failed");
        auto const text = std::to_string(seed);
        process_ = ::fork();
        if (process_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL); // it ends with the test
            ::dup2(ends[1], STDOUT_FILENO);
            ::close(ends[0]);
            ::close(ends[1]);
            ::execl(JOURNAL_WRITER, JOURNAL_WRITER, uri.c_str(), text.c_str(), nullptr);
            ::_exit(127);
        }
        ::close(ends[1]);
        output_ = ends[0];
    }
    writing_process(writing_process const&) = delete;
    writing_process& operator=(writing_process const&) = delete;
    ~writing_process() {
        if (process_ > 0)
            kill();
        ::close(output_);
    }

    /// The next line; nothing at its end or at the deadline.
    std::optional<std::string> line(clock::time_point deadline) {
        for (;;) {
            if (auto const end = said_.find('\n'); end != std::string::npos) {
                auto result = said_.substr(0, end);
                said_.erase(0, end + 1);
                return result;
            }
            auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
            pollfd waiting{output_, POLLIN, 0};
            if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) == 0)
                return std::nullopt;
            char buffer[4096];
            auto const got = ::read(output_, buffer, sizeof buffer);
            if (got <= 0)
                return std::nullopt;
            said_.append(buffer, static_cast<std::size_t>(got));
        }
    }

    /// Answers the signal that ended it.
    int kill() {
        ::kill(process_, SIGKILL);
        int status = 0;
        ::waitpid(process_, &status, 0);
        process_ = -1;
        return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }

private:
    pid_t process_ = -1;
    int output_ = -1;
    std::string said_;
};

/// The versions that documents have, or may have: 0 is none.
struct expectation {
    int version = 0;
    std::optional<int> maybe;
};

class crash_test : public ::testing::Test {
protected:
    void follow(std::string const& line) {
        auto const said = parse_line(line);
        ASSERT_TRUE(said) << line;
        if (said->begun) {
            begun_[said->writer] = *said->begun;
            auto const& s = *said->begun;
            expected_[s.id].maybe = s.what == step::kind::remove ? 0 : s.version;
            return;
        }
        auto& e = expected_[begun_.at(said->writer).id];
        e.version = *e.maybe;
        e.maybe.reset();
        begun_.erase(said->writer);
        ++acknowledged_;
    }

    /// Compares a store with what was acknowledged, and takes over what turns out to have been written.
    void verify(store& s) {
        find_op all;
        all.collection = "c";
        std::map<int, document> found;
        for (document& d : found_in(s, std::move(all))) {
            int const id = static_cast<int>(d.at("_id").as_int64());
            ASSERT_TRUE(found.emplace(id, std::move(d)).second) << id;
        }
        for (auto& [id, e] : expected_) {
            auto const at = found.find(id);
            int const version = at == found.end() ? 0 : static_cast<int>(at->second.at("version").as_int64());
            ASSERT_TRUE(version == e.version || version == e.maybe)
                << "document " << id << " has version " << version << ", acknowledged was " << e.version;
            unacknowledged_ += version != e.version ? 1 : 0;
            e = {version, std::nullopt};
            if (version != 0) {
                ASSERT_EQ(at->second, make_document(id, version));
            }
        }
        for (auto const& [id, d] : found)
            ASSERT_TRUE(expected_.contains(id)) << id;
        begun_.clear();
        verify_indexes(s, found);
    }

private:
    static std::set<int> ids_of(store& s, find_op op) {
        std::set<int> result;
        for (document const& d : found_in(s, std::move(op)))
            EXPECT_TRUE(result.insert(static_cast<int>(d.at("_id").as_int64())).second);
        return result;
    }

    static void verify_indexes(store& s, std::map<int, document> const& found) {
        list_indexes_op list;
        list.collection = "c";
        if (found.empty() && run_on(s, list).empty())
            return; // killed before the collection was made
        ASSERT_EQ(run_on(s, list).size(), 4u);
        std::map<std::pair<std::string, std::string>, std::set<int>> groups;
        for (auto const& [id, d] : found) {
            groups[{"u", to_json(d.at("u"))}].insert(id);
            groups[{"group", to_json(d.at("group"))}].insert(id);
            groups[{"text", to_json(d.at("text"))}].insert(id);
        }
        for (auto const& [key, ids] : groups) {
            find_op op;
            op.collection = "c";
            auto const wanted = parse_json(key.second);
            if (key.first == "text") {
                op.filter = doc("$text", doc("$search", wanted.as_string().substr(0, wanted.as_string().find(' '))));
            } else {
                op.filter = doc(key.first, wanted);
                op.hint = value(key.first + "_1");
            }
            ASSERT_EQ(ids_of(s, std::move(op)), ids) << key.first << " " << key.second;
        }
        find_op every;
        every.collection = "c";
        every.hint = value("group_1");
        ASSERT_EQ(ids_of(s, std::move(every)).size(), found.size());
    }

protected:
    std::map<int, expectation> expected_;
    std::map<int, step> begun_;
    std::int64_t acknowledged_ = 0;
    std::int64_t unacknowledged_ = 0;
};

unsigned seed_of_test() {
    char const* const given = std::getenv("CORMORANT_SEED");
    return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : std::random_device()() % 1000000;
}

TEST_F(crash_test, what_was_acknowledged_survives_being_killed) {
    constexpr int kills = 200;
    unsigned const seed = seed_of_test();
    SCOPED_TRACE("CORMORANT_SEED=" + std::to_string(seed));
    std::mt19937 random(seed);
    temporary_folder folder;
    int early = 0;
    int snapshots = 0;
    for (int round = 0; round != kills && !HasFatalFailure(); ++round) {
        bool const sync = round % 2 == 0;
        auto const uri = "memory://" + folder.path().string() + "?snapshot_size=60000&sync=" + (sync ? "true" : "false");
        writing_process process(uri, static_cast<unsigned>(round) + 1);
        auto const first = process.line(clock::now() + std::chrono::seconds(30));
        ASSERT_TRUE(first) << "the writer says nothing, round " << round;
        follow(*first);
        // Some die while they begin, most in the middle of their work.
        auto const lifetime = std::chrono::microseconds(std::uniform_int_distribution(0, round % 10 == 0 ? 2000 : 30000)(random));
        auto const end = clock::now() + lifetime;
        while (auto const line = process.line(end))
            follow(*line);
        ASSERT_EQ(process.kill(), SIGKILL);
        auto const before = acknowledged_;
        while (auto const line = process.line(clock::now() + std::chrono::seconds(30)))
            follow(*line);
        early += before == 0 ? 1 : 0;
        auto const s = make_memory_store(memory_options().with_uri(uri));
        verify(*s);
        close(*s);
        for (auto const& each : fs::directory_iterator(folder.path()))
            snapshots = std::max(snapshots,
                each.path().filename().string().starts_with("snapshot-") ? std::atoi(each.path().filename().c_str() + 9) : 0);
    }
    std::printf("seed %u: %d kills, %lld writes acknowledged, %lld more were found written, the last snapshot is number %d\n",
        seed, kills, static_cast<long long>(acknowledged_), static_cast<long long>(unacknowledged_), snapshots);
    EXPECT_GT(acknowledged_, kills);
    EXPECT_GT(snapshots, 0);
}

} // namespace
} // namespace cormorant::testing
