#include "schema/request.hpp"
#include "schema/request_parts.hpp"

#include <cormorant/bson/path.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cormorant::detail {

namespace {

class body_reader {
public:
    body_reader(schema const& s, request_policy const& policy) noexcept : schema_(s), policy_(policy) {}

    document read(document const& body) const { return read(body, {}, nullptr); }

    value read_changes(document const& body) const {
        document set;
        document unset;
        collect(body, {}, nullptr, set, unset);
        document result;
        if (!set.empty()) {
            result.append("$set", std::move(set));
        }
        if (!unset.empty()) {
            result.append("$unset", std::move(unset));
        }
        if (result.empty()) {
            throw error(errc::invalid_argument, "the body changes nothing");
        }
        return result;
    }

private:
    enum class leave { none, below, whole };

    leave leave_for(std::string_view path) const noexcept {
        leave result = leave::none;
        for (auto const& allowed : policy_.write()) {
            if (allowed == path) {
                return leave::whole;
            }
            if (path_starts_with(allowed, path)) {
                result = leave::below;
            }
        }
        return result;
    }

    /// What is a part of a path, an operator or of the prototype of an object to those who read documents. Refused wherever it
    /// is, also where any key is allowed.
    void check_key(std::string_view key, std::string const& path) const {
        static constexpr std::array<std::string_view, 3> of_objects{"__proto__", "constructor", "prototype"};
        if (key.empty() || key.starts_with('$') || key.find('.') != std::string_view::npos ||
            key.find('\0') != std::string_view::npos ||
            std::find(of_objects.begin(), of_objects.end(), key) != of_objects.end()) {
            refuse_request(errc::invalid_argument, schema_, path, "has a name that no key may have");
        }
    }

    static std::string join(std::string const& above, std::string_view key) {
        return above.empty() ? std::string(key) : fmt::format("{}.{}", above, key);
    }

    field_type const* type_of_key(field_type const* type, std::string const& above, std::string_view key) const noexcept {
        if (!above.empty()) {
            return type_below(type, key);
        }
        auto const* const field = schema_.field(key);
        return field == nullptr ? nullptr : &field->type;
    }

    /// Calls `whole(path, type, value)` for what may be written, and `part(path, type, document)` for what may be in part.
    template <class Whole, class Part>
    void visit(document const& d, std::string const& above, field_type const* type, Whole&& whole, Part&& part) const {
        for (auto const& member : d) {
            auto const path = join(above, member.key());
            check_key(member.key(), path);
            auto const* const inner = type_of_key(type, above, member.key());
            auto const may = leave_for(path);
            auto const* const object = member.value().if_document();
            if (may == leave::whole) {
                whole(member.key(), path, inner, member.value());
            } else if (may == leave::below && object != nullptr) {
                part(member.key(), path, inner, *object);
            } else {
                refuse_request(errc::unauthorized, schema_, path, "may not be written");
            }
        }
    }

    document read(document const& d, std::string const& above, field_type const* type) const {
        document result;
        visit(
            d, above, type,
            [&](std::string_view key, std::string const& path, field_type const* inner, value v) {
                clean(v, inner, path);
                result.append(key, std::move(v));
            },
            [&](std::string_view key, std::string const& path, field_type const* inner, document const& part) {
                result.append(key, read(part, path, inner));
            });
        return result;
    }

    void collect(document const& d, std::string const& above, field_type const* type, document& set, document& unset) const {
        visit(
            d, above, type,
            [&](std::string_view, std::string const& path, field_type const* inner, value v) {
                clean(v, inner, path);
                // What is required is not taken away: the operation refuses the null.
                bool const removes = v.is_null() && !is_required(path) && (inner == nullptr || inner->kind != type_kind::any);
                (removes ? unset : set).append(path, removes ? value("") : std::move(v));
            },
            [&](std::string_view, std::string const& path, field_type const* inner, document const& part) {
                collect(part, path, inner, set, unset);
            });
    }

    bool is_required(std::string_view path) const noexcept {
        auto const* field = schema_.field(path_head(path));
        while (field != nullptr && path_is_nested(path)) {
            auto const& fields = field->type.fields;
            path = path_rest(path);
            field = find_field(fields, path_head(path));
        }
        return field != nullptr && field->required;
    }

    /// Checks the keys at every depth, and gives texts the form that their type has. What does not fit is left for the
    /// validation, which tells more about it.
    void clean(value& v, field_type const* type, std::string const& path) const {
        if (auto* const d = v.if_document()) {
            for (auto& member : *d) {
                auto const inner = join(path, member.key());
                check_key(member.key(), inner);
                clean(member.value(), type_below(type, member.key()), inner);
            }
        } else if (auto* const items = v.if_array()) {
            auto const* const item = type != nullptr && type->kind == type_kind::array ? type->element.get() : nullptr;
            for (std::size_t i = 0; i < items->size(); ++i) {
                clean((*items)[i], item, join(path, std::to_string(i)));
            }
        } else if (v.is_string() && type != nullptr) {
            convert_text(v, type->kind);
        }
    }

    schema const& schema_;
    request_policy const& policy_;
};

} // namespace

document read_body(schema const& s, request_policy const& policy, untrusted const& body) {
    return body_reader(s, policy).read(untrusted_access::data(body));
}

value read_changes(schema const& s, request_policy const& policy, untrusted const& body) {
    return body_reader(s, policy).read_changes(untrusted_access::data(body));
}

} // namespace cormorant::detail
