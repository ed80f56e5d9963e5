#include "stage.hpp"

#include <algorithm>

namespace cormorant::memory {

struct pipeline::state {
    std::vector<stage_ptr> stages;
    document leading_filter;
    std::vector<std::string> collections;
    std::shared_ptr<pipeline_output const> output;
    bool own_input = false;
};

namespace {

constexpr stage_definition definitions[] = {
    {"$match", compile_match},
    {"$project", compile_project},
    {"$addFields", compile_add_fields},
    {"$set", compile_set},
    {"$unset", compile_unset},
    {"$sort", compile_sort},
    {"$limit", compile_limit},
    {"$skip", compile_skip},
    {"$unwind", compile_unwind},
    {"$redact", compile_redact},
    {"$replaceRoot", compile_replace_root},
    {"$replaceWith", compile_replace_with},
    {"$sample", compile_sample},
    {"$documents", compile_documents},
    {"$group", compile_group},
    {"$count", compile_count},
    {"$sortByCount", compile_sort_by_count},
    {"$bucket", compile_bucket},
    {"$bucketAuto", compile_bucket_auto},
    {"$facet", compile_facet},
    {"$lookup", compile_lookup},
    {"$unionWith", compile_union_with},
    {"$graphLookup", compile_graph_lookup},
    {"$setWindowFields", compile_set_window_fields},
};

constexpr std::string_view known_to_the_server[] = {"$geoNear", "$collStats", "$indexStats", "$planCacheStats", "$currentOp",
    "$listSessions", "$listLocalSessions", "$changeStream", "$search", "$searchMeta", "$densify", "$fill"};

/// Keeps the compiled pipeline for as long as documents come.
class owning_stream final : public document_stream {
public:
    owning_stream(std::shared_ptr<void const> owner, std::unique_ptr<document_stream> inner)
        : owner_(std::move(owner)), inner_(std::move(inner)) {}
    document_ptr next() override { return inner_->next(); }

private:
    std::shared_ptr<void const> owner_;
    std::unique_ptr<document_stream> inner_;
};

} // namespace

pipeline::pipeline(std::shared_ptr<state const> s) noexcept : state_(std::move(s)) {}

pipeline pipeline::compile(array const& stages, query_options const& options) {
    auto made = std::make_shared<state>();
    array leading;
    bool only_matches = true;
    query_options stage_options = options;
    if (options.text.where == text_context::place::later) {
        stage_options.text.where = text_context::place::within;
    }
    for (value const& source : stages) {
        auto const* const d = source.if_document();
        if (d == nullptr) {
            refuse(code::type_mismatch, "Each element of the 'pipeline' array must be an object");
        }
        if (d->size() != 1) {
            refuse(40323, "A pipeline stage specification object must contain exactly one field.");
        }
        auto const name = d->begin()->key();
        if (made->output) {
            refuse(40601, fmt::format("{} can only be the final stage in the pipeline", made->output->stage));
        }
        if (auto output = compile_output(name, d->begin()->value(), stage_options)) {
            made->output = std::make_shared<pipeline_output>(std::move(*output));
            continue;
        }
        auto const* const found = std::ranges::find(definitions, name, &stage_definition::name);
        if (found == std::end(definitions)) {
            if (std::ranges::find(known_to_the_server, name) != std::end(known_to_the_server)) {
                unsupported(fmt::format("the memory store does not support the stage {}", name));
            }
            refuse(code::unrecognised_pipeline_stage, fmt::format("Unrecognized pipeline stage name: '{}'", name));
        }
        if (name == "$documents") {
            if (!made->stages.empty()) {
                refuse(40602, "$documents is only valid as the first stage in a pipeline");
            }
            made->own_input = true;
        }
        if (!made->stages.empty() || name != "$match") {
            stage_options.text.where = text_context::place::later;
        }
        stage_context context{stage_options, made->collections};
        auto compiled = found->compile(d->begin()->value(), context);
        if (name == "$limit" && !made->stages.empty()) {
            if (auto limited = made->stages.back()->limited(static_cast<std::size_t>(d->begin()->value().as_int64()))) {
                made->stages.back() = std::move(limited);
            }
        }
        made->stages.push_back(std::move(compiled));
        if (made->stages.size() == 1) {
            auto const* const first_filter = name == "$match" ? d->begin()->value().if_document() : nullptr;
            stage_options.text.scored = stage_options.text.scored || (first_filter && asks_for_text(*first_filter));
        }
        only_matches = only_matches && name == "$match";
        if (only_matches) {
            leading.push_back(d->begin()->value());
        }
    }
    if (leading.size() == 1) {
        made->leading_filter = leading.front().as_document();
    } else if (!leading.empty()) {
        made->leading_filter = doc("$and", std::move(leading));
    }
    return pipeline(std::move(made));
}

document const& pipeline::leading_filter() const noexcept {
    return state_->leading_filter;
}
bool pipeline::makes_own_input() const noexcept {
    return state_->own_input;
}
std::vector<std::string> const& pipeline::collections() const noexcept {
    return state_->collections;
}
std::shared_ptr<pipeline_output const> const& pipeline::output() const noexcept {
    return state_->output;
}

std::unique_ptr<document_stream> pipeline::run(std::unique_ptr<document_stream> input) const {
    for (auto const& each : state_->stages) {
        input = each->attach(std::move(input));
    }
    return std::make_unique<owning_stream>(state_, std::move(input));
}

} // namespace cormorant::memory
