#pragma once

/// What requests become by the policy of a model.

#include <cormorant/schema/request_policy.hpp>
#include <cormorant/schema/schema.hpp>
#include <cormorant/schema/untrusted.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace cormorant::detail {

struct untrusted_access {
    static document const& data(untrusted const& u) noexcept { return u.data_; }
};

/// A path of a client's, for messages: shortened, and without what could break a line of a log.
std::string shown_path(std::string_view path);

/// Why a client may not send this regular expression; nothing: it may. See `regex_rules`.
std::optional<std::string> pattern_fault(std::string_view pattern, regex_rules const& rules);

/// Throws `errc::definition` for a policy that names what the model does not have.
void check_policy(schema const& s, request_policy const& policy);

/// See the members of `model` of the same names.
allowed_query read_query(schema const& s, request_policy const& policy, untrusted const& input);
document read_body(schema const& s, request_policy const& policy, untrusted const& body);
value read_changes(schema const& s, request_policy const& policy, untrusted const& body);

} // namespace cormorant::detail
