#include <cormorant/schema/empty_values.hpp>
#include <cormorant/schema/field.hpp>

#include <algorithm>
#include <utility>

namespace cormorant {

empty_values empty_values::by_type() {
    empty_values result;
    for (auto const kind : {type_kind::any, type_kind::boolean, type_kind::date, type_kind::object_id, type_kind::decimal,
             type_kind::binary, type_kind::unknown}) {
        result.set(kind, {nullptr});
    }
    result.set(type_kind::string, {nullptr, ""});
    result.set(type_kind::number, {nullptr, 0});
    result.set(type_kind::integer, {nullptr, 0});
    result.set(type_kind::array, {nullptr, array()});
    result.set(type_kind::object, {nullptr, document()});
    result.set(type_kind::map, {nullptr, document()});
    return result.default_on_read(true);
}

empty_values& empty_values::set(type_kind kind, std::vector<value> values, bool absent) {
    auto& rule = rules_[static_cast<std::size_t>(kind)];
    rule.values = std::move(values);
    rule.absent_counts = !absent;
    only_absent_ =
        std::all_of(rules_.begin(), rules_.end(), [](kind_rule const& r) { return r.values.empty() && !r.absent_counts; });
    return *this;
}

bool empty_values::is_empty(type_kind kind, value const& v) const noexcept {
    auto const& values = of(kind).values;
    return std::find(values.begin(), values.end(), v) != values.end();
}

} // namespace cormorant
