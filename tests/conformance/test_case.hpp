#pragma once

/// Reads case files.

#include <cormorant/bson/value.hpp>
#include <cormorant/store/store.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace conformance {

struct test_case {
    /// The name of the file, without its folder.
    std::string file;
    std::string name;
    cormorant::document content;
    /// Why the case cannot be run at all; empty for a proper one.
    std::string fault;
};

/// All cases of the files `*.json` of a folder, files in the order of their names. A file that cannot be read is one case with a
/// fault. Throws `std::runtime_error` when the folder has no such file.
std::vector<test_case> load_cases(std::filesystem::path const& folder);

/// False for a case that says (`should`, else `adapters`) that it holds for other stores only.
bool applies_to(cormorant::document const& content, std::string_view store);

/// What a case needs of a store that not every store has, `"text search"`; empty when it needs nothing of the kind.
std::string_view special_need(cormorant::document const& content, cormorant::store_capabilities const& capabilities);

/// True when the key stands anywhere in the value.
bool mentions_key(cormorant::value const& v, std::string_view key);

} // namespace conformance
