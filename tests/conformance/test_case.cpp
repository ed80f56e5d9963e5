#include "test_case.hpp"

#include <cormorant/bson/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace conformance {

using cormorant::value;

namespace {

std::string read_file(std::filesystem::path const& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) {
        throw std::runtime_error("cannot be read");
    }
    return std::move(text).str();
}

void load_file(std::filesystem::path const& path, std::vector<test_case>& cases) {
    auto const file = path.filename().string();
    try {
        auto const content = cormorant::parse_json(read_file(path));
        for (auto const& element : content.as_array()) {
            auto const* const object = element.if_document();
            auto const* const name = object == nullptr ? nullptr : object->find("name");
            if (name == nullptr || !name->is_string()) {
                cases.push_back(test_case{file, "?", {}, "not an object with a name"});
            } else {
                cases.push_back(test_case{file, std::string(name->as_string()), *object, {}});
            }
        }
    } catch (std::exception const& e) {
        cases.push_back(test_case{file, "?", {}, e.what()});
    }
}

/// Whether a member fits anywhere in the value.
template <class Predicate>
bool any_member(value const& v, Predicate fits) {
    if (auto const* list = v.if_array()) {
        return std::any_of(list->begin(), list->end(), [&](value const& element) { return any_member(element, fits); });
    }
    auto const* const object = v.if_document();
    return object != nullptr &&
           std::any_of(object->begin(), object->end(), [&](auto const& m) { return fits(m) || any_member(m.value(), fits); });
}

/// `{keys: {title: "text"}}`: the definition of a text index.
bool is_text_index(cormorant::document::member const& m) {
    auto const* const keys = m.key() == "keys" ? m.value().if_document() : nullptr;
    return keys != nullptr &&
           std::any_of(keys->begin(), keys->end(), [](auto const& key) { return key.value().if_string() == "text"; });
}

} // namespace

std::vector<test_case> load_cases(std::filesystem::path const& folder) {
    std::vector<std::filesystem::path> files;
    for (auto const& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.is_regular_file() && entry.path().extension() == ".json") {
            files.push_back(entry.path());
        }
    }
    if (files.empty()) {
        throw std::runtime_error(fmt::format("no case files (*.json) in {}", folder.string()));
    }
    std::sort(files.begin(), files.end());
    std::vector<test_case> cases;
    for (auto const& file : files) {
        load_file(file, cases);
    }
    return cases;
}

bool applies_to(cormorant::document const& content, std::string_view store) {
    auto const* stores = content.find("should");
    if (stores == nullptr) {
        stores = content.find("adapters");
    }
    auto const* const names = stores == nullptr ? nullptr : stores->if_array();
    return names == nullptr ||
           std::any_of(names->begin(), names->end(), [store](auto const& name) { return name.if_string() == store; });
}

bool mentions_key(value const& v, std::string_view key) {
    return any_member(v, [key](auto const& m) { return m.key() == key; });
}

std::string_view special_need(cormorant::document const& content, cormorant::store_capabilities const& capabilities) {
    auto const searches_text = [](auto const& m) { return m.key() == "$text" || is_text_index(m); };
    return !capabilities.text_search && any_member(content, searches_text) ? "text search" : "";
}

} // namespace conformance
