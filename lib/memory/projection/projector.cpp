#include "projector.hpp"

#include "memory/expression/impl.hpp"
#include "memory/value/field_path.hpp"
#include "projector_tree.hpp"

#include <algorithm>
#include <cmath>

namespace cormorant::memory {

namespace {

enum class kind { inclusion, exclusion, addition };

/// `$slice` of a find: changes arrays of the document that the projection made.
struct slice {
    field_path path;
    std::int64_t skip = 0;
    /// Negative: that many from the end, and `skip` means nothing.
    std::int64_t limit = 0;
};

array sliced(array const& a, slice const& by) {
    auto const size = static_cast<std::int64_t>(a.size());
    std::int64_t begin = by.skip < 0 ? std::max<std::int64_t>(size + by.skip, 0) : std::min(by.skip, size);
    std::int64_t end = size - begin < by.limit ? size : begin + by.limit;
    if (by.limit < 0) {
        begin = std::max<std::int64_t>(size + by.limit, 0);
        end = size;
    }
    array result;
    for (std::int64_t i = begin; i < end; ++i) {
        result.push_back(a[static_cast<std::size_t>(i)]);
    }
    return result;
}

void apply_slice(document& d, slice const& by, std::size_t i) {
    value* const v = d.find(by.path[i].name);
    if (v == nullptr) {
        return;
    }
    if (i + 1 == by.path.size()) {
        if (auto const* const a = v->if_array()) {
            *v = sliced(*a, by);
        }
        return;
    }
    if (auto* const inner = v->if_document()) {
        apply_slice(*inner, by, i + 1);
    } else if (auto* const a = v->if_array()) {
        for (value& e : *a) {
            if (auto* const each = e.if_document()) {
                apply_slice(*each, by, i + 1);
            }
        }
    }
}

/// Leaves one element of the first array on the path.
void apply_position(document& d, field_path const& path, std::size_t position) {
    document* at = &d;
    for (std::size_t i = 0; at && i < path.size(); ++i) {
        value* const v = at->find(path[i].name);
        if (v == nullptr) {
            return;
        }
        if (auto const* const a = v->if_array()) {
            if (position >= a->size()) {
                refuse(51247, "Executor error during find command :: caused by :: positional operator '.$' element mismatch");
            }
            array one = arr((*a)[position]);
            *v = std::move(one);
            return;
        }
        at = v->if_document();
    }
}

} // namespace

struct projector::state {
    query_options options;
    kind what = kind::exclusion;
    projection_node root;
    std::vector<slice> slices;
    std::optional<field_path> positional;
    std::optional<matcher> filter;
};

namespace {

/// The first element of an array that meets a condition, in an array of its own.
expression_ptr elem_match_expression(std::string_view path, value const& condition, query_options const& options) {
    return make_expression(
        [name = std::string(path), m = matcher::compile(doc(path, doc("$elemMatch", condition)), options)](scope& s) -> operand {
            std::optional<std::size_t> position;
            value const* const v = s.root.find(name);
            if (v == nullptr || !v->is_array() || !m.matches(s.root, position) || !position) {
                return {};
            }
            return value(arr(v->as_array()[*position]));
        });
}

/// Reads specifications of `find` and `$project`.
class projection_parser {
public:
    projection_parser(projector::state& out, bool of_find, matcher const* filter)
        : out_(out), filter_(filter), of_find_(of_find) {
        context_ = std::make_unique<compile_context>(compile_context{out.options, names_});
    }

    void run(document const& specification) {
        for (auto const& [path, v] : specification) {
            field(std::string(path), v);
        }
        if (!kind_) {
            kind_ = selects_ || (included_id_ && !id_excluded_) ? kind::inclusion : kind::exclusion;
        }
        out_.what = *kind_;
        // `_id` is kept by an inclusion unless it is named.
        if (out_.what == kind::inclusion && !id_excluded_ && out_.root.find("_id") == nullptr) {
            out_.root.make("_id").what = projection_node::action::include;
        }
        if (out_.what == kind::inclusion) {
            for (slice const& each : out_.slices) {
                if (out_.root.find(path_head(each.path.text())) == nullptr || path_is_nested(each.path.text())) {
                    out_.root.make(each.path.text()).what = projection_node::action::include;
                }
            }
        }
    }

private:
    void field(std::string const& path, value const& v) {
        if (!of_find_ && path.ends_with(".$")) {
            refuse(31324, "Cannot use positional projection in aggregation projection");
        }
        if (path.ends_with(".$")) {
            positional(path, v);
            return;
        }
        if (of_find_ && path.find(".$.") != std::string::npos) {
            refuse_middle();
        }
        checked_path(path);
        auto const* const d = v.if_document();
        bool const nested = d && !d->empty() && (!d->begin()->key().starts_with('$') || d->size() > 1);
        if (of_find_ && d && d->size() == 1 && d->begin()->key() == "$elemMatch" && path_is_nested(path)) {
            refuse(31275, "Cannot use $elemMatch projection on a nested field.");
        }
        if (!nested) {
            seen_.make(path).what = projection_node::action::include; // refuses paths that collide, those of $slice too
        }
        if (v.is_number() || v.is_bool()) {
            v.truthy() ? include(path) : exclude(path);
        } else if (d && d->empty()) {
            refuse(51270, fmt::format("An empty sub-projection is not a valid value. Found empty object at path {}", path));
        } else if (d && d->begin()->key().starts_with('$') && d->size() == 1) {
            if (!of_find_ && d->begin()->key() == "$elemMatch") {
                refuse(168, "Cannot use $elemMatch in this context");
            }
            if (!is_expression(d->begin()->key()) && !(of_find_ && is_find_operator(d->begin()->key()))) {
                refuse(31325, fmt::format("Unknown expression {}", d->begin()->key()));
            }
            if (!(of_find_ && find_operator(path, d->begin()->key(), d->begin()->value()))) {
                compute(path, v);
            }
        } else if (d) {
            for (auto const& [key, inner] : *d) {
                field(fmt::format("{}.{}", path, key), inner);
            }
        } else {
            compute(path, v);
        }
    }

