#include "updater.hpp"

#include "memory/aggregation/pipeline.hpp"
#include "memory/value/field_path.hpp"
#include "updater_tree.hpp"

#include <algorithm>
#include <array>

namespace cormorant::memory {

/// One of the three kinds of updates.
class updater::implementation {
public:
    explicit implementation(query_options const& options) : world(options.world) {}
    virtual ~implementation() = default;
    /// Changes the document, its `_id` perhaps too; answers whether that made a difference.
    virtual bool run(document& d, update_context& context) const = 0;
    virtual bool is_replacement() const noexcept { return false; }
    virtual bool needs_position() const noexcept { return false; }

    std::shared_ptr<environment const> world;
};

namespace {

constexpr std::array<std::string_view, 15> operator_names = {"$set", "$unset", "$inc", "$mul", "$min", "$max", "$rename", "$push",
    "$pull", "$pullAll", "$addToSet", "$pop", "$currentDate", "$setOnInsert", "$bit"};

class operator_update final : public updater::implementation {
public:
    operator_update(document const& update, array const& array_filters, query_options const& options) : implementation(options) {
        tree_.set_array_filters(array_filters, options);
        for (auto const& [name, fields] : update) {
            if (std::ranges::find(operator_names, name) == operator_names.end()) {
                refuse(code::failed_to_parse,
                    fmt::format(
                        "Unknown modifier: {}. Expected a valid update modifier or pipeline-style update specified as an array",
                        name));
            }
            auto const* const d = fields.if_document();
            if (d == nullptr) {
                refuse(code::failed_to_parse,
                    fmt::format(
                        "Modifiers operate on fields but we found type {} instead. For example: {{$mod: {{<field>: ...}}}} not "
                        "{{{}: {}}}",
                        to_string(fields.type()), name, to_string(fields)));
            }
            for (auto const& [path, operand] : *d) {
                if (name == "$rename") {
                    add_rename(path, operand);
                } else {
                    tree_.add(path, make_update_operator(name, path, operand, options));
                }
            }
        }
        tree_.finish();
    }

    bool run(document& d, update_context& context) const override {
        context.renamed.resize(renames_.size());
        for (std::size_t i = 0; i < renames_.size(); ++i) {
            context.renamed[i] = take_source(renames_[i], d, context);
        }
        return tree_.apply(d, context);
    }
    bool needs_position() const noexcept override { return tree_.needs_position(); }

private:
    struct rename {
        field_path from;
        field_path to;
    };

    void add_rename(std::string_view from, value const& operand) {
        auto const to = operand.if_string();
        auto const shown = [&] { return fmt::format("{}: {}", from, to_string(operand)); };
        if (!to) {
            refuse(code::bad_value, fmt::format("The 'to' field for $rename must be a string: {}", shown()));
        }
        if (from == *to) {
            refuse(code::bad_value, fmt::format("The source and target field for $rename must differ: {}", shown()));
        }
        if (path_starts_with(from, *to) || path_starts_with(*to, from)) {
            refuse(code::bad_value,
                fmt::format("The source and target field for $rename must not be on the same path: {}", shown()));
        }
        auto const is_dynamic = [](std::string_view path) {
            field_path const p(path);
            for (std::size_t i = 0; i < p.size(); ++i) {
                if (p[i].name == "$" || p[i].name.starts_with("$[")) {
                    return true;
                }
            }
            return false;
        };
        if (is_dynamic(from)) {
            refuse(code::bad_value, fmt::format("The source field for $rename may not be dynamic: {}", from));
        }
        if (is_dynamic(*to)) {
            refuse(code::bad_value, fmt::format("The destination field for $rename may not be dynamic: {}", *to));
        }
        tree_.add(from, make_rename_source());
        tree_.add(*to, make_rename_target(renames_.size()));
        renames_.push_back({field_path(from), field_path(*to)});
    }

    [[noreturn]] static void refuse_element(
        field_path const& path, std::string_view array_name, std::string_view role, update_context const& context) {
        refuse(code::bad_value,
            fmt::format("The {} field cannot be an array element, '{}' in doc with {} has an array field called '{}'", role,
                path.text(), context.document_name(), array_name));
    }

