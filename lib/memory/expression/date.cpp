#include "impl.hpp"
#include "memory/value/calendar.hpp"
#include "memory/value/number.hpp"

#include <array>

namespace cormorant::memory {

namespace {

datetime to_date(operand const& v, int server_code = 16006) {
    switch (v->type()) {
    case bson_type::date:
        return v->as_date();
    case bson_type::timestamp:
        return datetime(std::chrono::seconds(v->as_timestamp().seconds));
    case bson_type::object_id:
        return datetime(v->as_object_id().time());
    default:
        refuse(server_code, fmt::format("can't convert from BSON type {} to Date", type_name(v)));
    }
}

/// Nothing when it is null.
std::optional<time_zone> zone_of(expression const* zone, scope& s) {
    if (zone == nullptr) {
        return time_zone();
    }
    operand const v = zone->evaluate(s);
    if (v.nullish()) {
        return std::nullopt;
    }
    if (!v->is_string()) {
        refuse(40533, fmt::format("timezone must evaluate to a string, found {}", type_name(v)));
    }
    auto found = time_zone::find(v->as_string());
    if (!found) {
        refuse(40485, fmt::format("unrecognized time zone identifier: \"{}\"", v->as_string()));
    }
    return found;
}

using part_function = value (*)(calendar::parts const&);

struct part {
    std::string_view name;
    part_function of;
};

constexpr part date_parts[] = {
    {"$year", [](calendar::parts const& p) { return value(p.year()); }},
    {"$month", [](calendar::parts const& p) { return value(static_cast<int>(static_cast<unsigned>(p.date.month()))); }},
    {"$dayOfMonth", [](calendar::parts const& p) { return value(static_cast<int>(static_cast<unsigned>(p.date.day()))); }},
    {"$dayOfWeek", [](calendar::parts const& p) { return value(p.day_of_week()); }},
    {"$dayOfYear", [](calendar::parts const& p) { return value(p.day_of_year()); }},
    {"$hour", [](calendar::parts const& p) { return value(static_cast<int>(p.time.hours().count())); }},
    {"$minute", [](calendar::parts const& p) { return value(static_cast<int>(p.time.minutes().count())); }},
    {"$second", [](calendar::parts const& p) { return value(static_cast<int>(p.time.seconds().count())); }},
    {"$millisecond", [](calendar::parts const& p) { return value(static_cast<int>(p.time.subseconds().count())); }},
    {"$week", [](calendar::parts const& p) { return value(p.week()); }},
    {"$isoWeek", [](calendar::parts const& p) { return value(p.iso().week); }},
    {"$isoWeekYear", [](calendar::parts const& p) { return value(static_cast<std::int64_t>(p.iso().year)); }},
    {"$isoDayOfWeek", [](calendar::parts const& p) { return value(p.iso_day_of_week()); }},
};

expression_ptr compile_part(std::string_view name, value const& source, compile_context& context) {
    expression_ptr date;
    expression_ptr zone;
    auto const* const d = source.if_document();
    if (d && !d->empty() && !d->begin()->key().starts_with('$')) {
        static constexpr std::array<std::string_view, 2> members = {"date", "timezone"};
        named_arguments const given(name, source, members, 40535, 40535);
        date = given.compile("date", context, 40539);
        zone = given.compile("timezone", context);
    } else if (auto const* const list = source.if_array()) {
        if (list->size() != 1) {
            refuse(40536, fmt::format("{} accepts exactly one argument if given an array, but was given {}", name, list->size()));
        }
        date = compile_expression(list->front(), context);
    } else {
        date = compile_expression(source, context);
    }
    part_function of = nullptr;
    for (part const& each : date_parts) {
        of = each.name == name ? each.of : of;
    }
    return make_expression([date = std::move(date), zone = std::move(zone), of](scope& s) -> operand {
        operand const v = date->evaluate(s);
        auto const in = zone_of(zone.get(), s);
        if (v.nullish() || !in) {
            return value();
        }
        return of(calendar::parts(to_date(v), *in));
    });
}

document parts_of(calendar::parts const& p, bool iso) {
    auto const number = [](auto n) { return value(static_cast<int>(n)); };
    document result;
    if (iso) {
        auto const week = p.iso();
        result = doc("isoWeekYear", week.year, "isoWeek", week.week, "isoDayOfWeek", p.iso_day_of_week());
    } else {
        result = doc("year", p.year(), "month", number(static_cast<unsigned>(p.date.month())), "day",
            number(static_cast<unsigned>(p.date.day())));
    }
    result.append("hour", number(p.time.hours().count()));
    result.append("minute", number(p.time.minutes().count()));
    result.append("second", number(p.time.seconds().count()));
    result.append("millisecond", number(p.time.subseconds().count()));
    return result;
}

expression_ptr compile_to_parts(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 3> members = {"date", "timezone", "iso8601"};
    named_arguments const given(name, source, members, 40524, 40520);
    auto date = given.compile("date", context, 40522);
    auto zone = given.compile("timezone", context);
    return make_expression(
        [date = std::move(date), zone = std::move(zone), iso8601 = given.compile("iso8601", context)](scope& s) -> operand {
            operand const v = date->evaluate(s);
            auto const in = zone_of(zone.get(), s);
            operand const iso = iso8601 ? iso8601->evaluate(s) : operand(value(false));
            if (!in || iso.nullish()) {
                return value();
            }
            if (!iso->is_bool()) {
                refuse(40521, fmt::format("iso8601 must evaluate to a bool, found {}", type_name(iso)));
            }
            if (v.nullish()) {
                return value();
            }
            return value(parts_of(calendar::parts(to_date(v), *in), iso->as_bool()));
        });
}

expression_ptr compile_to_string(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 4> members = {"date", "format", "timezone", "onNull"};
    named_arguments const given(name, source, members, 18629, 18534);
    auto date = given.compile("date", context, 18628);
    auto format = given.compile("format", context);
    auto zone = given.compile("timezone", context);
    return make_expression([date = std::move(date), format = std::move(format), zone = std::move(zone),
                               on_null = given.compile("onNull", context)](scope& s) -> operand {
        operand const pattern = format ? format->evaluate(s) : operand();
        if (format && !pattern.nullish() && !pattern->is_string()) {
            refuse(18533, fmt::format("$dateToString requires that 'format' be a string, found: {} with value {}",
                              type_name(pattern), to_string(pattern.get())));
        }
        operand const v = date->evaluate(s);
        auto const in = zone_of(zone.get(), s);
        if (v.nullish()) {
            return on_null ? on_null->evaluate(s) : operand(value());
        }
        if (!in || (format && pattern.nullish())) {
            return value();
        }
        return value(calendar::format(to_date(v), format ? pattern->as_string() : "%Y-%m-%dT%H:%M:%S.%LZ", *in));
    });
}

/// Nothing when it is none, or says its zone beside one that was given.
std::optional<datetime> date_of_text(std::string_view text, time_zone const* zone) {
    if (zone == nullptr) {
        return parse_iso8601(text);
    }
    bool const has_time = text.size() > std::string_view("2021-03-14").size();
    auto const as_utc = parse_iso8601(std::string(text) + (has_time ? "Z" : "T00:00:00Z"));
    return as_utc ? std::optional(zone->to_utc(time_zone::local_time(as_utc->time_since_epoch()))) : std::nullopt;
}

expression_ptr compile_from_string(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 5> members = {"dateString", "format", "timezone", "onError", "onNull"};
    named_arguments const given(name, source, members, 40540, 40541);
    if (given.find("format")) {
        unsupported("the memory store does not support 'format' of $dateFromString");
    }
    auto text = given.compile("dateString", context, 40542);
    auto zone = given.compile("timezone", context);
    auto on_error = given.compile("onError", context);
    return make_expression([text = std::move(text), zone = std::move(zone), on_error = std::move(on_error),
                               on_null = given.compile("onNull", context)](scope& s) -> operand {
        operand const v = text->evaluate(s);
        auto const in = zone_of(zone.get(), s);
        if (v.nullish()) {
            return on_null ? on_null->evaluate(s) : operand(value());
        }
        if (!in) {
            return value();
        }
        if (v->is_string()) {
            if (auto const d = date_of_text(v->as_string(), zone ? &*in : nullptr)) {
                return value(*d);
            }
        }
        if (on_error) {
            return on_error->evaluate(s);
        }
        refuse(code::conversion_failure,
            v->is_string() ? fmt::format("Error parsing date string '{}'", v->as_string())
                           : fmt::format("$dateFromString requires that 'dateString' be a string, found: {} with value {}",
                                 type_name(v), to_string(v.get())));
    });
}

calendar::unit unit_of(std::string_view name, operand const& v, int type_code) {
    if (!v->is_string()) {
        refuse(type_code, fmt::format("{} requires 'unit' to be a string, but got {}", name, type_name(v)));
    }
    auto const u = calendar::parse_unit(v->as_string());
    if (!u) {
        refuse(name == "$dateTrunc" ? 5439014 : code::failed_to_parse,
            fmt::format("{} parameter 'unit' value cannot be recognized as a time unit: {}", name, v->as_string()));
    }
    return *u;
}

std::chrono::weekday weekday_of(std::string_view name, operand const& v) {
    auto const day = v->is_string() ? calendar::parse_weekday(v->as_string()) : std::nullopt;
    if (!day) {
        refuse(v->is_string() ? code::failed_to_parse : 5439015,
            fmt::format(
                "{} parameter 'startOfWeek' value cannot be recognized as a day of a week: {}", name, to_string(v.get())));
    }
    return *day;
}

datetime start_date(std::string_view name, operand const& v, std::string_view member, int type_code) {
    if (!v->is_date() && !v->is_timestamp() && !v->is_object_id()) {
        refuse(type_code, fmt::format("{} requires '{}' to be a date, but got {}", name, member, type_name(v)));
    }
    return to_date(v);
}

/// `$dateAdd` and `$dateSubtract`.
expression_ptr compile_add(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 4> members = {"startDate", "unit", "amount", "timezone"};
    named_arguments const given(name, source, members, 5166400, 5166401);
    auto start = given.compile("startDate", context, 5166402);
    auto unit = given.compile("unit", context, 5166402);
    auto amount = given.compile("amount", context, 5166402);
    return make_expression([name = std::string(name), start = std::move(start), unit = std::move(unit),
                               amount = std::move(amount), zone = given.compile("timezone", context)](scope& s) -> operand {
        operand const date = start->evaluate(s);
        operand const u = unit->evaluate(s);
        operand const n = amount->evaluate(s);
        auto const in = zone_of(zone.get(), s);
        if (date.nullish() || u.nullish() || n.nullish() || !in) {
            return value();
        }
        auto const d = start_date(name, date, "startDate", 5166403);
        auto const by = unit_of(name, u, 5166404);
        auto const count = n->is_number() ? n->if_int64() : std::nullopt;
        if (!count) {
            refuse(5166405, fmt::format("{} expects integer amount of time units", name));
        }
        return value(calendar::add(d, by, name == "$dateSubtract" ? -*count : *count, *in));
    });
}

expression_ptr compile_diff(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 5> members = {"startDate", "endDate", "unit", "timezone", "startOfWeek"};
    named_arguments const given(name, source, members, 5166301, 5166302);
    auto from = given.compile("startDate", context, 5166303);
    auto to = given.compile("endDate", context, 5166304);
    auto unit = given.compile("unit", context, 5166305);
    auto zone = given.compile("timezone", context);
    return make_expression([name = std::string(name), from = std::move(from), to = std::move(to), unit = std::move(unit),
                               zone = std::move(zone), week = given.compile("startOfWeek", context)](scope& s) -> operand {
        operand const a = from->evaluate(s);
        operand const b = to->evaluate(s);
        operand const u = unit->evaluate(s);
        operand const w = week ? week->evaluate(s) : operand();
        auto const in = zone_of(zone.get(), s);
        if (a.nullish() || b.nullish() || u.nullish() || !in || (week && w.nullish())) {
            return value();
        }
        auto const begin = start_date(name, a, "startDate", 5166307);
        auto const end = start_date(name, b, "endDate", 5166307);
        return value(
            calendar::difference(begin, end, unit_of(name, u, 5166306), *in, week ? weekday_of(name, w) : std::chrono::Sunday));
    });
}

expression_ptr compile_trunc(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 5> members = {"date", "unit", "binSize", "timezone", "startOfWeek"};
    named_arguments const given(name, source, members, 5439007, 5439008);
    auto date = given.compile("date", context, 5439009);
    auto unit = given.compile("unit", context, 5439010);
    auto size = given.compile("binSize", context);
    auto zone = given.compile("timezone", context);
    return make_expression([name = std::string(name), date = std::move(date), unit = std::move(unit), size = std::move(size),
                               zone = std::move(zone), week = given.compile("startOfWeek", context)](scope& s) -> operand {
        operand const v = date->evaluate(s);
        operand const u = unit->evaluate(s);
        operand const n = size ? size->evaluate(s) : operand(value(1));
        operand const w = week ? week->evaluate(s) : operand();
        auto const in = zone_of(zone.get(), s);
        if (v.nullish() || u.nullish() || n.nullish() || !in || (week && w.nullish())) {
            return value();
        }
        if (!v->is_date() && !v->is_timestamp() && !v->is_object_id()) {
            refuse(5439012, fmt::format("$dateTrunc requires 'date' to be a date, but got {}", type_name(v)));
        }
        auto const count = n->is_number() ? n->if_int64() : std::nullopt;
        if (!count) {
            refuse(5439017, fmt::format("$dateTrunc requires 'binSize' to be a 64-bit integer, but got value '{}' of type {}",
                                to_string(n.get()), type_name(n)));
        }
        if (*count < 1) {
            refuse(5439018, fmt::format("$dateTrunc requires 'binSize' to be greater than 0, but got value {}", *count));
        }
        return value(calendar::truncate(
            to_date(v), unit_of(name, u, 5439013), *count, *in, week ? weekday_of(name, w) : std::chrono::Sunday));
    });
}

constexpr form forms[] = {
    {"$year", compile_part},
    {"$month", compile_part},
    {"$dayOfMonth", compile_part},
    {"$dayOfWeek", compile_part},
    {"$dayOfYear", compile_part},
    {"$hour", compile_part},
    {"$minute", compile_part},
    {"$second", compile_part},
    {"$millisecond", compile_part},
    {"$week", compile_part},
    {"$isoWeek", compile_part},
    {"$isoWeekYear", compile_part},
    {"$isoDayOfWeek", compile_part},
    {"$dateToParts", compile_to_parts},
    {"$dateToString", compile_to_string},
    {"$dateFromString", compile_from_string},
    {"$dateAdd", compile_add},
    {"$dateSubtract", compile_add},
    {"$dateDiff", compile_diff},
    {"$dateTrunc", compile_trunc},
};

} // namespace

std::span<form const> date_forms() noexcept {
    return forms;
}

} // namespace cormorant::memory
