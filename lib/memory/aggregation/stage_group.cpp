#include "group_field.hpp"
#include "memory/expression/impl.hpp"
#include "memory/query/sorter.hpp"
#include "stage.hpp"

#include <algorithm>
#include <unordered_map>

namespace cormorant::memory {

namespace {

/// `$group`, and what is made of it: `$count`, `$sortByCount`, `$bucket`.
class group {
public:
    group(expression_ptr id, std::vector<group_field> fields, query_options const& options)
        : options_(options), id_(std::move(id)), fields_(std::move(fields)) {}

    std::vector<document_ptr> run(document_stream& input) const {
        std::vector<entry> groups;
        std::unordered_map<value, std::size_t> places;
        while (auto const d = input.next()) {
            scope s{*d, *options_.world, options_.collation.get()};
            s.text_score = d.text_score();
            value id = id_->evaluate(s).take();
            value key = options_.collation ? options_.collation->key(id) : id;
            auto const [place, fresh] = places.try_emplace(std::move(key), groups.size());
            if (fresh) {
                groups.push_back({std::move(id), {}});
                for (group_field const& f : fields_) {
                    groups.back().accumulators.push_back(f.what.make(s, f.what.n.get()));
                }
            }
            auto& accumulators = groups[place->second].accumulators;
            for (std::size_t i = 0; i < fields_.size(); ++i) {
                accumulators[i]->add(fields_[i].what.input->evaluate(s));
            }
        }
        std::vector<document_ptr> result;
        result.reserve(groups.size());
        for (entry& g : groups) {
            auto made = std::make_shared<document>();
            made->append("_id", std::move(g.id));
            for (std::size_t i = 0; i < fields_.size(); ++i) {
                made->append(fields_[i].name, g.accumulators[i]->result());
            }
            result.push_back(std::move(made));
        }
        return result;
    }

private:
    struct entry {
        value id;
        std::vector<std::unique_ptr<accumulator>> accumulators;
    };

