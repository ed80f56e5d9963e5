// Step 2: real data, in batches. Every document is completed, validated and passed through the hooks before it is stored.

#include "import.hpp"
#include "progress.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>

namespace atlas {
namespace {

constexpr std::size_t batch_size = 500;

orm::document read_json(std::filesystem::path const& file, std::string_view hint) {
    std::ifstream in(file, std::ios::binary);
    if (!in)
        throw orm::error(orm::errc::bad_file, "cannot read " + file.string() + " (" + std::string(hint) + ")");
    std::string const text(std::istreambuf_iterator<char>(in), {});
    return orm::parse_json_document(text);
}

// The array that a file of iso-codes holds under its one key.
orm::array read_entries(std::filesystem::path const& file, std::string_view key) {
    auto content = read_json(file, "Debian's package iso-codes has it");
    return std::move(content.at(key).as_array());
}

std::string text(orm::document const& d, std::string_view key) { return std::string(d.at(key).as_string()); }

// A currency of its own begins with the letters of the country (ISO 4217: USD, CHF, ...); others are shared.
orm::array currencies_of(std::string_view country, orm::array const& currencies, orm::document const& shared) {
    orm::array result;
    for (orm::value const& c : currencies)
        if (text(c.as_document(), "alpha_3").starts_with(country))
            result.push_back(c.as_document().at("alpha_3"));
    for (auto const& [currency, countries] : shared)
        if (std::ranges::find(countries.as_array(), orm::value(country)) != countries.as_array().end())
            result.push_back(currency);
    return result;
}

orm::documents countries_of(orm::array const& entries, orm::array const& currencies, orm::document const& shared) {
    orm::documents result;
    for (orm::value const& entry : entries) {
        orm::document d = entry.as_document();
        auto const code = text(d, "alpha_2");
        d.erase("alpha_2");
        d.prepend("_id", code);
        d.set("currencies_ids", currencies_of(code, currencies, shared));
        result.push_back(std::move(d));
    }
    return result;
}

orm::documents subdivisions_of(orm::array const& entries) {
    orm::documents result;
    for (orm::value const& entry : entries) {
        orm::document const& e = entry.as_document();
        auto const code = text(e, "code");
        auto const country = code.substr(0, code.find('-'));
        auto d = orm::doc("_id", code, "name", e.at("name"), "type", e.at("type"), "country_id", country);
        if (auto const* parent = e.find("parent")) {
            auto id = std::string(parent->as_string());
            d.set("parent_id", id.find('-') == std::string::npos ? country + "-" + id : id);
        }
        result.push_back(std::move(d));
    }
    return result;
}

boost::asio::awaitable<std::size_t> insert_in_batches(orm::model m, orm::documents docs, std::string what, bool quiet) {
    std::unique_ptr<progress> bar;
    if (!quiet)
        bar = std::make_unique<progress>(what, docs.size());
    for (std::size_t first = 0; first < docs.size(); first += batch_size) {
        auto const last = std::min(first + batch_size, docs.size());
        orm::documents batch(std::make_move_iterator(docs.begin() + static_cast<std::ptrdiff_t>(first)),
            std::make_move_iterator(docs.begin() + static_cast<std::ptrdiff_t>(last)));
        co_await m.insert(std::move(batch));
        if (bar)
            bar->advance(last - first);
    }
    if (bar)
        bar->finish();
    co_return docs.size();
}

} // namespace

std::filesystem::path iso_codes_folder() {
    char const* const set = std::getenv("ISO_CODES");
    return set ? set : "/usr/share/iso-codes/json";
}

boost::asio::awaitable<import_report> import_iso_codes(models m, std::filesystem::path folder, bool quiet) {
    auto const currencies = read_entries(folder / "iso_4217.json", "4217");
    auto const countries = read_entries(folder / "iso_3166-1.json", "3166-1");
    auto const shared = read_json(definitions_folder() / "shared_currencies.json", "it is part of the examples");
    auto const subdivisions = read_entries(folder / "iso_3166-2.json", "3166-2");

    std::vector<currency> structs;
    for (orm::value const& c : currencies) {
        auto const& d = c.as_document();
        structs.push_back(currency{text(d, "alpha_3"), text(d, "name"), text(d, "numeric")});
    }
    import_report report;
    report.currencies = structs.size();
    co_await m.currencies.insert(structs);
    auto country_docs = countries_of(countries, currencies, shared);
    report.countries = co_await insert_in_batches(m.country, std::move(country_docs), "countries", quiet);
    auto subdivision_docs = subdivisions_of(subdivisions);
    report.subdivisions = co_await insert_in_batches(m.subdivision, std::move(subdivision_docs), "subdivisions", quiet);
    co_return report;
}

} // namespace atlas
