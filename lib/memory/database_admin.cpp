#include "database.hpp"
#include "pipeline.hpp"
#include "server_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cormorant::memory {

namespace {

constexpr int graph_contains_cycle = 5;
constexpr int namespace_not_found = 26;
constexpr int namespace_exists = 48;
constexpr int invalid_options = 72;
constexpr int invalid_namespace = 73;
constexpr int command_not_supported_on_view = 166;
constexpr int option_not_supported_on_view = 167;

} // namespace

void check_collection_name(std::string_view database, std::string_view name, bool for_writing) {
    if (name.empty() || name.starts_with('.'))
        refuse(invalid_namespace, fmt::format("Invalid namespace specified '{}.{}'", database, name));
    if (name.find('$') != std::string_view::npos || name.find('\0') != std::string_view::npos)
        refuse(invalid_namespace, fmt::format("Invalid collection name: {}", name));
    if (for_writing && name.starts_with("system."))
        refuse(invalid_namespace, fmt::format("Invalid system namespace: {}.{}", database, name));
}

std::string database::ns_of(std::string_view collection) const {
    return fmt::format("{}.{}", name_, collection);
}

collection* database::find_collection(std::string_view name) {
    auto const at = entries_.find(name);
    return at == entries_.end() ? nullptr : std::get_if<collection>(&at->second);
}

collection* database::writable(std::string_view name) {
    auto const at = entries_.find(name);
    if (at == entries_.end())
        return nullptr;
    if (std::holds_alternative<view>(at->second))
        refuse(command_not_supported_on_view, fmt::format("Namespace {} is a view, not a collection", ns_of(name)));
    return &std::get<collection>(at->second);
}

collection& database::writable_or_new(std::string_view name) {
    if (auto* existing = writable(name))
        return *existing;
    return std::get<collection>(entries_.emplace(std::string(name), collection(ns_of(name))).first->second);
}

array database::create_indexes(create_indexes_op const& op) {
    check_collection_name(name_, op.collection, true);
    array names;
    std::vector<index_definition> definitions;
    for (index_model const& model : op.indexes) {
        definitions.push_back(index_definition::compile(model));
        names.push_back(definitions.back().name);
    }
    // All of them or none, and no two that are the same.
    for (std::size_t i = 0; i != definitions.size(); ++i) {
        for (std::size_t j = 0; j != i; ++j) {
            if (is_same_index(definitions[i], definitions[j]))
                refuse(68, fmt::format("Identical index already exists: {}", definitions[j].name));
        }
    }
    std::lock_guard const lock(mutex_);
    bool const is_new = writable(op.collection) == nullptr;
    auto& c = writable_or_new(op.collection);
    std::vector<std::string> made;
    try {
        for (index_definition& definition : definitions) {
            auto name = definition.name;
            if (c.create_index(std::move(definition)))
                made.push_back(std::move(name));
        }
    } catch (...) {
        if (is_new) {
            entries_.erase(op.collection);
        } else {
            for (auto const& name : made)
                c.drop_index(name);
        }
        throw;
    }
    return names;
}

void database::drop_index(drop_index_op const& op) {
    check_collection_name(name_, op.collection, true);
    std::lock_guard const lock(mutex_);
    auto* c = writable(op.collection);
    if (c == nullptr)
        refuse_as(errc::namespace_not_found, namespace_not_found, fmt::format("ns not found {}", ns_of(op.collection)));
    c->drop_index(op.index);
}

documents database::list_indexes(list_indexes_op const& op) {
    check_collection_name(name_, op.collection, false);
    std::lock_guard const lock(mutex_);
    documents result;
    if (auto const* c = writable(op.collection)) {
        for (auto const& i : c->indexes())
            result.push_back(i->definition().listing);
    }
    return result;
}

