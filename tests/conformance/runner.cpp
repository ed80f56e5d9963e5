#include "runner.hpp"

#include <cormorant/bson/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <initializer_list>
#include <optional>
#include <utility>

namespace conformance {

using boost::asio::awaitable;

namespace {

void require_known_keys(document const& object, std::string_view what, std::initializer_list<std::string_view> known,
    std::span<std::string_view const> more = {}) {
    for (auto const& [key, ignored] : object) {
        if (std::find(known.begin(), known.end(), key) == known.end() && std::find(more.begin(), more.end(), key) == more.end()) {
            throw bad_case(fmt::format("unknown key '{}' in {}", key, what));
        }
    }
}

template <class T>
T const* optional_member(
    document const& object, std::string_view key, T const* (value::*as)() const noexcept, std::string_view shape) {
    auto const* const member = object.find(key);
    if (member == nullptr) {
        return nullptr;
    }
    auto const* const found = (member->*as)();
    if (found == nullptr) {
        throw bad_case(fmt::format("'{}' has to be {}", key, shape));
    }
    return found;
}
document const* object_member(document const& object, std::string_view key) {
    return optional_member<document>(object, key, &value::if_document, "an object");
}
array const* array_member(document const& object, std::string_view key) {
    return optional_member<array>(object, key, &value::if_array, "an array");
}

/// What an operation came to: an answer or an exception.
struct ending {
    value answer{cormorant::undefined()};
    std::exception_ptr exception;
};

awaitable<ending> run_step(suite& the_suite, document const& step) {
    ending result;
    try {
        result.answer = co_await the_suite.run_step(step);
    } catch (bad_case const&) {
        throw;
    } catch (...) {
        result.exception = std::current_exception();
    }
    co_return result;
}

/// The causes of a failure, and its text.
std::pair<std::vector<cause>, std::string> explain(suite const& the_suite, std::exception_ptr const& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (cormorant::error const& e) {
        if (e.code() == cormorant::errc::cancelled) {
            throw; // the deadline of the case: no answer of the library
        }
        return {the_suite.causes(e), e.report()};
    } catch (boost::system::system_error const& e) {
        return {std::vector<cause>(1, cause{std::string(kind_of(e.code())), {}}), e.what()};
    } catch (std::exception const& e) {
        return {std::vector<cause>(1, cause{"other", {}}), e.what()};
    }
}

std::string check_error(suite const& the_suite, document const& expected, ending const& result) {
    require_known_keys(expected, "an expected error", {"kind", "path"});
    auto const kind = expected.get_or("kind", "");
    auto const path = expected.get_or("path", "");
    auto const wanted = fmt::format("error {}{}{}", kind.empty() ? "of any kind" : kind, path.empty() ? "" : " at ", path);
    if (!result.exception) {
        return fmt::format("expected {}, got {}", wanted, cormorant::shorten(result.answer, 400));
    }
    auto const [causes, text] = explain(the_suite, result.exception);
    auto const fits = [&](cause const& c) { return (kind.empty() || c.kind == kind) && (path.empty() || c.path == path); };
    if (std::any_of(causes.begin(), causes.end(), fits)) {
        return {};
    }
    return fmt::format("expected {}, got error {}{}{}: {}", wanted, causes.front().kind,
        causes.front().path.empty() ? "" : " at ", causes.front().path, text);
}

std::string check_step(suite const& the_suite, document const& step, ending const& result, matcher& names) {
    auto const* const expectation = object_member(step, "expect");
    if (expectation != nullptr) {
        require_known_keys(*expectation, "'expect'", {"result", "error"});
        if (auto const* error = object_member(*expectation, "error")) {
            return check_error(the_suite, *error, result);
        }
    }
    if (result.exception) {
        auto const [causes, text] = explain(the_suite, result.exception);
        return fmt::format("expected success, got error {}: {}", causes.front().kind, text);
    }
    if (expectation != nullptr && expectation->contains("result")) {
        if (auto const found = names.match(&result.answer, expectation->at("result"))) {
            return to_string(*found);
        }
    }
    return {};
}

awaitable<void> put_data(raw_database& database, document const& data) {
    for (auto const& [collection, content] : data) {
        cormorant::documents docs;
        for (auto const& d : content.as_array()) {
            docs.push_back(d.as_document());
        }
        co_await database.put(std::string(collection), std::move(docs));
    }
}

awaitable<std::string> check_outcome(raw_database& database, document const& outcome, matcher& names) {
    for (auto const& [collection, expected] : outcome) {
        value const present = co_await database.contents(std::string(collection));
        if (auto const found = names.match(&present, expected)) {
            co_return fmt::format("outcome: {}: {}", collection, to_string(*found));
        }
    }
    co_return std::string();
}

/// Where a case stands, so that whatever is thrown can be placed.
struct progress {
    std::string place = "reading";
};

awaitable<std::string> run_all(environment& env, suite_factory make_suite, document const& content, progress& now) {
    auto const the_suite = make_suite(env);
    require_known_keys(content, "a case", {"name", "about", "note", "adapters", "should", "models", "data", "steps", "outcome"},
        the_suite->case_keys());
    now.place = "data";
    co_await env.database.reset(mentions_key(content, "viewOn") ? emptiness::of_collections : emptiness::of_documents);
    if (auto const* data = object_member(content, "data")) {
        co_await put_data(env.database, *data);
    }
    now.place = "models";
    co_await the_suite->begin(content);

    matcher names(the_suite->rules());
    auto const* const steps = array_member(content, "steps");
    for (std::size_t i = 0; steps != nullptr && i < steps->size(); ++i) {
        now.place = fmt::format("step {}", i + 1);
        document step = (*steps)[i].as_document();
        now.place = fmt::format("step {} ({})", i + 1, step.get_or("op", "no op"));
        require_known_keys(step, "a step", {"op", "model", "args", "expect", "about", "note"}, the_suite->step_keys());
        if (auto* args = step.find("args")) {
            *args = names.resolve(*args);
        }
        ending const result = co_await run_step(*the_suite, step);
        auto disappointment = check_step(*the_suite, step, result, names);
        if (!disappointment.empty()) {
            co_return now.place + ": " + disappointment;
        }
    }
    now.place = "outcome";
    if (auto const* outcome = object_member(content, "outcome")) {
        co_return co_await check_outcome(env.database, *outcome, names);
    }
    co_return std::string();
}

} // namespace

awaitable<std::string> run_case(environment& env, suite_factory make_suite, test_case const& the_case) {
    if (!the_case.fault.empty()) {
        co_return the_case.fault;
    }
    progress now;
    try {
        co_return co_await run_all(env, make_suite, the_case.content, now);
    } catch (std::exception const& e) {
        co_return fmt::format("{}: {}", now.place, e.what());
    }
}

} // namespace conformance
