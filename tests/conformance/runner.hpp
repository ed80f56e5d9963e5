#pragma once

/// Runs single cases.

#include "suite.hpp"
#include "test_case.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace conformance {

/// Runs one case from an empty database to its outcome. Gives what first disappointed, `"step 2 (find): 0.title: expected ..."`,
/// or nothing when the case passed. The arguments have to live as long as the coroutine.
boost::asio::awaitable<std::string> run_case(environment& env, suite_factory make_suite, test_case const& the_case);

} // namespace conformance