    void decide(kind wanted, std::string const& path) {
        if (kind_ && *kind_ != wanted) {
            refuse(wanted == kind::inclusion ? 31253 : 31254,
                fmt::format("Cannot do {} on field {} in {} projection", wanted == kind::inclusion ? "inclusion" : "exclusion",
                    path, wanted == kind::inclusion ? "exclusion" : "inclusion"));
        }
        kind_ = wanted;
    }

    void include(std::string const& path) {
        if (path == "_id") {
            included_id_ = true;
        }
        out_.root.make(path).what = projection_node::action::include;
        if (path != "_id") {
            decide(kind::inclusion, path);
        }
    }

    void exclude(std::string const& path) {
        if (path == "_id") {
            id_excluded_ = true;
        }
        out_.root.make(path).what = projection_node::action::exclude;
        if (path != "_id") {
            decide(kind::exclusion, path);
        }
    }

    void compute(std::string const& path, value const& v) {
        out_.root.compute(path, compile_expression(v, *context_));
        if (kind_ == kind::exclusion) {
            refuse(31310, fmt::format("Cannot use an expression {}: {} in an exclusion projection", path, to_string(v)));
        }
        kind_ = kind::inclusion;
    }

    static bool is_find_operator(std::string_view name) noexcept {
        return name == "$elemMatch" || name == "$slice" || name == "$meta";
    }

    /// The operators that only a find has. False when it is none of them.
    bool find_operator(std::string const& path, std::string_view name, value const& argument) {
        if (name == "$meta") {
            // It neither includes nor excludes.
            out_.root.compute(path, compile_expression(value(doc("$meta", argument)), *context_));
            return true;
        }
        if (name == "$elemMatch") {
            if (!argument.is_document()) {
                refuse(
                    31274, fmt::format("elemMatch: Invalid argument, object required, but got {}", to_string(argument.type())));
            }
            if (out_.positional) {
                refuse(31255, "Cannot specify positional operator and $elemMatch.");
            }
            selects_ = true;
            out_.root.compute(path, elem_match_expression(path, argument, out_.options));
            return true;
        }
        return name == "$slice" && find_slice(path, argument);
    }

    /// False when it is the expression of that name, which takes an array.
    bool find_slice(std::string const& path, value const& argument) {
        slice result;
        auto const number = [](value const& v) {
            double const n = v.as_double();
            return std::isnan(n) ? std::int64_t{0} : static_cast<std::int64_t>(std::clamp(n, -2147483648.0, 2147483647.0));
        };
        if (argument.is_number()) {
            result.limit = number(argument);
        } else if (auto const* const list = argument.if_array()) {
            if (list->size() != 2 || !(*list)[0].is_number() || !(*list)[1].is_number()) {
                return false;
            }
            result.skip = number((*list)[0]);
            result.limit = number((*list)[1]);
            if (result.limit <= 0) {
                refuse(28724,
                    fmt::format("First argument to $slice must be an array, but is of type: {}", to_string((*list)[0].type())));
            }
        } else {
            refuse(28667,
                fmt::format("Invalid $slice syntax. The given syntax {{ $slice: {} }} did not match the find() syntax because :: "
                            "Location31273: $slice only supports numbers and [skip, limit] arrays",
                    to_string(argument)));
        }
        result.path = field_path(path);
        out_.slices.push_back(std::move(result));
        return true;
    }

