#include "mongo/errors.hpp"

#include <algorithm>
#include <array>

namespace cormorant::detail {
namespace {

struct entry {
    int code;
    errc meaning;
};

constexpr std::array meanings = {
    entry{18, errc::authentication},
    entry{26, errc::namespace_not_found},
    entry{43, errc::cursor_not_found},
    entry{48, errc::namespace_exists},
    entry{50, errc::server_timeout},
    entry{91, errc::not_primary},
    entry{112, errc::write_conflict},
    entry{121, errc::document_validation},
    entry{189, errc::not_primary},
    entry{10107, errc::not_primary},
    entry{11000, errc::duplicate_key},
    entry{11001, errc::duplicate_key},
    entry{11600, errc::not_primary},
    entry{11602, errc::not_primary},
    entry{12582, errc::duplicate_key},
    entry{13435, errc::not_primary},
    entry{13436, errc::not_primary},
};

constexpr std::array retryable_reads = {6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436};

} // namespace

errc errc_of_server(int code) noexcept {
    auto const it = std::find_if(meanings.begin(), meanings.end(), [&](entry const& e) { return e.code == code; });
    return it == meanings.end() ? errc::server : it->meaning;
}

bool is_state_change(int code) noexcept {
    return errc_of_server(code) == errc::not_primary;
}

bool is_interruption(int code) noexcept {
    constexpr std::array interruptions = {6, 7, 24, 50, 89, 237, 262, 279, 290, 9001, 11601};
    return is_state_change(code) || std::find(interruptions.begin(), interruptions.end(), code) != interruptions.end();
}

bool is_retryable_read_error(int code) noexcept {
    return std::find(retryable_reads.begin(), retryable_reads.end(), code) != retryable_reads.end();
}

} // namespace cormorant::detail
