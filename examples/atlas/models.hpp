#pragma once

#include <cormorant/cormorant.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/describe/class.hpp>

#include <filesystem>
#include <string>

namespace orm = cormorant;

namespace atlas {

/// A model that is a plain struct: its fields come from the description below.
struct currency {
    std::string _id; // "EUR"
    std::string name;
    std::string numeric;
};
BOOST_DESCRIBE_STRUCT(currency, (), (_id, name, numeric))

/// The three models on one connection.
struct models {
    orm::connection db;
    orm::model country;
    orm::model subdivision;
    orm::typed_model<currency> currencies;
};

/// The folder with `country.json`.
std::filesystem::path definitions_folder();

/// Defines the models in the three ways that there are (a JSON file, the fluent builder, a struct) and puts them on the connection.
boost::asio::awaitable<models> define_models(orm::connection db, std::filesystem::path folder);

} // namespace atlas
