#include "database.hpp"
#include "memory/aggregation/pipeline.hpp"
#include "memory/value/server_text.hpp"

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
constexpr int not_in_transaction = 263;

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
    return fmt::format("{}.{}", name(), collection);
}

collection* database::find_collection(std::string_view name) {
    auto const at = entries().find(name);
    return at == entries().end() ? nullptr : std::get_if<collection>(&at->second);
}

collection* database::writable(std::string_view name) {
    auto const at = entries().find(name);
    if (at == entries().end())
        return nullptr;
    if (std::holds_alternative<view>(at->second))
        refuse(command_not_supported_on_view, fmt::format("Namespace {} is a view, not a collection", ns_of(name)));
    return &std::get<collection>(at->second);
}

collection& database::writable_or_new(std::string_view name) {
    if (auto* existing = writable(name))
        return *existing;
    auto& made = std::get<collection>(
        entries().emplace(std::string(name), collection(ns_of(name), document(), &all_->time)).first->second);
    all_->time.created(name, document());
    return made;
}

std::shared_ptr<database> database::in(std::shared_ptr<transaction> who) const {
    return std::shared_ptr<database>(new database(all_, std::move(who)));
}

std::shared_ptr<transaction> database::begin() {
    std::lock_guard const lock(all_->mutex);
    return all_->time.begin();
}

void database::commit(std::shared_ptr<transaction> const& who) {
    std::lock_guard const lock(all_->mutex);
    all_->time.commit(who);
    all_->time.end_operation();
}

void database::abort(std::shared_ptr<transaction> const& who) noexcept {
    std::lock_guard const lock(all_->mutex);
    all_->time.abort(who);
}

void database::refuse_in_transaction(std::string_view command) const {
    if (who_ != nullptr)
        refuse(not_in_transaction, fmt::format("Cannot run '{}' in a multi-document transaction.", command));
}

array database::create_indexes(create_indexes_op const& op) {
    check_collection_name(name(), op.collection, true);
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
    writing const lock(*this, op.collection);
    bool const is_new = writable(op.collection) == nullptr;
    if (who_ != nullptr && !is_new && !all_->time.is_of_transaction(op.collection)) {
        auto const& existing = writable(op.collection)->indexes();
        for (index_definition const& definition : definitions) {
            if (std::ranges::none_of(existing, [&](auto const& e) { return is_same_index(definition, e->definition()); }))
                refuse(not_in_transaction, fmt::format("Cannot create new indexes on existing collection {} in a multi-document "
                                                       "transaction.",
                                               ns_of(op.collection)));
        }
        return names;
    }
    auto& c = writable_or_new(op.collection);
    std::vector<std::string> made;
    try {
        for (index_definition& definition : definitions) {
            auto name = definition.name;
            if (c.create_index(std::move(definition)))
                made.push_back(std::move(name));
        }
    } catch (...) {
        if (who_ != nullptr)
            throw; // which is the end of the transaction
        if (is_new) {
            entries().erase(op.collection);
            all_->time.redefined({effect::kind::drop, op.collection, nullptr});
        } else {
            for (auto const& name : made)
                c.drop_index(name);
        }
        throw;
    }
    return names;
}

void database::drop_index(drop_index_op const& op) {
    check_collection_name(name(), op.collection, true);
    refuse_in_transaction("dropIndexes");
    writing const lock(*this, op.collection);
    auto* c = writable(op.collection);
    if (c == nullptr)
        refuse_as(errc::namespace_not_found, namespace_not_found, fmt::format("ns not found {}", ns_of(op.collection)));
    c->drop_index(op.index);
}

documents database::list_indexes(list_indexes_op const& op) {
    check_collection_name(name(), op.collection, false);
    refuse_in_transaction("listIndexes");
    access const lock(*this, op.collection);
    documents result;
    if (auto const* c = writable(op.collection)) {
        for (auto const& i : c->indexes())
            result.push_back(i->definition().listing);
    }
    return result;
}

