#include "generator.hpp"

#include <chrono>
#include <utility>

namespace cormorant::testing {

namespace {

datetime day(std::size_t n) {
    return datetime(std::chrono::days(18000 + static_cast<int>(n)));
}

} // namespace

value generator::number(std::size_t n) {
    return value(static_cast<std::int32_t>(n));
}

value generator::scalar() {
    switch (below(14)) {
    case 0:
        return value(nullptr);
    case 1:
        return value(chance(50));
    case 2:
        return value(1.5);
    case 3:
        return value(2.0);
    case 4:
        return value(std::int64_t{3});
    case 5:
        return value(day(below(3)));
    case 6:
        return value(decimal128::parse("1.5"));
    case 7:
        return value(one_of({"a", "b", "B", "ab", "", "abc"}));
    case 8:
        return value(one_of({"a", "b", "ba"}));
    default:
        return number(below(5));
    }
}

array generator::values(std::size_t most) {
    array result;
    for (std::size_t n = below(most + 1); n != 0; --n)
        result.push_back(scalar());
    return result;
}

value generator::any_value() {
    switch (below(8)) {
    case 0:
        return values(3);
    case 1:
        return doc("x", scalar());
    case 2:
        return doc("x", scalar(), "y", scalar());
    default:
        return scalar();
    }
}

document generator::make_document(value id) {
    document d = doc("_id", std::move(id));
    if (chance(85))
        d.set("a", scalar());
    if (chance(70))
        d.set("b", any_value());
    if (chance(80))
        d.set("c", chance(80) ? value(values(4)) : scalar());
    if (chance(70)) {
        document inner;
        if (chance(80))
            inner.set("x", scalar());
        if (chance(60))
            inner.set("y", any_value());
        d.set("d", std::move(inner));
    }
    if (chance(60)) {
        array rows;
        for (std::size_t n = below(4); n != 0; --n)
            rows.push_back(doc("k", number(below(3)), "v", any_value()));
        d.set("e", std::move(rows));
    }
    if (chance(60))
        d.set("n", number(below(20)));
    if (chance(60))
        d.set("s", one_of({"apple", "Banana", "cherry pie", "", "\xC3\xA9t\xC3\xA9"}));
    return d;
}

std::string generator::path() {
    return std::string(one_of({"a", "a", "b", "b", "c", "c", "d", "d.x", "d.y", "e", "e.k", "e.v", "c.0", "e.0.k", "n", "s",
        "b.x", "missing", "d.y.x"}));
}

document generator::comparison() {
    auto const name = one_of({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte"});
    return doc(name, any_value());
}

value generator::condition() {
    switch (below(16)) {
    case 0:
    case 1:
    case 2:
        return any_value();
    case 3:
    case 4:
        return comparison();
    case 5:
        return doc("$in", values(4));
    case 6:
        return doc("$nin", values(3));
    case 7:
        return doc("$exists", chance(70));
    case 8:
        return doc(
            "$type", one_of({"int", "double", "string", "array", "object", "null", "bool", "date", "number", "long", "decimal"}));
    case 9:
        return doc("$mod", arr(number(2 + below(3)), number(below(2))));
    case 10:
        return doc("$regex", one_of({"^a", "b$", "A", "an|pie"}), "$options", one_of({"", "i"}));
    case 11:
        return doc("$all", values(2));
    case 12:
        return doc("$size", number(below(4)));
    case 13:
        return chance(50) ? doc("$elemMatch", comparison()) : doc("$elemMatch", doc("k", number(below(3)), "v", condition()));
    case 14:
        return doc("$not", comparison());
    default: {
        document both = comparison();
        both.merge(comparison());
        return both;
    }
    }
}

document generator::make_filter(int depth) {
    if (depth > 0 && chance(25)) {
        array branches;
        for (std::size_t n = 1 + below(3); n != 0; --n)
            branches.push_back(make_filter(depth - 1));
        return doc(one_of({"$and", "$or", "$nor"}), std::move(branches));
    }
    if (chance(8))
        return doc("$expr", doc(one_of({"$eq", "$gt", "$lte", "$ne"}), arr("$" + path(), make_expression(1))));
    if (chance(4))
        return doc("n", doc(one_of({"$bitsAllSet", "$bitsAnySet", "$bitsAllClear", "$bitsAnyClear"}), number(below(16))));
    document result;
    for (std::size_t n = chance(10) ? 0 : 1 + below(2); n != 0; --n)
        result.set(path(), condition());
    return result;
}

document generator::make_upsert_filter(value id) {
    document result = doc("_id", std::move(id));
    if (chance(60))
        result.set(one_of({"a", "n", "d.x", "new"}), chance(50) ? scalar() : value(comparison()));
    if (chance(20))
        result.set("$and", arr(doc("s", scalar())));
    return result;
}

document generator::make_sort() {
    document result;
    for (std::size_t n = below(3); n != 0; --n) {
        auto p = path();
        // One array beside another cannot be sorted by.
        if (result.empty() || (!p.starts_with("c") && !p.starts_with("e") && !p.starts_with("b") && !p.starts_with("d.y")))
            result.set(p, chance(50) ? 1 : -1);
    }
    result.set("_id", chance(50) ? 1 : -1);
    return result;
}

document generator::make_pipeline_sort() {
    document result = make_sort();
    result.erase("c.0");
    result.erase("e.0.k");
    return result;
}

document generator::make_projection() {
    document result;
    switch (below(6)) {
    case 0:
        return result;
    case 1:
    case 2:
        for (std::size_t n = 1 + below(2); n != 0; --n)
            result.set(one_of({"a", "b", "c", "n"}), 1);
        result.set(one_of({"d.x", "e.k", "s", "d.y.x"}), 1);
        if (chance(30))
            result.set("_id", 0);
        return result;
    case 3:
        for (std::size_t n = 1 + below(2); n != 0; --n)
            result.set(one_of({"a", "b", "c", "n"}), 0);
        result.set(one_of({"d.x", "e.k", "s", "d.y.x"}), 0);
        return result;
    case 4:
        if (chance(50))
            return doc(
                "c", doc("$slice", chance(50) ? value(static_cast<int>(below(5)) - 2)
                                              : value(arr(static_cast<int>(below(4)) - 2, 1 + static_cast<int>(below(2))))));
        return doc("e", doc("$elemMatch", doc("k", number(below(3)))));
    default:
        return doc("_id", 1, "z", make_expression(2));
    }
}

document generator::update_operators(array& filters) {
    document result;
    auto const set = [&](std::string_view op, std::string_view field, value operand) {
        auto& fields = result[op];
        if (!fields.is_document())
            fields.emplace_document();
        fields.as_document().set(field, std::move(operand));
    };
    // Each operator takes another field, so that few conflict.
    for (std::size_t n = 1 + below(2); n != 0; --n) {
        switch (below(18)) {
        case 0:
            set("$set", path(), any_value());
            break;
        case 1:
            set("$set", one_of({"z", "d.z", "b.z", "c.1", "e.0.v", "a"}), any_value());
            break;
        case 2:
            set("$unset", path(), "");
            break;
        case 3:
            set("$inc", one_of({"n", "a", "d.x", "new"}), chance(80) ? number(below(4)) : value(0.5));
            break;
        case 4:
            set("$mul", one_of({"n", "a", "new2"}), chance(80) ? number(below(4)) : value(1.5));
            break;
        case 5:
            set(one_of({"$min", "$max"}), one_of({"a", "n", "d.x", "b"}), scalar());
            break;
        case 6:
            set("$rename", one_of({"a", "b", "d.x"}), std::string(one_of({"r", "d.r", "s"})));
            break;
        case 7:
            set("$push", one_of({"c", "new3", "a"}), any_value());
            break;
        case 8: {
            document push = doc("$each", values(3));
            if (chance(50))
                push.set("$slice", static_cast<int>(below(7)) - 3);
            if (chance(50))
                push.set("$sort", chance(50) ? 1 : -1);
            if (chance(50))
                push.set("$position", static_cast<int>(below(5)) - 2);
            set("$push", "c", std::move(push));
            break;
        }
        case 9:
            set("$push", "e", doc("$each", arr(doc("k", number(below(3)), "v", scalar())), "$sort", doc("k", 1, "v", -1)));
            break;
        case 10:
            set("$addToSet", "c", chance(50) ? any_value() : value(doc("$each", values(3))));
            break;
        case 11:
            set("$pop", one_of({"c", "e", "missing"}), chance(50) ? 1 : -1);
            break;
        case 12:
            set("$pull", "c", chance(50) ? scalar() : value(comparison()));
            break;
        case 13:
            set("$pull", "e", doc("k", chance(50) ? number(below(3)) : value(comparison())));
            break;
        case 14:
            set("$pullAll", "c", values(3));
            break;
        case 15:
            set("$bit", "n", doc(one_of({"and", "or", "xor"}), number(below(16))));
            break;
        case 16:
            if (chance(50)) {
                set("$set", one_of({"c.$[]", "e.$[].v"}), scalar());
            } else if (filters.empty()) {
                set("$set", "e.$[x].v", scalar());
                filters.push_back(doc("x.k", chance(50) ? number(below(3)) : value(comparison())));
            }
            break;
        default:
            set("$setOnInsert", "i", any_value());
            break;
        }
    }
    if (result.empty())
        set("$set", "a", scalar());
    return result;
}

value generator::make_update(array& filters) {
    if (chance(10)) {
        document d = make_document(value());
        d.erase("_id");
        return d;
    }
    if (chance(20)) {
        array stages;
        for (std::size_t n = 1 + below(2); n != 0; --n) {
            switch (below(4)) {
            case 0:
                stages.push_back(doc("$unset", one_of({"b", "d.x", "e.v"})));
                break;
            case 1:
                stages.push_back(doc("$replaceWith", doc("$mergeObjects", arr("$$ROOT", doc("m", make_expression(1))))));
                break;
            default:
                stages.push_back(doc("$set", doc(one_of({"z", "d.z", "a", "e.w"}), make_expression(2))));
                break;
            }
        }
        return stages;
    }
    return update_operators(filters);
}

// Expressions mostly take what they need: a server may drop a document before it computes what fails for it, and a field that was
// removed and comes back within one pipeline may come back to its old place there.

// --- expressions
// ---------------------------------------------------------------------------------------------------------------------

value generator::number_expression(int depth) {
    if (depth <= 0)
        return chance(50) ? value(doc("$cond", arr(doc("$isNumber", "$n"), "$n", number(below(5))))) : number(below(6));
    switch (below(10)) {
    case 0:
        return doc(one_of({"$add", "$multiply"}), arr(number_expression(depth - 1), number_expression(depth - 1)));
    case 1:
        return doc("$subtract", arr(number_expression(depth - 1), number_expression(depth - 1)));
    case 2:
        return doc("$divide", arr(number_expression(depth - 1), number(1 + below(3))));
    case 3:
        return doc("$mod", arr(number_expression(depth - 1), number(2 + below(3))));
    case 4:
        return doc(one_of({"$abs", "$ceil", "$floor", "$exp"}), number_expression(depth - 1));
    case 5:
        return doc(one_of({"$round", "$trunc"}), arr(doc("$divide", arr(number_expression(depth - 1), 3)), number(below(3))));
    case 6:
        return doc("$size", array_expression(depth - 1));
    case 7:
        return doc(one_of({"$strLenCP", "$strLenBytes"}), text_expression(depth - 1));
    case 8:
        return doc("$cmp", arr(make_expression(depth - 1), make_expression(depth - 1)));
    default:
        return doc("$indexOfCP", arr(text_expression(depth - 1), one_of({"a", "n"})));
    }
}

value generator::text_expression(int depth) {
    if (depth <= 0)
        return chance(60) ? value(doc("$convert", doc("input", "$s", "to", "string", "onError", "odd", "onNull", "none")))
                          : value(one_of({"a", "b,c", "Xy"}));
    switch (below(7)) {
    case 0:
        return doc("$concat", arr(text_expression(depth - 1), "-", text_expression(depth - 1)));
    case 1:
        return doc(one_of({"$toUpper", "$toLower"}), text_expression(depth - 1));
    case 2:
        return doc("$substrCP", arr(text_expression(depth - 1), number(below(3)), number(below(4))));
    case 3:
        return doc("$trim", doc("input", text_expression(depth - 1), "chars", "ab "));
    case 4:
        return doc("$replaceAll", doc("input", text_expression(depth - 1), "find", one_of({"a", "an"}), "replacement", "*"));
    case 5:
        return doc("$toString", number_expression(depth - 1));
    default:
        return doc("$type", make_expression(depth - 1));
    }
}

value generator::array_expression(int depth) {
    if (depth <= 0)
        return doc("$cond", arr(doc("$isArray", arr("$c")), "$c", arr(1, 2)));
    switch (below(9)) {
    case 0:
        return doc("$concatArrays", arr(array_expression(depth - 1), arr(1, "x")));
    case 1:
        return doc("$slice", arr(array_expression(depth - 1), static_cast<int>(1 + below(3))));
    case 2:
        return doc("$reverseArray", array_expression(depth - 1));
    case 3:
        return doc("$filter", doc("input", array_expression(depth - 1), "as", "v", "cond",
                                  doc(one_of({"$gt", "$lte", "$ne"}), arr("$$v", scalar()))));
    case 4:
        return doc("$map", doc("input", array_expression(depth - 1), "as", "v", "in", doc("$ifNull", arr("$$v", "null"))));
    case 5:
        return doc("$split", arr(text_expression(depth - 1), one_of({",", "a", " "})));
    case 6:
        return doc("$range", arr(0, number(below(4))));
    case 7:
        return doc("$objectToArray", doc("$cond", arr(doc("$eq", arr(doc("$type", "$d"), "object")), "$d", doc("q", 1))));
    default:
        return doc("$sortArray", doc("input", array_expression(depth - 1), "sortBy", chance(50) ? 1 : -1));
    }
}

value generator::make_expression(int depth) {
    if (depth <= 0)
        return chance(70) ? value("$" + std::string(one_of({"a", "b", "c", "d", "d.x", "e.k", "n", "s", "missing"})))
                          : value(doc("$literal", scalar()));
    switch (below(16)) {
    case 0:
    case 1:
        return number_expression(depth);
    case 2:
    case 3:
        return text_expression(depth);
    case 4:
    case 5:
        return array_expression(depth);
    case 6:
        return doc(
            one_of({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte"}), arr(make_expression(depth - 1), make_expression(depth - 1)));
    case 7:
        return doc(one_of({"$and", "$or"}), arr(make_expression(depth - 1), make_expression(depth - 1)));
    case 8:
        return doc("$not", arr(make_expression(depth - 1)));
    case 9:
        return doc("$cond",
            doc("if", make_expression(depth - 1), "then", make_expression(depth - 1), "else", make_expression(depth - 1)));
    case 10:
        return doc("$ifNull", arr(make_expression(depth - 1), make_expression(depth - 1)));
    case 11:
        return doc("$switch",
            doc("branches",
                arr(doc("case", make_expression(depth - 1), "then", 1), doc("case", make_expression(depth - 1), "then", 2)),
                "default", "none"));
    case 12:
        return doc(
            "$convert", doc("input", make_expression(depth - 1), "to",
                            one_of({"int", "double", "string", "bool", "long", "date"}), "onError", "bad", "onNull", "null"));
    case 13:
        return doc("$reduce", doc("input", array_expression(depth - 1), "initialValue", arr(), "in",
                                  doc("$concatArrays", arr(arr("$$this"), "$$value"))));
    case 14:
        return doc("$in", arr(make_expression(depth - 1), array_expression(depth - 1)));
    default:
        return date_expression();
    }
}

// Around the days on which clocks are changed, too.
value generator::date_expression() {
    auto const date = [&] {
        static constexpr std::size_t changes[] = {196, 203, 330, 350, 357, 538};
        auto const at = chance(50) ? day(changes[below(std::size(changes))] + below(2)) : day(below(400));
        return doc("$cond", arr(doc("$and", arr(doc("$eq", arr(doc("$type", "$a"), "date")), chance(30))), "$a",
                                datetime(at + std::chrono::minutes(below(96) * 15))));
    };
    auto const zone = [&] {
        return one_of({"Europe/Paris", "Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Sydney",
            "America/St_Johns", "Etc/GMT+5", "UTC", "+05:30", "-03"});
    };
    auto const unit = [&] {
        return one_of({"year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"});
    };
    switch (below(7)) {
    case 6:
        return doc("$dateToParts", doc("date", date(), "timezone", zone(), "iso8601", chance(50)));
    case 0:
        return doc(one_of({"$year", "$month", "$dayOfMonth", "$dayOfWeek", "$dayOfYear", "$week", "$isoWeek"}), date());
    case 1:
        return doc(one_of({"$year", "$dayOfYear", "$hour", "$minute", "$isoDayOfWeek"}), doc("date", date(), "timezone", zone()));
    case 2:
        return doc("$dateToString", doc("date", date(), "format", "%Y-%m-%dT%H:%M:%S.%LZ %j %u %z %Z", "timezone", zone()));
    case 3:
        return doc("$dateTrunc",
            doc("date", date(), "unit", unit(), "binSize", number(1 + below(3)), "timezone", zone(), "startOfWeek", "monday"));
    case 4:
        return doc(
            "$dateAdd", doc("startDate", date(), "unit", unit(), "amount", static_cast<int>(below(9)) - 4, "timezone", zone()));
    default:
        return doc("$dateDiff", doc("startDate", date(), "endDate", date(), "unit", unit(), "timezone", zone()));
    }
}

void generator::count_operators(value const& v) {
    if (auto const* d = v.if_document()) {
        for (auto const& [key, inner] : *d) {
            if (key.starts_with('$'))
                ++operators_[std::string(key)];
            count_operators(inner);
        }
    } else if (auto const* a = v.if_array()) {
        for (value const& element : *a)
            count_operators(element);
    }
}

} // namespace cormorant::testing
