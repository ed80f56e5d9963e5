#include "memory/expression/impl.hpp"
#include "memory/match/matcher.hpp"
#include "stage.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace cormorant::memory {

namespace {

/// The values that a local field joins on: elements of arrays, at the end of the path and on the way. Null when there is none.
array join_values(document const& d, std::string_view path) {
    array result;
    collect_path(
        d, path,
        [&](value const& v) {
            if (auto const* const a = v.if_array()) {
                for (value const& e : *a) {
                    result.push_back(e);
                }
            } else {
                result.push_back(v);
            }
        },
        path_leaf_arrays::whole);
    if (result.empty()) {
        result.push_back(nullptr);
    }
    return result;
}

/// A filter for documents whose field is one of the values. Regexes are values here, not patterns.
document join_filter(std::string_view field, array const& values) {
    if (values.size() == 1) {
        return doc(field, doc("$eq", values.front()));
    }
    if (std::ranges::none_of(values, [](value const& v) { return v.is_regex(); })) {
        return doc(field, doc("$in", values));
    }
    array either;
    for (value const& v : values) {
        either.push_back(doc(field, doc("$eq", v)));
    }
    return doc("$or", std::move(either));
}

document both(document const& a, document const& b) {
    return a.empty() ? b : b.empty() ? a : doc("$and", arr(a, b));
}

std::string require_text(std::string_view stage, std::string_view key, value const& v) {
    if (!v.is_string()) {
        refuse(code::failed_to_parse,
            fmt::format("{} argument '{}: {}' must be a string, is type {}", stage, key, to_string(v), to_string(v.type())));
    }
    return std::string(v.as_string());
}

void note(std::vector<std::string>& collections, std::string const& name) {
    if (!name.empty() && std::ranges::find(collections, name) == collections.end()) {
        collections.push_back(name);
    }
}

/// The documents of a collection that may match, or none when the pipeline makes its own.
std::unique_ptr<document_stream> run_on(
    pipeline const& p, std::string const& collection, document const& filter, query_options const& options) {
    // A filter that may use variables means nothing to the collection.
    document const wanted = options.let.empty() ? both(filter, p.leading_filter()) : filter;
    auto input = p.makes_own_input() ? stream_of({}) : options.world->open(collection, wanted);
    if (!filter.empty()) {
        auto matches = matcher::compile(filter, options);
        std::vector<document_ptr> matching;
        while (auto d = input->next()) {
            if (matches.matches(*d)) {
                matching.push_back(std::move(d));
            }
        }
        input = stream_of(std::move(matching));
    }
    return p.run(std::move(input));
}

class lookup {
public:
    lookup(document const& source, stage_context& context) : options_(context.options) {
        for (auto const& [key, v] : source) {
            if (key == "from") {
                if (v.is_document()) {
                    unsupported("the memory store does not support $lookup in another database");
                }
                from_ = require_text("$lookup", key, v);
            } else if (key == "localField") {
                local_ = require_text("$lookup", key, v);
                checked_path(*local_);
            } else if (key == "foreignField") {
                foreign_ = require_text("$lookup", key, v);
                checked_path(*foreign_);
            } else if (key == "as") {
                as_ = require_text("$lookup", key, v);
                checked_path(as_);
            } else if (key == "let") {
                add_let(v);
            } else if (key == "pipeline") {
                if (!v.is_array()) {
                    refuse(code::type_mismatch, "A pipeline must be an array of objects");
                }
                stages_ = v.as_array();
                has_pipeline_ = true;
            } else {
                refuse(code::failed_to_parse, fmt::format("unknown argument to $lookup: {}", key));
            }
        }
        if (as_.empty()) {
            refuse(code::failed_to_parse, "must specify 'as' field for a $lookup");
        }
        if (local_.has_value() != foreign_.has_value()) {
            refuse(code::failed_to_parse, "$lookup requires both or neither of 'localField' and 'foreignField' to be specified");
        }
        if (!local_ && !has_pipeline_) {
            refuse(code::failed_to_parse,
                "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified");
        }
        if (!let_.empty() && !has_pipeline_) {
            refuse(code::failed_to_parse, "$lookup with a 'let' argument must also specify 'pipeline'");
        }
        // Compiled once when it uses no variables; otherwise with values that show what is wrong with it now.
        query_options inner = options_;
        for (auto const& [name, e] : let_) {
            inner.let.set(name, undefined());
        }
        pipeline_ = pipeline::compile(stages_, inner);
        refuse_output(pipeline_->output(), 51047, "$lookup");
        if (from_.empty() && !pipeline_->makes_own_input()) {
            refuse(code::failed_to_parse, "must specify 'from' field for a $lookup");
        }
        note(context.collections, from_);
        for (auto const& each : pipeline_->collections()) {
            note(context.collections, each);
        }
    }

