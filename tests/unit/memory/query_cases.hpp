#pragma once

/// What the tables of the query engine's tests share. Their expectations were taken from MongoDB 6.0.5.

#include <cormorant/bson/json.hpp>
#include <cormorant/bson/value.hpp>
#include <cormorant/error/error.hpp>

#include <gtest/gtest.h>
#include <memory/query/query.hpp>

#include <string>
#include <string_view>

namespace cormorant::memory {

/// The value in Extended JSON, `"error 14"` for the server's code 14, `"unsupported"` for what the memory store lacks.
template <class F>
std::string answer_of(F f) {
    try {
        return to_json(value(f()), json_mode::canonical);
    } catch (error const& e) {
        if (e.code() == errc::unsupported) {
            return "unsupported";
        }
        return e.code() == errc::server ? "error " + std::to_string(e.details().server_code)
                                        : "wrong error: " + std::string(e.what());
    }
}

/// An expectation of a table in the form that `answer_of` gives.
inline std::string expected_of(std::string_view text) {
    bool const is_error = text.starts_with("error ") || text == "unsupported";
    return is_error ? std::string(text) : to_json(parse_json(text), json_mode::canonical);
}

inline document json(std::string_view text) {
    return parse_json_document(text);
}

inline array json_array(std::string_view text) {
    value v = parse_json(text);
    return std::move(v.as_array());
}

} // namespace cormorant::memory
