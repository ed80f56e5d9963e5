#include <cormorant/bson/json.hpp>
#include <cormorant/model/explanation.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace cormorant {

namespace {

bool is_excluded(value const& v) noexcept {
    auto const flag = v.if_bool();
    return flag ? !*flag : v.if_double() == 0.0;
}

/// `reads title, author_id`, `reads all but body`.
std::string describe_fields(document const& fields) {
    std::string named;
    bool includes = false;
    for (auto const& [key, v] : fields) {
        if (is_excluded(v))
            continue;
        fmt::format_to(std::back_inserter(named), "{}{}", includes ? ", " : "", key);
        includes = true;
    }
    if (includes)
        return "reads " + named;
    for (auto const& [key, v] : fields)
        fmt::format_to(std::back_inserter(named), "{}{}", named.empty() ? "" : ", ", key);
    return named.empty() ? "reads whole documents" : "reads all but " + named;
}

std::string describe_origin(explanation::step const& s) {
    switch (s.origin) {
    case hook_origin::required_hook:
        return "required";
    case hook_origin::default_hook:
        return "default hook of " + s.reason;
    case hook_origin::runtime_hook:
        return "asked for";
    case hook_origin::field_hook:
        break;
    }
    return "needed by " + s.reason;
}

std::string describe(explanation::step const& s) {
    std::string text;
    auto const out = std::back_inserter(text);
    switch (s.kind) {
    case span_kind::hook:
        text = describe_origin(s);
        if (!s.unread_key.empty())
            fmt::format_to(out, ", populates nothing: {} is not read", s.unread_key);
        return text;
    case span_kind::store:
        text = s.shape;
        if (s.name.starts_with("find "))
            fmt::format_to(out, "  {}", describe_fields(s.fields));
        for (auto const& [key, v] : s.options)
            fmt::format_to(out, "  {} {}", key, v.is_document() ? to_json(v.as_document()) : to_json(v));
        return text;
    case span_kind::population:
        return s.exceeds_limits ? "beyond the limits of population" : "";
    default:
        return {};
    }
}

} // namespace

std::string_view to_string(hook_origin o) noexcept {
    switch (o) {
    case hook_origin::required_hook:
        return "required";
    case hook_origin::default_hook:
        return "default";
    case hook_origin::runtime_hook:
        return "runtime";
    case hook_origin::field_hook:
        break;
    }
    return "field";
}

std::size_t explanation::add(step s) {
    steps_.push_back(std::move(s));
    return steps_.size() - 1;
}

std::vector<explanation::step> explanation::of(span_kind kind) const {
    std::vector<step> result;
    std::ranges::copy_if(steps_, std::back_inserter(result), [&](step const& s) { return s.kind == kind; });
    return result;
}

std::string explanation::to_string() const {
    std::string text;
    std::vector<std::size_t> depths;
    depths.reserve(steps_.size());
    for (step const& s : steps_) {
        depths.push_back(s.parent == no_parent ? 0 : depths[s.parent] + 1);
        fmt::format_to(std::back_inserter(text), "{:{}}{}", "", depths.back() * 2, s.name);
        if (auto const more = describe(s); !more.empty())
            fmt::format_to(std::back_inserter(text), "  {}", more);
        text += '\n';
    }
    return text;
}

document explanation::to_document() const {
    return steps_.empty() ? document() : to_document(0);
}

document explanation::to_document(std::size_t position) const {
    step const& s = steps_[position];
    document result;
    switch (s.kind) {
    case span_kind::hook:
        result = doc("hook", s.name, "origin", cormorant::to_string(s.origin));
        if (!s.reason.empty())
            result.set("reason", s.reason);
        if (!s.unread_key.empty())
            result.set("unreadKey", s.unread_key);
        return result;
    case span_kind::store:
        result = doc("store", s.name);
        if (!s.shape.empty())
            result.set("filter", s.shape);
        if (!s.fields.empty())
            result.set("fields", s.fields);
        result.merge(s.options);
        return result;
    case span_kind::population:
        result = doc("populate", s.name, "level", s.level);
        if (s.exceeds_limits)
            result.set("exceedsLimits", true);
        break;
    case span_kind::call:
        result = doc("call", s.name);
        break;
    default:
        return doc("step", s.name);
    }
    array parts;
    for (std::size_t i = position + 1; i < steps_.size(); ++i) {
        if (steps_[i].parent == position)
            parts.push_back(to_document(i));
    }
    if (!parts.empty())
        result.set("steps", std::move(parts));
    return result;
}

} // namespace cormorant
