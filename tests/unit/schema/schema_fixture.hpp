#pragma once

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/schema/model_document.hpp>
#include <cormorant/schema/schema.hpp>

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant::test {

inline document json(std::string_view text) {
    return parse_json_document(text);
}

using shared_schema = std::shared_ptr<schema const>;

/// A schema of one field `v`.
inline shared_schema with_field(field_definition field) {
    return schema::compile(model_definition("items").extra_keys(extra_keys::refuse).field("v", std::move(field)));
}

/// `"path rule"` of everything that is wrong with the document.
inline std::vector<std::string> wrong(schema const& s, document doc, prepare_options options = {}) {
    std::vector<violation> found;
    s.prepare_for_write(doc, options, found);
    std::vector<std::string> result;
    for (auto const& v : found) {
        result.push_back(v.path + ' ' + v.rule);
    }
    return result;
}

/// What is stored of a document that is good.
inline document stored(schema const& s, document doc, prepare_options options = {}) {
    std::vector<violation> found;
    s.prepare_for_write(doc, options, found);
    EXPECT_TRUE(found.empty()) << found.front().path << ' ' << found.front().message;
    return doc;
}

/// The error that `f` throws.
template <class F>
error caught(F&& f) {
    try {
        f();
    } catch (error const& e) {
        return e;
    }
    ADD_FAILURE() << "nothing was thrown";
    return error(errc::cancelled);
}

using strings = std::vector<std::string>;

/// Names the case of a table.
inline constexpr auto case_name = [](auto const& test) { return std::string(test.param.name); };

} // namespace cormorant::test
