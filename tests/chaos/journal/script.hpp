#pragma once

/// What the program that is killed writes, so that the program that kills it knows what has to be there.

#include <cormorant/bson/value.hpp>
#include <cormorant/operation/operations.hpp>

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace cormorant::testing {

inline constexpr int writers = 8;
inline constexpr int keys_of_writer = 12;

/// One write of one writer, on a document of its own.
struct step {
    enum class kind { insert, update, remove };
    kind what = kind::insert;
    int id = 0;
    int version = 0;
};

/// The line in which the writer says what it does: `b 3 1 42 7` before, `e 3` when it was acknowledged.
std::string begun_line(int writer, step const& s);
std::string ended_line(int writer);
struct parsed_line {
    int writer = 0;
    /// Nothing for the end of a write.
    std::optional<step> begun;
};
/// Nothing for a line that is not whole.
std::optional<parsed_line> parse_line(std::string_view line);

/// The document of a version. Each of its fields follows from id and version, and it is long enough to cross the borders of
/// sectors.
document make_document(int id, int version);
operation operation_of(step const& s);
/// What comes next, when `version` is that of the document now, 0 for none.
step next_step(std::mt19937& random, int id, int version, int last_version);

/// The indexes on `c`: unique on `u`, on `group`, of texts.
create_indexes_op indexes();

} // namespace cormorant::testing
