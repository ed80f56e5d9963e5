#pragma once

/// The steps of `preparation`, for whole documents and for updates.

#include "schema/compiled.hpp"

#include <vector>

namespace cormorant::detail {

/// The rules of the application's that are to be run, in order.
struct rule_queue {
    std::vector<rule_call> calls;
    std::size_t next = 0;
};

/// Checks every key and drops those that are never stored.
void validate_document(
    compiled_schema const& compiled, document& doc, prepare_options options, std::vector<violation>& violations);
void collect_rules(compiled_schema const& compiled, document& doc, rule_kind kind, std::vector<rule_call>& out);

/// Throws `errc::invalid_argument` for a value that is no update.
update_kind form_of(std::string const& model, value const& delta);
/// Puts defaults in the place of empty values of `$set` and `$setOnInsert`.
void fill_operands(compiled_schema const& compiled, document& delta);
void validate_operators(compiled_schema const& compiled, document& delta, std::vector<violation>& violations);
/// The values that operators store.
void collect_operand_rules(compiled_schema const& compiled, document& delta, rule_kind kind, std::vector<rule_call>& out);

} // namespace cormorant::detail