void database::check_view(std::string_view name, std::string const& on, array const& stages) const {
    check_collection_name(this->name(), on, false);
    // The chain of views from here must not come back.
    for (auto at = std::string_view(on);;) {
        if (at == name)
            refuse(graph_contains_cycle, fmt::format("View cycle detected: {} => {} => {}", ns_of(name), ns_of(on), ns_of(name)));
        auto const next = entries().find(at);
        if (next == entries().end() || !std::holds_alternative<view>(next->second))
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
    check_collection_name(name(), op.collection, true);
    bool const is_view = !op.view_on.empty();
    if (!is_view && !op.pipeline.empty())
        refuse(invalid_options, "'pipeline' requires 'viewOn' to also be specified");
    if (is_view) {
        for (auto const& [name, v] : op.options)
            unsupported(fmt::format("the memory store does not know the option \"{}\" of a view", name));
        refuse_in_transaction("create");
    }
    writing const lock(*this, op.collection);
    if (auto const at = entries().find(op.collection); at != entries().end()) {
        if (is_view)
            refuse_as(errc::namespace_exists, namespace_exists, "Namespace already exists");
        refuse_as(errc::namespace_exists, namespace_exists,
            std::holds_alternative<view>(at->second) ? fmt::format("A view already exists. NS: {}", ns_of(op.collection))
                                                     : fmt::format("Collection {} already exists.", ns_of(op.collection)));
    }
    if (is_view) {
        check_view(op.collection, op.view_on, op.pipeline);
        put_view(op.collection, doc("viewOn", op.view_on, "pipeline", op.pipeline));
    } else {
        entries().emplace(op.collection, collection(ns_of(op.collection), op.options, &all_->time));
        all_->time.created(op.collection, op.options);
    }
}

void database::modify_view(modify_view_op const& op) {
    check_collection_name(name(), op.collection, true);
    refuse_in_transaction("collMod");
    writing const lock(*this, op.collection);
    auto const at = entries().find(op.collection);
    if (at == entries().end())
        refuse_as(errc::namespace_not_found, namespace_not_found, "ns does not exist");
    if (!std::holds_alternative<view>(at->second))
        refuse(invalid_options, "option only supported on a view: pipeline");
    check_view(op.collection, op.view_on, op.pipeline);
    put_view(op.collection, doc("viewOn", op.view_on, "pipeline", op.pipeline));
}

void database::put_view(std::string const& name, document definition) {
    all_->time.redefined({effect::kind::create_view, name, std::make_shared<document>(definition)});
    view made{std::string(definition.at("viewOn").as_string()), definition.at("pipeline").as_array(), std::move(definition)};
    entries().insert_or_assign(name, std::move(made));
}

void database::drop_collection(drop_collection_op const& op) {
    check_collection_name(name(), op.collection, false);
    refuse_in_transaction("drop");
    // Destroyed when the lock has been given back.
    entry_map::node_type dropped;
    writing const lock(*this, op.collection);
    if (auto const at = entries().find(op.collection); at != entries().end()) {
        dropped = entries().extract(at);
        all_->time.redefined({effect::kind::drop, op.collection, nullptr});
    }
}

documents database::list_collections(list_collections_op const& op) {
    refuse_in_transaction("listCollections");
    auto const matches = matcher::compile(op.filter);
    access const lock(*this);
    documents result;
    for (auto const& [name, what] : entries()) {
        auto const* c = std::get_if<collection>(&what);
        auto listed = doc("name", name, "type", c == nullptr ? "view" : "collection", "options",
            c == nullptr ? std::get<view>(what).options : c->options());
        if (matches.matches(listed))
            result.push_back(std::move(listed));
    }
    return result;
}

void database::drop() {
    refuse_in_transaction("dropDatabase");
    entry_map dropped;
    writing const lock(*this);
    dropped.swap(entries());
    all_->time.redefined({effect::kind::drop_all, "", nullptr});
}

// --- what lasts

void database::restore(effect const& e) {
    std::lock_guard const lock(all_->mutex);
    switch (e.what) {
    case effect::kind::put:
        writable_or_new(e.collection).restore(*e.body);
        break;
    case effect::kind::remove:
        if (auto* c = writable(e.collection)) {
            if (auto const at = c->find_id(e.body->at("_id")))
                c->erase(*at);
        }
        break;
    case effect::kind::create_collection:
        entries().insert_or_assign(e.collection, collection(ns_of(e.collection), *e.body, &all_->time));
        break;
    case effect::kind::create_view:
        put_view(e.collection, *e.body);
        break;
    case effect::kind::drop:
        entries().erase(e.collection);
        break;
    case effect::kind::create_index:
        writable_or_new(e.collection).create_index(index_definition::from_listing(*e.body));
        break;
    case effect::kind::drop_index:
        writable_or_new(e.collection).drop_index(e.body->at("name").as_string());
        break;
    case effect::kind::drop_all:
        entries().clear();
        break;
    case effect::kind::end:
        break;
    }
}

void database::record_to(effect_log& log) {
    std::lock_guard const lock(all_->mutex);
    all_->time.record_to(log);
}

effect_source database::capture(std::function<void()> const& begin) const {
    struct captured {
        std::string name;
        std::vector<effect> definitions;
        std::vector<document_ptr> documents;
    };
    std::vector<captured> all;
    {
        access const lock(*this);
        begin();
        for (auto const& [name, what] : entries()) {
            auto& made = all.emplace_back(captured{name, {}, {}});
            auto const define = [&](effect::kind kind, document body) {
                made.definitions.push_back({kind, name, std::make_shared<document>(std::move(body))});
            };
            if (auto const* v = std::get_if<view>(&what)) {
                define(effect::kind::create_view, v->options);
                continue;
            }
            auto const& c = std::get<collection>(what);
            define(effect::kind::create_collection, c.options());
            for (auto const& i : c.indexes()) {
                if (!i->definition().is_id())
                    define(effect::kind::create_index, i->definition().listing);
            }
            made.documents = c.documents();
        }
    }
    return [all = std::move(all)](std::function<void(effect const&)> const& visit) {
        for (captured const& each : all) {
            for (effect const& e : each.definitions)
                visit(e);
            effect put{effect::kind::put, each.name, nullptr};
            for (document_ptr const& d : each.documents) {
                put.body = d;
                visit(put);
            }
        }
    };
}

} // namespace cormorant::memory
