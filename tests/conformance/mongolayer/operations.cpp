#include "state.hpp"

#include <cormorant/connect.hpp>
#include <cormorant/schema/conversion.hpp>
#include <cormorant/schema/model_document.hpp>

#include <algorithm>
#include <array>

namespace conformance::mongolayer {

using boost::asio::awaitable;
using cormorant::documents;
using cormorant::model;

namespace {

// --- what a step says ----------------------------------------------------------------------------------------------------

struct call {
    call(state& s, document const& step) : shared(s), step_(step) {
        if (auto const* given = step.find("args")) {
            args = given->as_document();
        }
    }

    model& target() const {
        auto const* const name = step_.find("model");
        if (name == nullptr) {
            throw bad_case("this operation needs a model");
        }
        return shared.model(name->as_string());
    }
    value const* show() const { return step_.find("show"); }
    bool shows_write() const { return show() != nullptr && show()->if_string() == "write"; }

    document const& object(std::string_view key) const {
        static document const none;
        auto const* const given = args.find(key);
        return given == nullptr ? none : given->as_document();
    }
    std::string text(std::string_view key) const { return args.at(key).to<std::string>(); }
    bool flag(std::string_view key, bool otherwise) const { return args.get_or(key, otherwise); }
    /// One document or a list of them.
    documents docs(std::string_view key) const {
        documents result;
        if (auto const* list = args.at(key).if_array()) {
            for (auto const& d : *list) {
                result.push_back(d.as_document());
            }
        } else {
            result.push_back(args.at(key).as_document());
        }
        return result;
    }

    template <class Options>
    Options options() const {
        Options result;
        result.merge(object("options"));
        return result;
    }