    document_ptr run(document_ptr d) const {
        document const filter = local_ ? join_filter(*foreign_, join_values(*d, *local_)) : document();
        array joined;
        auto const results = let_.empty() ? run_on(*pipeline_, from_, filter, options_) : run_correlated(*d, filter);
        while (auto each = results->next()) {
            joined.push_back(take(std::move(each)));
        }
        auto made = std::make_shared<document>(take(std::move(d)));
        set_nested(*made, as_, std::move(joined));
        return made;
    }

private:
    void add_let(value const& v) {
        if (!v.is_document()) {
            refuse(code::failed_to_parse,
                fmt::format("$lookup argument 'let: {}' must be an object, is type {}", to_string(v), to_string(v.type())));
        }
        for (auto const& [name, e] : v.as_document()) {
            let_.emplace_back(variable_name(name), bound_expression(e, options_));
        }
    }

    std::unique_ptr<document_stream> run_correlated(document const& d, document const& filter) const {
        query_options inner = options_;
        for (auto const& [name, e] : let_) {
            operand v = e.evaluate(d);
            inner.let.set(name, v.missing() ? value(undefined()) : std::move(v).take());
        }
        return run_on(pipeline::compile(stages_, inner), from_, filter, inner);
    }

    query_options options_;
    std::string from_;
    std::string as_;
    std::optional<std::string> local_;
    std::optional<std::string> foreign_;
    std::vector<std::pair<std::string, bound_expression>> let_;
    array stages_;
    bool has_pipeline_ = false;
    std::optional<pipeline> pipeline_;
};

class union_stage final : public stage {
public:
    union_stage(std::string collection, pipeline p, query_options const& options)
        : collection_(std::move(collection)), pipeline_(std::move(p)), options_(options) {}
    std::unique_ptr<document_stream> attach(std::unique_ptr<document_stream> input) const override {
        return std::make_unique<stream>(*this, std::move(input));
    }

private:
    class stream final : public document_stream {
    public:
        stream(union_stage const& of, std::unique_ptr<document_stream> input) : of_(of), now_(std::move(input)) {}
        document_ptr next() override {
            auto d = now_->next();
            if (!d && !second_) {
                second_ = true;
                now_ = run_on(of_.pipeline_, of_.collection_, document(), of_.options_);
                d = now_->next();
            }
            return d;
        }

    private:
        union_stage const& of_;
        std::unique_ptr<document_stream> now_;
        bool second_ = false;
    };

    std::string collection_;
    pipeline pipeline_;
    query_options options_;
};

class graph_lookup {
public:
    graph_lookup(document const& source, stage_context& context) : options_(context.options) {
        for (auto const& [key, v] : source) {
            if (key == "startWith") {
                start_.emplace(v, options_);
            } else if (key == "maxDepth") {
                auto const n = v.is_number() ? v.if_int64() : std::nullopt;
                if (!n || *n < 0) {
                    refuse(v.is_number() ? 40101 : 40100,
                        fmt::format("maxDepth requires a nonnegative argument, found: {}", to_string(v)));
                }
                most_ = *n;
            } else if (key == "restrictSearchWithMatch") {
                if (!v.is_document()) {
                    refuse(40185, "restrictSearchWithMatch must be an object");
                }
                restrict_ = v.as_document();
                matcher::compile(restrict_, options_);
            } else if (key == "from" || key == "as" || key == "connectFromField" || key == "connectToField" ||
                       key == "depthField") {
                if (!v.is_string()) {
                    refuse(key == "from" ? code::failed_to_parse : 40103,
                        fmt::format("expected string as argument for {}, found: {}", key, to_string(v)));
                }
                std::string& to = key == "from"               ? from_
                                  : key == "as"               ? as_
                                  : key == "connectFromField" ? connect_from_
                                  : key == "connectToField"   ? connect_to_
                                                              : depth_;
                to = v.as_string();
                if (key != "from") {
                    checked_path(to);
                }
            } else {
                refuse(40104, fmt::format("Unknown argument to $graphLookup: {}", key));
            }
        }
        if (from_.empty() || as_.empty() || !start_ || connect_from_.empty() || connect_to_.empty()) {
            refuse(40105,
                "$graphLookup requires 'from', 'as', 'startWith', 'connectFromField', and 'connectToField' to be specified.");
        }
        note(context.collections, from_);
    }

