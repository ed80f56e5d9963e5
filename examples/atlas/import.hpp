#pragma once

#include "models.hpp"

#include <filesystem>

namespace atlas {

/// What an import did.
struct import_report {
    std::size_t countries = 0;
    std::size_t subdivisions = 0;
    std::size_t currencies = 0;
};

/// Reads the files of Debian's `iso-codes` and inserts everything in batches. Shows its progress unless `quiet`.
boost::asio::awaitable<import_report> import_iso_codes(models m, std::filesystem::path folder, bool quiet);

/// `/usr/share/iso-codes/json`, or what the environment variable `ISO_CODES` says.
std::filesystem::path iso_codes_folder();

} // namespace atlas
