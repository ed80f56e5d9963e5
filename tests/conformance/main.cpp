/// conformance --suite NAME --store memory|mongo [--dsn URI] [--case NAME] [--verbose] [--no-fast-lane] [--in-process] DIR

#include "isolation.hpp"
#include "runner.hpp"

#include <cormorant/connect.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace conformance {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// A case that is not over by then is cancelled...
constexpr auto case_deadline = 20s;
/// ... and one that does not even end when it is cancelled is given up, with the process that it runs in.
constexpr auto cancellation_grace = 5s;

/// How the answer of a case begins that was not run.
constexpr auto skip_mark = '\0';

struct arguments {
    std::string suite;
    std::string store;
    std::string dsn;
    std::string only;
    std::string folder;
    bool verbose = false;
    bool in_process = false;
    bool fast_lane = true;
};

constexpr std::string_view usage =
    "usage: conformance --suite NAME --store memory|mongo [--dsn URI] [--case NAME] [--verbose] [--no-fast-lane] [--in-process] DIR\n"
    "  --dsn URI     MongoDB to run on (default: the environment's MONGO_DSN); a database of its own is used and dropped\n"
    "  --case NAME   only the cases of this name\n"
    "  --no-fast-lane  MongoDB's driver thread alone\n"
    "  --in-process  do not protect the run against crashes (for debuggers)\n";

arguments parse(std::span<char* const> words) {
    arguments result;
    if (char const* dsn = std::getenv("MONGO_DSN")) {
        result.dsn = dsn;
    }
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string_view const word = words[i];
        auto const take = [&](std::string& target) {
            if (++i == words.size()) {
                throw std::invalid_argument(fmt::format("{} needs a value", word));
            }
            target = words[i];
        };
        if (word == "--suite") {
            take(result.suite);
        } else if (word == "--store") {
            take(result.store);
        } else if (word == "--dsn") {
            take(result.dsn);
        } else if (word == "--case") {
            take(result.only);
        } else if (word == "--verbose") {
            result.verbose = true;
        } else if (word == "--no-fast-lane") {
            result.fast_lane = false;
        } else if (word == "--in-process") {
            result.in_process = true;
        } else if (word.starts_with("--") || !result.folder.empty()) {
            throw std::invalid_argument(fmt::format("unknown argument '{}'", word));
        } else {
            result.folder = word;
        }
    }
    if (find_suite(result.suite) == nullptr) {
        throw std::invalid_argument(fmt::format("unknown suite '{}'", result.suite));
    }
    if (result.store != "memory" && result.store != "mongo") {
        throw std::invalid_argument(fmt::format("unknown store '{}'", result.store));
    }
    if (result.store == "mongo" && result.dsn.empty()) {
        throw std::invalid_argument("--store mongo needs --dsn or MONGO_DSN");
    }
    if (result.folder.empty()) {
        throw std::invalid_argument("no folder of cases");
    }
    return result;
}

/// The connection string with another database.
std::string with_database(std::string_view uri, std::string_view database) {
    auto const scheme = uri.find("://");
    auto const hosts = scheme == std::string_view::npos ? 0 : scheme + 3;
    auto const options = std::min(uri.find('?', hosts), uri.size());
    auto const path = std::min(uri.find('/', hosts), options);
    return fmt::format("{}/{}{}", uri.substr(0, path), database, uri.substr(options));
}

/// Runs cases one after the other on one thread.
class worker {
public:
    worker(suite_factory make_suite, std::string const& uri, cormorant::connect_options const& options)
        : make_suite_(make_suite), env_{raw_database(cormorant::make_store(uri, options))} {
        // A server that does not answer stops the whole run here.
        finish(env_.database.reset(emptiness::of_collections));
    }
    worker(worker const&) = delete;
    worker& operator=(worker const&) = delete;
    ~worker() {
        try {
            finish(env_.database.drop());
            finish(close(env_.database.store()));
        } catch (std::exception const& e) {
            fmt::print(stderr, "cleaning up: {}\n", e.what());
        }
    }