    /// Takes the value out of the document; nothing when there is none.
    static std::optional<value> take_source(rename const& r, document& d, update_context const& context) {
        document* parent = &d;
        std::string const* name = &r.from[0].name;
        std::string const* array_name = nullptr;
        value* v = d.find(*name);
        for (std::size_t i = 1; v && i < r.from.size(); ++i) {
            auto const& segment = r.from[i];
            auto* const list = v->if_array();
            if (auto* const inner = v->if_document()) {
                parent = inner;
                v = inner->find(segment.name);
            } else if (list && segment.position) {
                array_name = array_name ? array_name : name;
                v = *segment.position < list->size() ? &(*list)[*segment.position] : nullptr;
            } else {
                refuse(code::path_not_viable, fmt::format("cannot use the part ({} of {}) to traverse the element ({{{}: {}}})",
                                                  *name, r.from.text(), *name, to_string(*v)));
            }
            name = &segment.name;
        }
        if (v == nullptr) {
            return std::nullopt;
        }
        if (array_name) {
            refuse_element(r.from, *array_name, "source", context);
        }
        require_no_array(r.to, d, context);
        std::optional<value> result(std::move(*v));
        parent->erase(*name);
        return result;
    }

    static void require_no_array(field_path const& path, document const& d, update_context const& context) {
        document const* at = &d;
        for (std::size_t i = 0; at && i + 1 < path.size(); ++i) {
            value const* const v = at->find(path[i].name);
            if (v && v->is_array()) {
                refuse_element(path, path[i].name, "destination", context);
            }
            at = v ? v->if_document() : nullptr;
        }
    }

    update_tree tree_;
    std::vector<rename> renames_;
};

class replacement final : public updater::implementation {
public:
    replacement(document const& with, query_options const& options) : implementation(options), with_(with) {
        for (auto const& [key, v] : with) {
            if (key.starts_with('$')) {
                refuse(code::dollar_prefixed_field_name,
                    fmt::format(
                        "The dollar ($) prefixed field '{}' in '{}' is not allowed in the context of an update's replacement "
                        "document. Consider using an aggregation pipeline with $replaceWith.",
                        key, key));
            }
        }
    }
    bool run(document& d, update_context&) const override {
        // The server compares before it adds the id: without one, equal fields are a change too.
        bool const changed = !identical(d, with_);
        document made = with_;
        if (value const* const id = d.find("_id"); id && !made.contains("_id")) {
            made.prepend("_id", *id);
        }
        d = std::move(made);
        return changed;
    }
    bool is_replacement() const noexcept override { return true; }

private:
    document with_;
};

class pipeline_update final : public updater::implementation {
public:
    pipeline_update(array const& stages, query_options const& options)
        : implementation(options), pipeline_((check(stages), pipeline::compile(stages, options))) {}

    bool run(document& d, update_context&) const override {
        auto const stream = pipeline_.run(stream_of({std::make_shared<document>(d)}));
        document made = take(stream->next());
        if (value const* const id = d.find("_id"); id && !made.contains("_id")) {
            made.prepend("_id", *id);
        }
        bool const changed = !identical(d, made);
        d = std::move(made);
        return changed;
    }

private:
    static void check(array const& stages) {
        constexpr std::array<std::string_view, 6> allowed = {
            "$addFields", "$set", "$project", "$unset", "$replaceRoot", "$replaceWith"};
        for (value const& stage : stages) {
            auto const* const d = stage.if_document();
            if (d && !d->empty() && std::ranges::find(allowed, d->begin()->key()) == allowed.end()) {
                refuse(72, fmt::format("{} is not allowed to be used within an update", d->begin()->key()));
            }
        }
    }