    [[noreturn]] static void refuse_middle() {
        refuse(31394, "As of 4.4, it's illegal to specify positional operator in the middle of a path.Positional projection may "
                      "only be used at the "
                      "end, for example: a.b.$. If the query previously used a form like a.b.$.d, remove the parts following the "
                      "'$' and the results "
                      "will be equivalent.");
    }

    void positional(std::string const& path, value const& v) {
        std::string const base = path.substr(0, path.size() - 2);
        if (base.find(".$.") != std::string::npos || base.ends_with(".$")) {
            refuse_middle();
        }
        if ((v.is_number() || v.is_bool()) && !v.truthy()) {
            refuse(31395, "positional projection cannot be used with exclusion");
        }
        if (out_.positional) {
            refuse(31276, "Cannot specify more than one positional projection per query.");
        }
        if (selects_) {
            refuse(31256, "Cannot specify positional operator and $elemMatch.");
        }
        checked_path(base);
        decide(kind::inclusion, path);
        out_.root.make(base).what = projection_node::action::include;
        out_.positional = field_path(base);
        if (filter_ == nullptr) {
            refuse(51050, "Projections with a positional operator require a matcher");
        }
        out_.filter = *filter_;
    }

    projector::state& out_;
    matcher const* filter_;
    projection_node seen_;
    symbols names_;
    std::unique_ptr<compile_context> context_;
    std::optional<kind> kind_;
    bool of_find_;
    bool id_excluded_ = false;
    bool included_id_ = false;
    /// `$elemMatch` was used.
    bool selects_ = false;
};

void add_fields(projection_node& root, std::string const& path, value const& v, compile_context& context) {
    checked_path(path);
    auto const* const d = v.if_document();
    if (d && !d->empty() && !d->begin()->key().starts_with('$')) {
        for (auto const& [key, inner] : *d) {
            if (key.find('.') != std::string_view::npos) {
                refuse(40183, fmt::format("cannot use dotted field name '{}' in a sub object", key));
            }
            add_fields(root, fmt::format("{}.{}", path, key), inner, context);
        }
        return;
    }
    if (d && d->empty()) {
        refuse(40180, fmt::format("an empty object is not a valid value. Found empty object at path {}", path));
    }
    try {
        root.compute(path, compile_expression(v, context));
    } catch (error const& e) {
        if (e.details().server_code == 31249 || e.details().server_code == 31250) {
            refuse(40176, fmt::format("specification contains two conflicting paths: {}", path));
        }
        throw;
    }
}

} // namespace

projector::projector(std::shared_ptr<state const> s) noexcept : state_(std::move(s)) {}
projector::projector() = default;

projector projector::compile(document const& projection, matcher const& filter, query_options const& options) {
    if (projection.empty()) {
        return projector();
    }
    auto made = std::make_shared<state>();
    made->options = options;
    projection_parser(*made, true, &filter).run(projection);
    return projector(std::move(made));
}

projector projector::compile_project(document const& specification, query_options const& options) {
    if (specification.empty()) {
        refuse(51272, "Invalid $project :: caused by :: projection specification must have at least one field");
    }
    auto made = std::make_shared<state>();
    made->options = options;
    projection_parser(*made, false, nullptr).run(specification);
    return projector(std::move(made));
}

projector projector::compile_add_fields(document const& specification, query_options const& options) {
    auto made = std::make_shared<state>();
    made->options = options;
    made->what = kind::addition;
    symbols names;
    compile_context context{made->options, names};
    for (auto const& [path, v] : specification) {
        add_fields(made->root, std::string(path), v, context);
    }
    return projector(std::move(made));
}

projector projector::compile_unset(array const& paths, query_options const& options) {
    auto made = std::make_shared<state>();
    made->options = options;
    for (value const& path : paths) {
        checked_path(path.as_string());
        made->root.make(path.as_string()).what = projection_node::action::exclude;
    }
    return projector(std::move(made));
}

bool projector::is_identity() const noexcept {
    return state_ == nullptr;
}

document projector::apply(document const& doc, std::optional<double> text_score) const {
    if (state_ == nullptr) {
        return doc;
    }
    document result;
    switch (state_->what) {
    case kind::inclusion:
        result = project_included(state_->root, doc);
        break;
    case kind::exclusion:
        result = project_excluded(state_->root, doc);
        break;
    case kind::addition:
        result = doc;
        break;
    }
    if (state_->root.computes) {
        scope s{doc, *state_->options.world, state_->options.collation.get()};
        s.text_score = text_score;
        project_computed(state_->root, result, s);
    }
    for (slice const& each : state_->slices) {
        apply_slice(result, each, 0);
    }
    if (state_->positional) {
        std::optional<std::size_t> position;
        if (!state_->filter->matches(doc, position) || !position) {
            refuse(51246, "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching "
                          "element in the array");
        }
        apply_position(result, *state_->positional, *position);
    }
    return result;
}

} // namespace cormorant::memory
