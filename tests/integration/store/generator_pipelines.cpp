#include "generator.hpp"

#include <utility>

namespace cormorant::testing {

// What becomes of each part is decided by a field that parts have at several depths.
value generator::redaction() {
    auto const verdict = [&] { return std::string(one_of({"$$KEEP", "$$PRUNE", "$$DESCEND", "$$DESCEND"})); };
    static constexpr char const* fields[] = {"$x", "$k", "$$CURRENT.v", "$y", "$$ROOT.n", "$a"};
    auto const condition =
        doc(one_of({"$eq", "$gt", "$lte", "$ne"}), arr(fields[below(std::size(fields))], doc("$literal", scalar())));
    return doc("$redact", doc("$cond", arr(condition, verdict(), chance(80) ? value("$$DESCEND") : value(verdict()))));
}

value generator::automatic_buckets() {
    document spec;
    if (chance(60)) {
        spec.set("groupBy", chance(40) ? value("$n") : value(doc("$abs", number_expression(2))));
        if (chance(20))
            spec.set("groupBy", doc("$toDecimal", doc("$abs", number_expression(1))));
        if (chance(20))
            spec.set("groupBy", doc("$divide", arr(doc("$abs", number_expression(1)), 1000)));
        if (chance(60))
            spec.set("granularity",
                one_of({"R5", "R10", "R20", "R40", "R80", "1-2-5", "E6", "E12", "E24", "E48", "E96", "E192", "POWERSOF2"}));
    } else {
        spec.set("groupBy", make_expression(1).is_document() ? make_expression(1) : value("$a"));
        if (!spec.at("groupBy").is_document())
            spec.set("groupBy", "$" + path());
    }
    spec.set("buckets", number(1 + below(5)));
    if (chance(70))
        spec.set("output", doc("ids", doc("$push", "$_id"), "x", doc(one_of({"$sum", "$avg", "$min", "$max", "$first"}), "$n")));
    return doc("$bucketAuto", std::move(spec));
}

array generator::make_writing_pipeline() {
    array result;
    for (std::size_t n = below(3); n != 0; --n)
        result.push_back(stage());
    if (chance(25)) {
        result.push_back(doc("$out", "target"));
        return result;
    }
    document merge = doc("into", "target");
    bool inserts = true;
    if (chance(80)) {
        static constexpr char const* modes[] = {"replace", "merge", "keepExisting", "fail"};
        auto const mode = below(std::size(modes) + 2);
        if (mode < std::size(modes)) {
            merge.set("whenMatched", modes[mode]);
        } else {
            auto change =
                doc("$set", doc("w", doc("$ifNull", arr("$$new.a", "none")), "z", chance(50) ? value("$$new.d") : value("$n")));
            if (chance(50)) {
                merge.set("let", doc("new", "$$ROOT", "v", chance(70) ? value(doc("$ifNull", arr("$n", 0))) : value("$n")));
                change.at("$set").as_document().set("n", "$$v");
            }
            merge.set("whenMatched", arr(std::move(change)));
        }
        if ((mode < 2 || mode >= std::size(modes)) && chance(60)) {
            auto const otherwise = one_of({"insert", "discard", "fail"});
            merge.set("whenNotMatched", otherwise);
            inserts = otherwise == "insert";
        }
    }
    if (chance(30)) {
        merge.set("on", chance(50) ? value("u") : value(arr("u")));
        result.push_back(doc("$set", doc("u", chance(80) ? value(doc("$ifNull", arr("$n", "$_id"))) : value("$" + path()))));
        if (!inserts && chance(80))
            result.push_back(doc("$unset", "_id"));
    }
    result.push_back(doc("$merge", std::move(merge)));
    return result;
}

value generator::stage() {
    switch (below(13)) {
    case 12:
        return redaction();
    case 0:
    case 1:
        return doc("$match", make_filter(1));
    case 2:
        return doc("$project", doc(one_of({"a", "c", "d"}), 1, "z", make_expression(2), "n", 1));
    case 3:
        return doc("$addFields", doc(one_of({"z", "d.z", "a"}), make_expression(2)));
    case 4:
        return doc("$unset", arr(one_of({"b", "e", "d.y"}), "s"));
    case 5:
        return doc("$sort", make_pipeline_sort());
    case 6:
        return doc("$skip", number(below(3)));
    case 7:
        return doc("$limit", number(1 + below(8)));
    case 8: {
        auto const field = std::string(one_of({"$c", "$e", "$a", "$d.y"}));
        return chance(50) ? value(doc("$unwind", field))
                          : value(doc("$unwind",
                                doc("path", field, "preserveNullAndEmptyArrays", chance(50), "includeArrayIndex", "i")));
    }
    case 9:
        return doc("$lookup", doc("from", "other", "localField", one_of({"a", "c", "e.k", "n"}), "foreignField",
                                  one_of({"_id", "k"}), "as", "joined"));
    case 10:
        return doc("$lookup", doc("from", "other", "let", doc("v", "$n"), "pipeline",
                                  arr(doc("$match", doc("$expr", doc("$lt", arr("$k", "$$v")))), doc("$sort", doc("_id", 1)),
                                      doc("$project", doc("k", 1))),
                                  "as", "joined"));
    default:
        return doc("$replaceWith", doc("$mergeObjects", arr("$$ROOT", doc("m", make_expression(1)))));
    }
}

// Only where `_id` tells documents apart: with two that are equal in the order the windows are the server's choice.
value generator::window_stage() {
    auto const bound = [&](int sign) -> value {
        switch (below(3)) {
        case 0:
            return "unbounded";
        case 1:
            return "current";
        default:
            return sign * static_cast<int>(1 + below(2));
        }
    };
    document output;
    auto const* const operand = chance(50) ? "$n" : "$d.x";
    switch (below(4)) {
    case 0:
        output.set("w", doc(one_of({"$rank", "$denseRank", "$documentNumber"}), document()));
        break;
    case 1: {
        auto shift = doc("output", operand, "by", chance(50) ? 1 : -1);
        if (chance(50))
            shift.set("default", "none");
        output.set("w", doc("$shift", std::move(shift)));
        break;
    }
    default:
        output.set("w", doc(one_of({"$sum", "$avg", "$min", "$max", "$first", "$last", "$push"}), operand, "window",
                            doc("documents", arr(bound(-1), bound(1)))));
        break;
    }
    document stage;
    if (chance(70))
        stage.set("partitionBy", one_of({"$n", "$s"}));
    stage.set("sortBy", doc("_id", chance(50) ? 1 : -1));
    stage.set("output", std::move(output));
    return doc("$setWindowFields", std::move(stage));
}

document generator::make_text_filter() {
    std::string words;
    for (std::size_t n = 1 + below(3); n != 0; --n) {
        auto const word = one_of({"a", "b", "ab", "ba", "abc", "B", "\"ab\"", "none"});
        words += (words.empty() ? "" : " ") + std::string(chance(20) ? "-" : "") + std::string(word);
    }
    auto filter = doc("$text", doc("$search", words, "$caseSensitive", chance(20)));
    if (chance(40))
        filter.set("n", doc(one_of({"$gte", "$lt"}), number(below(8))));
    return filter;
}

array generator::make_pipeline() {
    array result;
    if (chance(25)) {
        result.push_back(window_stage());
        result.push_back(doc("$sort", doc("_id", 1)));
    }
    for (std::size_t n = below(4); n != 0; --n)
        result.push_back(stage());
    switch (below(8)) {
    case 6:
    case 7:
        result.push_back(doc("$sort", doc("_id", 1)));
        result.push_back(automatic_buckets());
        break;
    case 0: {
        document group = doc("_id", chance(60) ? value("$" + path()) : make_expression(1));
        group.set("count", doc("$sum", 1));
        group.set("x", doc(one_of({"$sum", "$avg", "$min", "$max", "$first", "$last", "$push"}), make_expression(1)));
        result.push_back(doc("$group", std::move(group)));
        result.push_back(doc("$sort", doc("_id", 1)));
        break;
    }
    case 1:
        result.push_back(doc("$count", "total"));
        break;
    case 2:
        result.push_back(
            doc("$sortByCount", "$" + std::string(one_of({"a", "n", "s", "d.x"})))); // no arrays: they are sorted by one element
        result.push_back(doc("$sort", doc("count", -1, "_id", 1)));
        break;
    case 3:
        result.push_back(doc("$facet", doc("few", arr(doc("$limit", 2), doc("$project", doc("_id", 1))), "some",
                                           arr(doc("$match", make_filter(1)), doc("$count", "n")))));
        break;
    case 4:
        result.push_back(doc("$bucket", doc("groupBy", "$n", "boundaries", arr(0, 5, 10), "default", "other", "output",
                                            doc("n", doc("$sum", 1), "a", doc("$push", "$a")))));
        break;
    default:
        result.push_back(doc("$unionWith", doc("coll", "other", "pipeline", arr(doc("$match", doc("k", number(below(3))))))));
        break;
    }
    return result;
}

} // namespace cormorant::testing