    state& shared;
    document args;

private:
    document const& step_;
};

value nothing() {
    return cormorant::undefined();
}

template <class Names>
array list_of(Names const& names) {
    array result;
    for (auto const& name : names) {
        result.push_back(name);
    }
    return result;
}

// --- through a model: reading --------------------------------------------------------------------------------------------

awaitable<value> run_find(call c) {
    auto const& m = c.target();
    auto options = c.options<cormorant::find_options>();
    auto const cast = options.cast_docs_value;
    if (!options.count_value) {
        documents found = co_await m.find(c.object("filter"), std::move(options));
        co_return show_documents(m, std::move(found), c.show(), cast);
    }
    auto found = co_await m.find_and_count(c.object("filter"), std::move(options));
    document result = cormorant::doc("count", found.count);
    result.set("docs", show_documents(m, std::move(found.docs), c.show(), cast));
    co_return result;
}

awaitable<value> run_find_by_id(call c) {
    auto const& m = c.target();
    auto options = c.options<cormorant::find_options>();
    auto const cast = options.cast_docs_value;
    auto found = co_await m.find_by_id(c.args.at("id"), std::move(options));
    if (!found) {
        co_return value();
    }
    co_return show_document(m, std::move(*found), c.show(), cast);
}

awaitable<value> run_count(call c) {
    co_return co_await c.target().count(c.object("filter"), c.options<cormorant::count_options>());
}

awaitable<value> run_aggregate(call c) {
    auto const& m = c.target();
    auto options = c.options<cormorant::aggregate_options>();
    auto const cast = options.cast_docs_value;
    documents found = co_await m.aggregate(c.args.at("pipeline").as_array(), std::move(options));
    co_return show_documents(m, std::move(found), c.show(), cast);
}

// --- through a model: writing --------------------------------------------------------------------------------------------

awaitable<value> run_insert(call c) {
    auto const& m = c.target();
    documents docs = c.docs("docs");
    if (c.flag("asDocument", false)) {
        for (auto& d : docs) {
            d = m.new_document(std::move(d));
        }
    }
    auto inserted = co_await m.insert_with_result(std::move(docs), c.options<cormorant::insert_options>());
    if (c.shows_write()) {
        co_return show_result(inserted.result);
    }
    value shown = show_documents(m, std::move(inserted.docs), c.show(), true);
    co_return c.args.at("docs").is_array() ? shown : shown.as_array().at(0);
}

awaitable<value> run_save(call c) {
    auto const& m = c.target();
    auto const& given = c.args.at("doc");
    if (given.is_array()) {
        // What does not compile with this library is refused at run time by the reference.
        throw cormorant::error(cormorant::errc::invalid_argument, "save takes one document");
    }
    document d = given.as_document();
    if (c.flag("asDocument", false)) {
        d = m.new_document(std::move(d));
    }
    auto saved = co_await m.save_with_result(std::move(d), c.options<cormorant::save_options>());
    co_return c.shows_write() ? value(show_result(saved.result)) : show_document(m, std::move(saved.doc), c.show(), true);
}

/// The original takes an empty filter for every document.
cormorant::selection select(document filter) {
    if (filter.empty())
        return cormorant::all;
    return filter;
}

awaitable<value> run_update(call c) {
    auto const result =
        co_await c.target().update(select(c.object("filter")), c.args.at("delta"), c.options<cormorant::update_options>());
    co_return show_result(result);
}

awaitable<value> run_remove(call c) {
    auto const result = co_await c.target().remove(select(c.object("filter")), c.options<cormorant::remove_options>());
    co_return show_result(result);
}

awaitable<value> run_remove_all(call c) {
    co_await c.target().remove_all();
    co_return nothing();
}

// --- through a model: documents, conversions, collection -----------------------------------------------------------------

awaitable<value> run_process_docs(call c) {
    auto const& m = c.target();
    cormorant::process_options options;
    options.validate(c.flag("validate", false))
        .check_required(c.flag("checkRequired", false))
        .strip_empty(c.flag("stripEmpty", true));
    co_return list_of(m.process(c.docs("data"), options));
}

value perform(cormorant::model_document& d, document const& order) {
    require_keys(order, "'do'", {"get", "set", "value", "call", "args"});
    if (auto const* path = order.find("get")) {
        return d.get(path->as_string()).value_or(value());
    }
    if (auto const* method = order.find("call")) {
        auto const* const args = order.find("args");
        auto result = d.call(method->as_string(), args == nullptr ? array() : args->as_array());
        return result.is_undefined() ? value() : result;
    }
    d.set(order.at("set").as_string(), order.at("value"));
    return nothing();
}

awaitable<value> run_document(call c) {
    auto const& m = c.target();
    auto const fill_defaults = c.object("options").get_or("fillDefaults", true);
    document d = m.new_document(c.object("data"), fill_defaults);
    document result;
    if (auto const* orders = c.args.find("do")) {
        array returns;
        auto seen = m.bind(d);
        for (auto const& order : orders->as_array()) {
            auto given = perform(seen, order.as_document());
            if (!order.as_document().contains("set")) {
                returns.push_back(std::move(given));
            }
        }
        result.set("returns", std::move(returns));
    }
    result.set("doc", show_document(m, std::move(d), c.show(), true));
    co_return result;
}

awaitable<value> run_string_convert(call c) {
    co_return cormorant::string_convert(c.object("data"), c.target().schema()->convert_schema());
}

awaitable<value> run_string_convert_v2(call c) {
    co_return cormorant::string_convert(c.object("data"), c.target().schema()->nested_convert_schema());
}

awaitable<value> run_convert_schema(call c) {
    co_return c.target().schema()->convert_schema();
}

awaitable<value> run_convert_schema_v2(call c) {
    co_return c.target().schema()->nested_convert_schema();
}

awaitable<value> run_create_indexes(call c) {
    co_await c.target().create_indexes();
    co_return nothing();
}

awaitable<value> run_create_view(call c) {
    auto& m = c.target();
    if (auto const* pipeline = c.args.find("pipeline")) {
        m.change([pipeline](cormorant::model_definition& d) { d.view_on(d.view_on(), pipeline->as_array()); });
    }
    auto const change = co_await m.create_view();
    co_return cormorant::doc("created", change.created, "updated", change.updated);
}

awaitable<value> run_model_info(call c) {
    auto const& m = c.target();
    document defaults;
    for (auto const kind : {cormorant::operation_kind::aggregate, cormorant::operation_kind::find,
             cormorant::operation_kind::count, cormorant::operation_kind::insert, cormorant::operation_kind::update,
             cormorant::operation_kind::save, cormorant::operation_kind::remove}) {
        array names;
        for (auto const& request : m.schema()->definition().default_hooks(kind)) {
            names.push_back(
                request.args ? value(cormorant::doc("name", request.name, "args", *request.args)) : value(request.name));
        }
        defaults.append(to_string(kind), std::move(names));
    }
    co_return cormorant::doc("name", m.name(), "collectionName", m.collection(), "connected", m.connected(), "defaultHooks",
        std::move(defaults), "methods", list_of(m.methods()));
}

awaitable<value> run_call_model_method(call c) {
    array args;
    if (auto const* given = c.args.find("args")) {
        args = given->as_array();
    }
    co_return co_await c.target().call(c.text("name"), std::move(args));
}

/// Adds one declaration to a live model: `section` is the key of a definition that holds a list of such declarations.
template <class Adopt>
void extend(call const& c, std::string_view section, Adopt adopt) {
    auto& m = c.target();
    document addition = cormorant::doc("collection", m.collection(), "name", m.name());
    addition.append(section, cormorant::arr(c.args));
    auto const part = cormorant::model_definition::from_document(addition, c.shared.functions);
    m.change([&](cormorant::model_definition& d) { adopt(d, part); });
}

awaitable<value> run_add_field(call c) {
    extend(c, "fields", [](auto& d, auto const& part) { d.field(part.fields().back().name, part.fields().back()); });
    co_return nothing();
}

awaitable<value> run_add_virtual(call c) {
    extend(c, "virtuals", [](auto& d, auto const& part) { d.virtual_field(part.virtuals().back()); });
    co_return nothing();
}

awaitable<value> run_add_relationship(call c) {
    extend(c, "relationships", [](auto& d, auto const& part) { d.relation(part.relations().back()); });
    co_return nothing();
}

awaitable<value> run_add_hook(call c) {
    extend(c, "hooks", [](auto& d, auto const& part) { d.hook(part.hooks().back()); });
    co_return nothing();
}

awaitable<value> run_add_index(call c) {
    extend(c, "indexes", [](auto& d, auto const& part) { d.index(part.indexes().back().keys, part.indexes().back().options); });
    co_return nothing();
}

awaitable<value> run_add_document_method(call c) {
    extend(c, "documentMethods", [](auto& d, auto const& part) {
        auto const& method = part.document_methods().back();
        d.document_method(method.name, method.function);
    });
    co_return nothing();
}

awaitable<value> run_add_model_method(call c) {
    extend(c, "modelMethods", [](auto& d, auto const& part) {
        auto const& method = part.model_methods().back();
        d.model_method(method.name, method.function);
    });
    co_return nothing();
}

// --- connection ----------------------------------------------------------------------------------------------------------

awaitable<value> run_define(call c) {
    auto definition = cormorant::model_definition::from_document(c.args, c.shared.functions);
    definition.unknown_paths(cormorant::unknown_paths::pass); // as the original
    model m(std::move(definition));
    c.shared.models.insert_or_assign(m.name(), m);
    co_return nothing();
}

awaitable<value> run_connection_add(call c) {
    cormorant::add_options options;
    // The reference's older name for the same switch wins.
    options.sync(c.flag("createIndexes", c.flag("sync", true)));
    co_await c.shared.connection.add(c.shared.model(c.text("model")), options);
    co_return nothing();
}

awaitable<value> run_connection_remove(call c) {
    c.shared.connection.remove(c.text("model"));
    co_return nothing();
}

awaitable<value> run_connection_remove_all(call c) {
    c.shared.connection.remove_all();
    co_return nothing();
}

awaitable<value> run_drop_collection(call c) {
    co_await c.shared.connection.drop_collection(c.text("name"));
    co_return nothing();
}

awaitable<value> run_connection_models(call c) {
    co_return list_of(c.shared.connection.models());
}

awaitable<value> run_logger(call c) {
    auto& log = c.shared.query_log;
    if (!c.args.at("on").as_bool()) {
        c.shared.connection.on_query({});
        co_return nothing();
    }
    c.shared.connection.on_query([&log](cormorant::query_log_entry const& entry) {
        log.push_back(cormorant::doc("type", entry.type, "collection", entry.collection, "filter", entry.filter, "count",
            entry.count, "timers", cormorant::arr("command", "raw")));
    });
    co_return nothing();
}

awaitable<value> run_query_log(call c) {
    co_return std::exchange(c.shared.query_log, array());
}

// --- without a model -----------------------------------------------------------------------------------------------------

awaitable<value> run_connect(call c) {
    auto connection = co_await cormorant::connect(c.text("connectionString"));
    co_await connection.close();
    co_return nothing();
}

awaitable<value> run_test_id(call c) {
    co_return cormorant::test_id(c.text("str"));
}

awaitable<value> run_convert_value(call c) {
    co_return cormorant::convert_value(c.args.at("value"), c.text("type"));
}

awaitable<value> run_convert_given(call c) {
    co_return cormorant::string_convert(c.object("data"), c.object("schema"));
}

awaitable<value> run_resolve_relationship(call c) {
    auto const multiple = c.text("type") == "multiple";
    auto r = multiple ? cormorant::multiple(c.text("objectKey")) : cormorant::single(c.text("objectKey"));
    r.left_key(c.text("leftKey")).right_key(c.args.get_or("rightKey", "_id"));
    if (auto const* name = c.args.find("modelName")) {
        r.model(name->to<std::string>());
    }
    if (c.flag("multipleTypes", false)) {
        r.models();
    }
    cormorant::populate_options options;
    options.cast_docs(c.flag("castDocs", true)).fields(c.object("fields"));
    if (auto const* hooks = c.args.find("hooks")) {
        options.hooks(cormorant::parse_hook_requests(*hooks));
    }
    auto docs = co_await c.shared.connection.populate(c.docs("docs"), std::move(r), std::move(options));
    co_return list_of(docs);
}

awaitable<value> run_raw_indexes(call c) {
    co_return co_await c.shared.env.database.indexes(c.text("collection"));
}

awaitable<value> run_trace(call c) {
    co_return std::exchange(c.shared.trace, array());
}

// --- the table -----------------------------------------------------------------------------------------------------------

struct entry {
    std::string_view name;
    awaitable<value> (*run)(call);
    /// The keys that its arguments may have, separated by blanks; `*`: any.
    std::string_view keys;
};

constexpr entry operations[] = {
    {"insert", run_insert, "docs options asDocument"},
    {"save", run_save, "doc options asDocument"},
    {"update", run_update, "filter delta options"},
    {"remove", run_remove, "filter options"},
    {"removeAll", run_remove_all, "options"},
    {"count", run_count, "filter options"},
    {"find", run_find, "filter options"},
    {"findById", run_find_by_id, "id options"},
    {"aggregate", run_aggregate, "pipeline options"},
    {"processDocs", run_process_docs, "data validate checkRequired stripEmpty"},
    {"stringConvert", run_string_convert, "data"},
    {"stringConvertV2", run_string_convert_v2, "data"},
    {"getConvertSchema", run_convert_schema, ""},
    {"getConvertSchemaV2", run_convert_schema_v2, ""},
    {"createIndexes", run_create_indexes, ""},
    {"createView", run_create_view, "pipeline"},
    {"addField", run_add_field, "*"},
    {"addVirtual", run_add_virtual, "*"},
    {"addRelationship", run_add_relationship, "*"},
    {"addHook", run_add_hook, "*"},
    {"addIndex", run_add_index, "*"},
    {"addDocumentMethod", run_add_document_method, "*"},
    {"addModelMethod", run_add_model_method, "*"},
    {"modelInfo", run_model_info, ""},
    {"callModelMethod", run_call_model_method, "name args"},
    {"document", run_document, "data options do"},
    {"define", run_define, "*"},
    {"connection.add", run_connection_add, "model sync createIndexes"},
    {"connection.remove", run_connection_remove, "model"},
    {"connection.removeAll", run_connection_remove_all, ""},
    {"connection.dropCollection", run_drop_collection, "name"},
    {"connection.models", run_connection_models, ""},
    {"connection.logger", run_logger, "on"},
    {"queryLog", run_query_log, ""},
    {"mongolayer.connect", run_connect, "connectionString"},
    {"mongolayer.testId", run_test_id, "str"},
    {"mongolayer.convertValue", run_convert_value, "value type"},
    {"mongolayer.stringConvert", run_convert_given, "data schema"},
    {"mongolayer.stringConvertV2", run_convert_given, "data schema"},
    {"mongolayer.resolveRelationship", run_resolve_relationship,
        "type leftKey rightKey modelName multipleTypes objectKey docs castDocs hooks fields"},
    {"raw.indexes", run_raw_indexes, "collection"},
    {"trace", run_trace, ""},
};

bool has_word(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        auto const end = std::min(words.find(' '), words.size());
        if (words.substr(0, end) == word) {
            return true;
        }
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return false;
}

} // namespace

awaitable<value> run_operation(state& s, document const& step) {
    auto const* const name = step.find("op");
    if (name == nullptr || !name->is_string()) {
        throw bad_case("the step has no 'op'");
    }
    auto const* const found = std::find_if(
        std::begin(operations), std::end(operations), [name](entry const& e) { return e.name == name->as_string(); });
    if (found == std::end(operations)) {
        throw bad_case(fmt::format("unknown operation '{}'", name->as_string()));
    }
    call c(s, step);
    for (auto const& [key, ignored] : c.args) {
        if (found->keys != "*" && !has_word(found->keys, key)) {
            throw bad_case(fmt::format("unknown argument '{}' of {}", key, found->name));
        }
    }
    co_return co_await found->run(std::move(c));
}

} // namespace conformance::mongolayer