    query_options options_;
    expression_ptr id_;
    std::vector<group_field> fields_;
};

/// The `_id` of a group. In an object with one member a missing value becomes null; with several it is left out.
expression_ptr compile_id(value const& source, compile_context& context) {
    auto const* const d = source.if_document();
    if (d == nullptr || d->size() != 1 || d->begin()->key().starts_with('$')) {
        return compile_expression(source, context);
    }
    compile_expression(source, context); // refuses a bad name
    return make_expression([name = std::string(d->begin()->key()), e = compile_expression(d->begin()->value(), context)](
                               scope& s) { return operand(value(doc(name, e->evaluate(s).take()))); });
}

/// Groups, and changes what comes out with `then`.
template <class Then>
stage_ptr group_stage(std::shared_ptr<group const> g, Then then) {
    return make_collect_stage([g = std::move(g), then = std::move(then)](document_stream& input) {
        auto docs = g->run(input);
        then(docs);
        return docs;
    });
}

} // namespace

group_field compile_group_field(std::string_view name, value const& source, compile_context& context) {
    if (name.find('.') != std::string_view::npos) {
        refuse(40235, fmt::format("The field name '{}' cannot contain '.'", name));
    }
    if (name.starts_with('$')) {
        refuse(40236, fmt::format("The field name '{}' cannot be an operator name", name));
    }
    return {std::string(name), compile_accumulation(name, source, context)};
}

std::vector<group_field> count_field(std::string_view name, compile_context& context) {
    std::vector<group_field> result;
    result.push_back({std::string(name), compile_accumulation(name, value(doc("$sum", 1)), context)});
    return result;
}

stage_ptr compile_group(value const& source, stage_context& context) {
    auto const* const d = source.if_document();
    if (d == nullptr) {
        refuse(15947, "a group's fields must be specified in an object");
    }
    symbols names;
    compile_context compiling{context.options, names};
    expression_ptr id;
    std::vector<group_field> fields;
    for (auto const& [key, v] : *d) {
        if (key == "_id") {
            id = compile_id(v, compiling);
        } else if (key != "$doingMerge" && key != "$willBeMerged") {
            fields.push_back(compile_group_field(key, v, compiling));
        }
    }
    if (!id) {
        refuse(15955, "a group specification must include an _id");
    }
    return group_stage(std::make_shared<group>(std::move(id), std::move(fields), context.options), [](auto&) {});
}

stage_ptr compile_count(value const& source, stage_context& context) {
    if (!source.is_string() || source.as_string().empty()) {
        refuse(source.is_string() ? 40157 : 40156, "the count field must be a non-empty string");
    }
    std::string name(source.as_string());
    if (name.starts_with('$')) {
        refuse(40158, "the count field cannot be a $-prefixed path");
    }
    if (name.find('\0') != std::string::npos) {
        refuse(40159, "the count field cannot contain a null byte");
    }
    if (name.find('.') != std::string::npos) {
        refuse(40160, "the count field cannot contain '.'");
    }
    if (name == "_id") {
        refuse(15948, "a group's _id may only be specified once");
    }
    symbols names;
    compile_context compiling{context.options, names};
    auto g = std::make_shared<group>(make_constant_expression(value()), count_field(name, compiling), context.options);
    return group_stage(std::move(g), [](std::vector<document_ptr>& docs) {
        for (auto& each : docs) {
            auto made = std::make_shared<document>(take(std::move(each)));
            made->erase("_id");
            each = std::move(made);
        }
    });
}

stage_ptr compile_sort_by_count(value const& source, stage_context& context) {
    auto const* const d = source.if_document();
    bool const path = source.is_string() && source.as_string().starts_with('$');
    if (d ? d->empty() || !d->begin()->key().starts_with('$') : !path) {
        refuse(d                    ? 40147
               : source.is_string() ? 40148
                                    : 40149,
            "the sortByCount field must be defined as a $-prefixed path or an expression inside an object");
    }
    symbols names;
    compile_context compiling{context.options, names};
    auto g = std::make_shared<group>(compile_expression(source, compiling), count_field("count", compiling), context.options);
    return group_stage(
        std::move(g), [order = sorter::compile(doc("count", -1), context.options)](auto& docs) { order.sort(docs); });
}

stage_ptr compile_bucket(value const& source, stage_context& context) {
    if (!source.is_document()) {
        refuse(40201, fmt::format("Argument to $bucket stage must be an object, but found type: {}.", to_string(source.type())));
    }
    query_options const& options = context.options;
    symbols names;
    compile_context compiling{options, names};
    expression_ptr by;
    expression_ptr otherwise;
    std::vector<value> bounds;
    std::vector<group_field> fields;
    for (auto const& [key, v] : source.as_document()) {
        if (key == "groupBy") {
            if (!v.is_document() && !(v.is_string() && v.as_string().starts_with('$'))) {
                refuse(40202,
                    fmt::format(
                        "The $bucket 'groupBy' field must be defined as a $-prefixed path or an expression, but found: {}.",
                        to_string(v)));
            }
            by = compile_expression(v, compiling);
        } else if (key == "boundaries") {
            if (!v.is_array()) {
                refuse(40200,
                    fmt::format("The $bucket 'boundaries' field must be an array, but found type: {}.", to_string(v.type())));
            }
            for (value const& each : v.as_array()) {
                auto const e = compile_expression(each, compiling);
                if (!e->constant()) {
                    refuse(40191,
                        fmt::format("The $bucket 'boundaries' field must be an array of constant values, but found value: {}.",
                            to_string(each)));
                }
                bounds.push_back(*e->constant());
            }
        } else if (key == "default") {
            otherwise = compile_expression(v, compiling);
            if (!otherwise->constant()) {
                refuse(40195,
                    fmt::format("The $bucket 'default' field must be a constant expression, but found: {}.", to_string(v)));
            }
        } else if (key == "output") {
            if (!v.is_document()) {
                refuse(
                    40196, fmt::format("The $bucket 'output' field must be an object, but found type: {}.", to_string(v.type())));
            }
            for (auto const& [name, what] : v.as_document()) {
                fields.push_back(compile_group_field(name, what, compiling));
            }
        } else {
            refuse(40197, fmt::format("Unrecognized option to $bucket: {}.", key));
        }
    }
    if (!by || bounds.empty()) {
        refuse(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.");
    }
    if (bounds.size() < 2) {
        refuse(40192,
            fmt::format("The $bucket 'boundaries' field must have at least 2 values, but found {} value(s).", bounds.size()));
    }
    auto const same_kind = [](value const& a, value const& b) {
        return a.type() == b.type() || (a.is_number() && b.is_number());
    };
    auto const* const collation = options.collation.get();
    for (std::size_t i = 1; i < bounds.size(); ++i) {
        if (!same_kind(bounds[i - 1], bounds[i])) {
            refuse(40193, fmt::format("All values in the the 'boundaries' option to $bucket must have the same type. Found "
                                      "conflicting types {} and {}.",
                              to_string(bounds[i - 1].type()), to_string(bounds[i].type())));
        }
        if (compare(bounds[i - 1], bounds[i], collation) >= 0) {
            refuse(40194, "The 'boundaries' option to $bucket must be sorted, but elements are not in ascending order");
        }
    }
    if (otherwise) {
        value const& v = *otherwise->constant();
        if (same_kind(v, bounds.front()) && compare(v, bounds.front(), collation) >= 0 &&
            compare(v, bounds.back(), collation) < 0) {
            refuse(40199, "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the "
                          "highest boundary.");
        }
    }
    if (fields.empty()) {
        fields = count_field("count", compiling);
    }
    auto id = make_expression([by = std::move(by), bounds, otherwise = std::move(otherwise)](scope& s) -> operand {
        operand const v = by->evaluate(s);
        if (!v.missing()) {
            auto const above = std::ranges::upper_bound(
                bounds, v.get(), [&](value const& a, value const& b) { return compare(a, b, s.collation) < 0; });
            if (above != bounds.begin() && above != bounds.end()) {
                return value(*(above - 1));
            }
        }
        if (!otherwise) {
            refuse(40066, "$switch could not find a matching branch for an input, and no default was specified.");
        }
        return otherwise->evaluate(s);
    });
    auto g = std::make_shared<group>(std::move(id), std::move(fields), options);
    return group_stage(std::move(g), [order = sorter::compile(doc("_id", 1), options)](auto& docs) { order.sort(docs); });
}

stage_ptr compile_facet(value const& source, stage_context& context) {
    auto const* const d = source.if_document();
    if (d == nullptr || d->empty()) {
        refuse(40169, "the $facet specification must be a non-empty object");
    }
    std::vector<std::pair<std::string, pipeline>> parts;
    for (auto const& [name, stages] : *d) {
        if (name.starts_with('$') || name.find('.') != std::string_view::npos) {
            refuse(name.starts_with('$') ? 16410 : 16412,
                fmt::format("$facet: field names may not begin with '$' or contain '.': {}", name));
        }
        if (!stages.is_array()) {
            refuse(40170, fmt::format("arguments to $facet must be arrays, {} is type {}", name, to_string(stages.type())));
        }
        for (value const& stage : stages.as_array()) {
            auto const* const one = stage.if_document();
            auto const what = one && !one->empty() ? one->begin()->key() : std::string_view();
            if (what == "$facet" || what == "$out" || what == "$merge" || what == "$documents" || what == "$geoNear") {
                refuse(40600, fmt::format("{} is not allowed to be used within a $facet stage", what));
            }
        }
        parts.emplace_back(name, pipeline::compile(stages.as_array(), context.options));
        for (auto const& each : parts.back().second.collections()) {
            context.collections.push_back(each);
        }
    }
    return make_collect_stage([parts = std::move(parts)](document_stream& input) {
        auto const docs = drain(input);
        auto made = std::make_shared<document>();
        for (auto const& [name, part] : parts) {
            array results;
            auto const stream = part.run(stream_of(docs));
            while (auto each = stream->next()) {
                results.push_back(take(std::move(each)));
            }
            made->append(name, std::move(results));
        }
        return std::vector<document_ptr>{std::move(made)};
    });
}

} // namespace cormorant::memory