    document_ptr run(document_ptr d) const {
        array frontier;
        auto const reach = [&](operand const& v) {
            if (v.missing()) {
                return;
            }
            if (auto const* const a = v->if_array()) {
                for (value const& e : *a) {
                    frontier.push_back(e);
                }
            } else {
                frontier.push_back(v.get());
            }
        };
        reach(start_->evaluate(*d));
        std::set<value, value_less> visited;
        array found;
        field_path const next(connect_from_);
        for (std::int64_t depth = 0; !frontier.empty() && (!most_ || depth <= *most_); ++depth) {
            document const filter = both(join_filter(connect_to_, frontier), restrict_);
            frontier.clear();
            auto const matches = matcher::compile(filter, options_);
            auto const docs = options_.world->open(from_, filter);
            while (auto each = docs->next()) {
                value const* const id = each->find("_id");
                if (!matches.matches(*each) || !visited.insert(id ? *id : value(*each)).second) {
                    continue;
                }
                reach(path_value(*each, next));
                document made = take(std::move(each));
                if (!depth_.empty()) {
                    set_nested(made, depth_, depth);
                }
                found.push_back(std::move(made));
            }
        }
        auto made = std::make_shared<document>(take(std::move(d)));
        set_nested(*made, as_, std::move(found));
        return made;
    }

private:
    query_options options_;
    std::string from_;
    std::string as_;
    std::string connect_from_;
    std::string connect_to_;
    std::string depth_;
    std::optional<bound_expression> start_;
    std::optional<std::int64_t> most_;
    document restrict_;
};

} // namespace

stage_ptr compile_lookup(value const& source, stage_context& context) {
    if (!source.is_document()) {
        refuse(code::failed_to_parse,
            fmt::format("the $lookup stage specification must be an object, but found {}", to_string(source.type())));
    }
    auto made = std::make_shared<lookup>(source.as_document(), context);
    return make_map_stage([made = std::move(made)](document_ptr d) { return made->run(std::move(d)); });
}

stage_ptr compile_union_with(value const& source, stage_context& context) {
    std::string collection;
    array stages;
    if (source.is_string()) {
        collection = source.as_string();
    } else if (auto const* const d = source.if_document()) {
        for (auto const& [key, v] : *d) {
            if (key == "coll" && v.is_string()) {
                collection = v.as_string();
            } else if (key == "pipeline" && v.is_array()) {
                stages = v.as_array();
            } else {
                refuse(key == "coll" || key == "pipeline" ? code::type_mismatch : 40415,
                    fmt::format("BSON field '$unionWith.{}' is an unknown field or has the wrong type.", key));
            }
        }
    } else {
        refuse(code::failed_to_parse, fmt::format("the $unionWith stage specification must be an object or string, but found {}",
                                          to_string(source.type())));
    }
    auto p = pipeline::compile(stages, context.options);
    refuse_output(p.output(), 31441, "$unionWith");
    if (collection.empty() && !p.makes_own_input()) {
        refuse(code::failed_to_parse,
            "$unionWith stage without explicit collection must have a pipeline with $documents as first stage");
    }
    note(context.collections, collection);
    for (auto const& each : p.collections()) {
        note(context.collections, each);
    }
    return std::make_shared<union_stage>(std::move(collection), std::move(p), context.options);
}

stage_ptr compile_graph_lookup(value const& source, stage_context& context) {
    if (!source.is_document()) {
        refuse(code::failed_to_parse,
            fmt::format("the $graphLookup stage specification must be an object, but found {}", to_string(source.type())));
    }
    auto made = std::make_shared<graph_lookup>(source.as_document(), context);
    return make_map_stage([made = std::move(made)](document_ptr d) { return made->run(std::move(d)); });
}

} // namespace cormorant::memory
