#pragma once

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/schema/request_policy.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant::detail {

/// An object of a definition: reads its keys by their types, and knows where it is for the errors.
class section {
public:
    section(document const& spec, std::string model, std::string path)
        : spec_(spec), model_(std::move(model)), path_(std::move(path)) {}

    [[noreturn]] void fail(std::string_view key, std::string message, value const* v = nullptr) const {
        diagnostics details;
        details.model = model_;
        details.path = path_of(key);
        if (v != nullptr) {
            details.value = shorten(*v);
        }
        throw error(errc::definition, std::move(message), std::move(details));
    }

    /// Refuses every key that is not among these.
    void only(std::initializer_list<std::string_view> keys) const {
        for (auto const& [key, v] : spec_) {
            if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
                fail(key, fmt::format("'{}' is no key of a definition here", key), &v);
            }
        }
    }

    value const* find(std::string_view key) const noexcept { return spec_.find(key); }
    bool has(std::string_view key) const noexcept { return spec_.contains(key); }

    std::string text(std::string_view key) const {
        auto const* const v = find(key);
        if (v == nullptr) {
            fail(key, fmt::format("'{}' is missing", key));
        }
        return std::string(*require(v->if_string(), key, "a string"));
    }
    std::string text(std::string_view key, std::string fallback) const { return has(key) ? text(key) : std::move(fallback); }

    bool flag(std::string_view key, bool fallback) const {
        auto const* const v = find(key);
        return v == nullptr ? fallback : *require(v->if_bool(), key, "true or false");
    }

    std::optional<std::int64_t> whole(std::string_view key) const {
        auto const* const v = find(key);
        return v == nullptr ? std::nullopt : require(v->if_int64(), key, "an integer");
    }

    /// Zero or more, and no more than `most`.
    std::int64_t bounded(std::string_view key, std::int64_t fallback, std::int64_t most) const {
        auto const n = whole(key);
        if (n && (*n < 0 || *n > most)) {
            fail(key, fmt::format("'{}' must be a number from 0 to {}", key, most), find(key));
        }
        return n.value_or(fallback);
    }

    document const& all() const noexcept { return spec_; }

    document const& sub_document(std::string_view key) const {
        auto const* const v = find(key);
        return *require(v == nullptr ? nullptr : v->if_document(), key, "an object");
    }

    array const& list(std::string_view key) const {
        static array const none;
        auto const* const v = find(key);
        return v == nullptr ? none : *require(v->if_array(), key, "an array");
    }

    std::vector<std::string> texts(std::string_view key) const {
        std::vector<std::string> result;
        for (auto const& item : list(key)) {
            result.emplace_back(*require(item.if_string(), key, "an array of strings"));
        }
        return result;
    }

    section enter(std::string_view key) const { return {sub_document(key), model_, path_of(key)}; }

    /// The objects of a list.
    std::vector<section> sections(std::string_view key) const {
        std::vector<section> result;
        auto const& items = list(key);
        for (std::size_t i = 0; i < items.size(); ++i) {
            auto const path = fmt::format("{}.{}", path_of(key), i);
            auto const* const item = items[i].if_document();
            if (item == nullptr) {
                fail(fmt::format("{}.{}", key, i), "must be an object", &items[i]);
            }
            result.emplace_back(*item, model_, path);
        }
        return result;
    }

    /// Runs `make`, and adds model and path to its errors.
    template <class F>
    auto locate(std::string_view key, F&& make) const {
        try {
            return make();
        } catch (error& e) {
            auto& details = e.details();
            details.model = model_;
            details.path = path_of(key);
            if (auto const* const v = find(key); v != nullptr && details.value.empty()) {
                details.value = shorten(*v);
            }
            throw;
        }
    }

private:
    template <class Result>
    Result require(Result result, std::string_view key, std::string_view what) const {
        if (!result) {
            fail(key, fmt::format("'{}' must be {}", key, what), find(key));
        }
        return result;
    }
    std::string path_of(std::string_view key) const {
        return path_.empty() ? std::string(key) : (key.empty() ? path_ : fmt::format("{}.{}", path_, key));
    }

    document const& spec_;
    std::string model_;
    std::string path_;
};

/// `requests` of a definition.
request_policy read_request_policy(section const& s);

} // namespace cormorant::detail