    /// Nothing when it passed, what went wrong when it failed, `skip_mark` and the reason when the store cannot run it.
    std::string run(test_case const& the_case) {
        if (auto const need = special_need(the_case.content, env_.database.store()->capabilities()); !need.empty()) {
            return fmt::format("{}the {} store has no {}", skip_mark, env_.database.store()->kind(), need);
        }
        std::optional<std::string> result;
        asio::cancellation_signal cancel;
        asio::steady_timer deadline(io_, case_deadline);
        auto late = false;
        deadline.async_wait([&](boost::system::error_code const& ec) {
            if (!ec) {
                late = true;
                cancel.emit(asio::cancellation_type::terminal);
            }
        });
        asio::co_spawn(io_, run_case(env_, make_suite_, the_case),
            asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error, std::string answer) {
                result = error ? "cancelled" : std::move(answer);
                deadline.cancel();
            }));
        io_.restart();
        io_.run_for(case_deadline + cancellation_grace);
        if (!result) {
            throw std::runtime_error(fmt::format("{}:{} cannot be cancelled", the_case.file, the_case.name));
        }
        return late ? fmt::format("no end within {} s: {}", case_deadline / 1s, *result) : *result;
    }

private:
    static asio::awaitable<void> close(std::shared_ptr<cormorant::store> store) {
        co_await store->async_close(asio::use_awaitable);
    }

    void finish(asio::awaitable<void> work) {
        std::exception_ptr error;
        asio::co_spawn(io_, std::move(work), [&](std::exception_ptr e) { error = e; });
        io_.restart();
        io_.run();
        if (error) {
            std::rethrow_exception(error);
        }
    }

    asio::io_context io_;
    suite_factory make_suite_;
    environment env_;
};

int run(arguments const& args) {
    auto cases = load_cases(args.folder);
    std::erase_if(cases, [&](test_case const& c) {
        return (!args.only.empty() && c.name != args.only) ||
               !applies_to(c.content, args.store == "mongo" ? "mongodb" : "memory");
    });
    auto const database = fmt::format("cormorant_conformance_{}", ::getpid());
    auto const uri = args.store == "mongo" ? with_database(args.dsn, database) : "memory://" + database;
    auto const options = cormorant::connect_options().mongo(cormorant::mongo_options().fast_lane(args.fast_lane));
    std::size_t passed = 0;
    std::size_t failed = 0;

    auto const make_worker = [&]() -> job_function {
        auto w = std::make_shared<worker>(find_suite(args.suite), uri, options);
        return [w, &cases](std::size_t i) { return w->run(cases[i]); };
    };
    auto const report = [&](std::size_t i, std::string const& answer) {
        auto const name = cases[i].file + ":" + cases[i].name;
        if (answer.empty()) {
            ++passed;
            if (args.verbose) {
                fmt::print("ok {}\n", name);
            }
        } else if (answer.front() == skip_mark) {
            fmt::print("SKIP {}: {}\n", name, answer.substr(1));
        } else {
            ++failed;
            auto line = answer;
            std::replace(line.begin(), line.end(), '\n', ' ');
            fmt::print("FAIL {}: {}\n", name, line);
        }
    };
    if (args.in_process) {
        auto const job = make_worker();
        for (std::size_t i = 0; i < cases.size(); ++i) {
            report(i, job(i));
        }
    } else {
        run_isolated(cases.size(), case_deadline + 2 * cancellation_grace, make_worker, report);
    }
    fmt::print("{} passed, {} failed\n", passed, failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace

} // namespace conformance

int main(int argc, char** argv) {
    try {
        return conformance::run(conformance::parse(std::span<char* const>(argv, static_cast<std::size_t>(argc)).subspan(1)));
    } catch (std::invalid_argument const& e) {
        fmt::print(stderr, "conformance: {}\n{}", e.what(), conformance::usage);
        return 2;
    } catch (std::exception const& e) {
        fmt::print(stderr, "conformance: {}\n", e.what());
        return 2;
    }
}
