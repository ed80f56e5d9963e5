#pragma once

/// The stages that a pipeline compiles to.

#include "memory/expression/expression.hpp"
#include "pipeline.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::memory {

/// A compiled stage. It outlives the streams that it makes.
class stage {
public:
    virtual ~stage() = default;
    virtual std::unique_ptr<document_stream> attach(std::unique_ptr<document_stream> input) const = 0;
    /// The same stage, when only so many of its documents are asked for; null when it does not matter.
    virtual std::shared_ptr<stage const> limited(std::size_t) const { return nullptr; }
};
using stage_ptr = std::shared_ptr<stage const>;

/// What compiling a stage needs, and what it finds out.
struct stage_context {
    query_options const& options;
    /// Collections that stages read.
    std::vector<std::string>& collections;
};

/// How a stage is called and compiled.
struct stage_definition {
    std::string_view name;
    stage_ptr (*compile)(value const& source, stage_context& context);
};

stage_ptr compile_match(value const& source, stage_context& context);
stage_ptr compile_project(value const& source, stage_context& context);
stage_ptr compile_add_fields(value const& source, stage_context& context);
stage_ptr compile_set(value const& source, stage_context& context);
stage_ptr compile_unset(value const& source, stage_context& context);
stage_ptr compile_sort(value const& source, stage_context& context);
stage_ptr compile_limit(value const& source, stage_context& context);
stage_ptr compile_skip(value const& source, stage_context& context);
stage_ptr compile_unwind(value const& source, stage_context& context);
stage_ptr compile_redact(value const& source, stage_context& context);
stage_ptr compile_replace_root(value const& source, stage_context& context);
stage_ptr compile_replace_with(value const& source, stage_context& context);
stage_ptr compile_sample(value const& source, stage_context& context);
stage_ptr compile_documents(value const& source, stage_context& context);
stage_ptr compile_group(value const& source, stage_context& context);
stage_ptr compile_count(value const& source, stage_context& context);
stage_ptr compile_sort_by_count(value const& source, stage_context& context);
stage_ptr compile_bucket(value const& source, stage_context& context);
stage_ptr compile_bucket_auto(value const& source, stage_context& context);
stage_ptr compile_facet(value const& source, stage_context& context);
stage_ptr compile_lookup(value const& source, stage_context& context);
stage_ptr compile_union_with(value const& source, stage_context& context);
stage_ptr compile_set_window_fields(value const& source, stage_context& context);
stage_ptr compile_graph_lookup(value const& source, stage_context& context);

/// A stage that changes documents one by one. A null document is left out.
stage_ptr make_map_stage(std::function<document_ptr(document_ptr)> f);
/// A stage that needs all documents before it gives the first.
stage_ptr make_collect_stage(std::function<std::vector<document_ptr>(document_stream&)> f);
/// Everything that a stream gives.
std::vector<document_ptr> drain(document_stream& input);

/// An expression with what its evaluation needs.
class bound_expression {
public:
    bound_expression(value const& source, query_options const& options);
    bound_expression(expression_ptr e, query_options const& options) : options_(options), expression_(std::move(e)) {}
    operand evaluate(document const& d, std::optional<double> text_score = std::nullopt) const {
        scope s{d, *options_.world, options_.collation.get()};
        s.text_score = text_score;
        return expression_->evaluate(s);
    }
    expression const& get() const noexcept { return *expression_; }

private:
    query_options options_;
    std::shared_ptr<expression const> expression_;
};

/// Sets a field at a dotted path; what is in the way and no document is replaced.
void set_nested(document& d, std::string_view path, value v);

} // namespace cormorant::memory
