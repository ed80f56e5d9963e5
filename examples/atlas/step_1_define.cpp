// Step 1: one definition for each model, in the three ways that there are.

#include "models.hpp"

#include <cstdlib>

namespace atlas {
namespace {

// Trims, and makes one space of many: sources differ in this.
void normalize(std::string_view key, orm::document& doc) {
    orm::value* const name = doc.find(key);
    if (!name || !name->is_string())
        return;
    std::string clean;
    for (char c : name->as_string())
        if (c != ' ' || (!clean.empty() && clean.back() != ' '))
            clean += c;
    if (!clean.empty() && clean.back() == ' ')
        clean.pop_back();
    *name = orm::value(std::move(clean));
}

void normalize_name(orm::put_args& a) {
    for (auto key : {"name", "official_name", "common_name"})
        normalize(key, a.doc);
}

// No query sees hidden countries, whatever it asks for.
void only_visible(orm::filter_args& a) {
    a.filter = orm::doc("$and", orm::arr(std::move(a.filter), orm::doc("hidden", orm::doc("$ne", true))));
}

// Puts the flag before the name.
void show_flag(orm::after_find_args& a) {
    for (orm::document& d : a.docs)
        if (auto const* flag = d.find("flag"); flag && d.contains("name"))
            d.set("name", std::string(flag->as_string()) + " " + std::string(d.at("name").as_string()));
}

// Shortens names to as many characters as the call says.
void shorten_names(orm::after_find_args& a) {
    auto const length = static_cast<std::size_t>(a.args ? a.args->get_or<std::int64_t>("length", 10) : 10);
    for (orm::document& d : a.docs)
        if (auto const* name = d.find("name"); name && name->as_string().size() > length)
            d.set("name", std::string(name->as_string().substr(0, length)) + ".");
}

orm::model_definition subdivision_definition() {
    return orm::model_definition("subdivision")
        .collection("subdivisions")
        .field("_id", orm::string().required().pattern("^[A-Z]{2}-[A-Z0-9]{1,3}$"))
        .field("name", orm::string().required().max_length(120))
        .field("type", orm::string().required().max_length(60))
        .field("imported", orm::date().default_now())
        .relation(orm::single("country").right_key_type(orm::string()).required())
        .relation(orm::single("parent").model("subdivision").right_key_type(orm::string()))
        .index(orm::doc("country_id", 1, "name", 1))
        .hook("beforePut", "normalize", normalize_name, orm::required)
        .requests(orm::request_policy()
            .filter("country_id")
            .filter("type")
            .filter("name", orm::filter_word::starts_with, orm::filter_word::contains)
            .sort("name", "type")
            .page_size(20, 100));
}

} // namespace

std::filesystem::path definitions_folder() {
    char const* const set = std::getenv("ATLAS_DEFINITIONS");
    return set ? std::filesystem::path(set) : std::filesystem::path(ATLAS_SOURCE_FOLDER);
}

boost::asio::awaitable<models> define_models(orm::connection db, std::filesystem::path folder) {
    auto country_definition = orm::load_model_definition(folder / "country.json");
    country_definition.hook("beforePut", "normalize", normalize_name, orm::required)
        .hook("beforeFilter", "visible", only_visible, orm::required)
        .hook("afterFind", "flag", show_flag)
        .hook("afterFind", "shorten", shorten_names)
        .default_hooks(orm::operation_kind::find, "afterFind_flag");
    auto currency_definition = orm::definition_of<currency>("currency");
    currency_definition.collection("currencies").field("name", orm::string().required().max_length(80));

    auto country = co_await db.add(std::move(country_definition));
    auto subdivision = co_await db.add(subdivision_definition());
    auto currencies = co_await db.add<currency>(std::move(currency_definition));
    co_return models{db, country, subdivision, currencies};
}

} // namespace atlas
