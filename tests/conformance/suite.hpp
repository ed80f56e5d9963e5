#pragma once

/// What a suite of cases brings to the runner: the meaning of its models and operations.

#include "database.hpp"
#include "matcher.hpp"

#include <cormorant/error/error.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace conformance {

/// One reason for which an operation failed, in the words of the case files.
struct cause {
    std::string kind;
    /// Dotted; empty when the error names none.
    std::string path;
};

/// The kind of an error code, `"validation"`, ..., `"other"`.
std::string_view kind_of(boost::system::error_code const& code);

/// What a suite can use of the process that it runs in.
struct environment {
    raw_database database;
};

/// Runs the operations of one case: every case gets an object of its own.
class suite {
public:
    virtual ~suite() = default;

    virtual match_rules rules() const { return {}; }
    /// Keys of a case and of a step that only this suite has.
    virtual std::span<std::string_view const> case_keys() const { return {}; }
    virtual std::span<std::string_view const> step_keys() const { return {}; }

    /// Makes what `models` defines. The raw data is in the database by then.
    virtual boost::asio::awaitable<void> begin(document const& test_case) = 0;
    /// Gives the answer of an operation, undefined when it has none. `step` has its references resolved and lives as long as the
    /// coroutine. Throws `bad_case` for what the suite does not know, anything else for an operation that fails.
    virtual boost::asio::awaitable<value> run_step(document const& step) = 0;
    /// Why an operation failed, the main reason first: an expected error has to be the first of these.
    virtual std::vector<cause> causes(cormorant::error const& e) const;
};

using suite_factory = std::unique_ptr<suite> (*)(environment&);
/// Null when there is no suite of this name.
suite_factory find_suite(std::string_view name);

std::unique_ptr<suite> make_mongolayer_suite(environment& env);
std::unique_ptr<suite> make_js_repository_suite(environment& env);

} // namespace conformance