    pipeline pipeline_;
};

/// Sets a field of the document that an upsert begins with. `path` is not below or above another one.
void set_equality(document& d, std::string_view path, value const& v) {
    document* at = &d;
    for (; path_is_nested(path); path = path_rest(path)) {
        value& next = (*at)[path_head(path)];
        at = next.is_document() ? &next.as_document() : &next.emplace_document();
    }
    at->set(path, v);
}

void check_unchanged(std::optional<value> const& id, document const& d, bool replaced) {
    value const* const after = d.find("_id");
    if (id && (after == nullptr || *after != *id)) {
        refuse(code::immutable_field,
            replaced && after
                ? fmt::format("After applying the update, the (immutable) field '_id' was found to have been altered to _id: {}",
                      to_string(*after))
                : "Performing an update on the path '_id' would modify the immutable field '_id'");
    }
}

void check_id(value const& id) {
    if (id.is_array() || id.is_regex() || id.is_undefined()) {
        refuse(53, fmt::format("The '_id' value cannot be of type {}", to_string(id.type())));
    }
}

} // namespace

updater::updater(std::shared_ptr<implementation const> impl) noexcept : impl_(std::move(impl)) {}

updater updater::compile(value const& update, array const& array_filters, query_options const& options) {
    if (auto const* const stages = update.if_array()) {
        if (!array_filters.empty()) {
            refuse(code::failed_to_parse, "arrayFilters may not be specified for pipeline-style updates");
        }
        return updater(std::make_shared<pipeline_update>(*stages, options));
    }
    auto const* const d = update.if_document();
    if (d == nullptr) {
        refuse(code::failed_to_parse, "Update argument must be either an object or an array");
    }
    if (!d->empty() && d->begin()->key().starts_with('$')) {
        return updater(std::make_shared<operator_update>(*d, array_filters, options));
    }
    return updater(std::make_shared<replacement>(*d, options));
}

bool updater::is_replacement() const noexcept {
    return impl_->is_replacement();
}
bool updater::needs_position() const noexcept {
    return impl_->needs_position();
}

bool updater::apply(document& doc, std::optional<std::size_t> position) const {
    value const* const found = doc.find("_id");
    std::optional<value> const id = found ? std::optional(*found) : std::nullopt;
    update_context context;
    context.id = id ? &*id : nullptr;
    context.position = position;
    context.now = impl_->world->now();
    bool const changed = impl_->run(doc, context);
    check_unchanged(id, doc, impl_->is_replacement());
    if (id && doc.begin()->key() != "_id") {
        doc.prepend("_id", *id);
    }
    return changed;
}

document updater::upsert(matcher const& filter) const {
    if (filter.uses_expr()) {
        refuse(224, "$expr is not allowed in the query predicate for an upsert");
    }
    document result;
    std::vector<matcher::equality> equalities;
    for (auto const& e : filter.equalities()) {
        if (impl_->is_replacement() && e.path.starts_with("_id.")) {
            refuse(111, fmt::format("field at '_id' must be exactly specified, field at sub-path '{}' found", e.path));
        }
        if (!impl_->is_replacement() || path_head(e.path) == "_id") {
            equalities.push_back(e);
        }
    }
    std::ranges::stable_sort(equalities, {}, &matcher::equality::path);
    for (std::size_t i = 0; i < equalities.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            std::string const& a = equalities[k].path;
            std::string const& b = equalities[i].path;
            if (a == b) {
                refuse(54, fmt::format("cannot infer query fields to set, path '{}' is matched twice", a));
            }
            if (path_starts_with(b, a) || path_starts_with(a, b)) {
                refuse(54, fmt::format("cannot infer query fields to set, both paths '{}' and '{}' are matched", a, b));
            }
        }
        set_equality(result, equalities[i].path, equalities[i].operand);
    }
    value const* const found = result.find("_id");
    std::optional<value> const id = found ? std::optional(*found) : std::nullopt;
    update_context context;
    context.id = id ? &*id : nullptr;
    context.insert = true;
    context.now = impl_->world->now();
    impl_->run(result, context);
    value const* const after = result.find("_id");
    check_unchanged(id, result, impl_->is_replacement());
    if (after) {
        check_id(*after);
        result.prepend("_id", value(*after));
    }
    return result;
}

} // namespace cormorant::memory
