#include "script.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace cormorant::testing {

std::string begun_line(int writer, step const& s) {
    return fmt::format("b {} {} {} {}\n", writer, static_cast<int>(s.what), s.id, s.version);
}

std::string ended_line(int writer) {
    return fmt::format("e {}\n", writer);
}

std::optional<parsed_line> parse_line(std::string_view line) {
    std::string const text(line);
    parsed_line result;
    int kind = 0;
    step s;
    if (std::sscanf(text.c_str(), "b %d %d %d %d", &result.writer, &kind, &s.id, &s.version) == 4) {
        s.what = static_cast<step::kind>(kind);
        result.begun = s;
        return result;
    }
    if (std::sscanf(text.c_str(), "e %d", &result.writer) == 1)
        return result;
    return std::nullopt;
}

document make_document(int id, int version) {
    return doc("_id", id, "version", version, "u", fmt::format("{}-{}", id, version), "group", (id + version) % 5, "text",
        fmt::format("word{} again", version % 3), "padding",
        std::string(static_cast<std::size_t>((id * 37 + version * 101) % 1500), 'x'), "last", version);
}

operation operation_of(step const& s) {
    if (s.what == step::kind::insert) {
        insert_op op;
        op.collection = "c";
        op.docs.push_back(make_document(s.id, s.version));
        return op;
    }
    if (s.what == step::kind::remove) {
        remove_op op;
        op.collection = "c";
        op.filter = doc("_id", s.id);
        return op;
    }
    update_op op;
    op.collection = "c";
    op.filter = doc("_id", s.id);
    auto changed = make_document(s.id, s.version);
    changed.erase("_id");
    op.update = value(doc("$set", std::move(changed)));
    return op;
}

step next_step(std::mt19937& random, int id, int version, int last_version) {
    if (version == 0)
        return {step::kind::insert, id, last_version + 1};
    bool const removes = std::uniform_int_distribution(0, 5)(random) == 0;
    return {removes ? step::kind::remove : step::kind::update, id, last_version + 1};
}

create_indexes_op indexes() {
    create_indexes_op op;
    op.collection = "c";
    auto const add = [&](document keys, document options) {
        op.indexes.emplace_back();
        op.indexes.back().keys = std::move(keys);
        op.indexes.back().options = std::move(options);
    };
    add(doc("u", 1), doc("unique", true));
    add(doc("group", 1), document());
    add(doc("text", "text"), document());
    return op;
}

} // namespace cormorant::testing