void database::check_view(std::string_view name, std::string const& on, array const& stages) const {
    check_collection_name(name_, on, false);
    // The chain of views from here must not come back.
    for (auto at = std::string_view(on);;) {
        if (at == name)
            refuse(graph_contains_cycle, fmt::format("View cycle detected: {} => {} => {}", ns_of(name), ns_of(on), ns_of(name)));
        auto const next = entries_.find(at);
        if (next == entries_.end() || !std::holds_alternative<view>(next->second))
            break;
        at = std::get<view>(next->second).on;
    }
    for (value const& stage : stages) {
        auto const* d = stage.if_document();
        if (d != nullptr && (d->contains("$out") || d->contains("$merge")))
            refuse(option_not_supported_on_view,
                fmt::format(
                    "Invalid pipeline for view {} :: caused by :: the stage {} writes to disk", ns_of(name), d->begin()->key()));
    }
    auto const compiled = pipeline::compile(stages);
    for (std::string const& other : compiled.collections()) {
        if (other == name)
            refuse(graph_contains_cycle, fmt::format("View cycle detected: {} => {}", ns_of(name), ns_of(other)));
    }
}

void database::create_collection(create_collection_op const& op) {
    check_collection_name(name_, op.collection, true);
    bool const is_view = !op.view_on.empty();
    if (!is_view && !op.pipeline.empty())
        refuse(invalid_options, "'pipeline' requires 'viewOn' to also be specified");
    if (is_view) {
        for (auto const& [name, v] : op.options)
            unsupported(fmt::format("the memory store does not know the option \"{}\" of a view", name));
    }
    std::lock_guard const lock(mutex_);
    if (auto const at = entries_.find(op.collection); at != entries_.end()) {
        if (is_view)
            refuse_as(errc::namespace_exists, namespace_exists, "Namespace already exists");
        refuse_as(errc::namespace_exists, namespace_exists,
            std::holds_alternative<view>(at->second) ? fmt::format("A view already exists. NS: {}", ns_of(op.collection))
                                                     : fmt::format("Collection {} already exists.", ns_of(op.collection)));
    }
    if (is_view) {
        check_view(op.collection, op.view_on, op.pipeline);
        entries_.emplace(op.collection, view{op.view_on, op.pipeline, doc("viewOn", op.view_on, "pipeline", op.pipeline)});
    } else {
        entries_.emplace(op.collection, collection(ns_of(op.collection), op.options));
    }
}

void database::modify_view(modify_view_op const& op) {
    check_collection_name(name_, op.collection, true);
    std::lock_guard const lock(mutex_);
    auto const at = entries_.find(op.collection);
    if (at == entries_.end())
        refuse_as(errc::namespace_not_found, namespace_not_found, "ns does not exist");
    auto* changed = std::get_if<view>(&at->second);
    if (changed == nullptr)
        refuse(invalid_options, "option only supported on a view: pipeline");
    check_view(op.collection, op.view_on, op.pipeline);
    *changed = view{op.view_on, op.pipeline, doc("viewOn", op.view_on, "pipeline", op.pipeline)};
}

void database::drop_collection(drop_collection_op const& op) {
    check_collection_name(name_, op.collection, false);
    // Destroyed when the lock has been given back.
    decltype(entries_)::node_type dropped;
    std::lock_guard const lock(mutex_);
    if (auto const at = entries_.find(op.collection); at != entries_.end())
        dropped = entries_.extract(at);
}

documents database::list_collections(list_collections_op const& op) {
    auto const matches = matcher::compile(op.filter);
    std::lock_guard const lock(mutex_);
    documents result;
    for (auto const& [name, what] : entries_) {
        auto const* c = std::get_if<collection>(&what);
        auto listed = doc("name", name, "type", c == nullptr ? "view" : "collection", "options",
            c == nullptr ? std::get<view>(what).options : c->options());
        if (matches.matches(listed))
            result.push_back(std::move(listed));
    }
    return result;
}

void database::drop() {
    decltype(entries_) dropped;
    std::lock_guard const lock(mutex_);
    dropped.swap(entries_);
}

} // namespace cormorant::memory
