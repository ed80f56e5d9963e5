#pragma once

// The document that the benchmarks work on: about 1 KB, twelve fields, an array of documents.

#include <cormorant/cormorant.hpp>

#include <boost/describe/class.hpp>

#include <string>
#include <vector>

namespace sample {

namespace orm = cormorant;

struct line {
    std::string sku;
    int quantity = 0;
    double price = 0;
};
BOOST_DESCRIBE_STRUCT(line, (), (sku, quantity, price))

struct order {
    orm::object_id _id;
    std::string number;
    std::string customer;
    std::string email;
    std::string note;
    orm::datetime created;
    bool paid = false;
    int priority = 0;
    double total = 0;
    std::int64_t weight = 0;
    std::vector<std::string> tags;
    std::vector<line> lines;
};
BOOST_DESCRIBE_STRUCT(order, (), (_id, number, customer, email, note, created, paid, priority, total, weight, tags, lines))

inline order make_order(int i) {
    order o;
    o._id = orm::object_id::generate();
    o.number = "2026-" + std::to_string(100000 + i);
    o.customer = "Customer number " + std::to_string(i);
    o.email = "customer" + std::to_string(i) + "@example.org";
    o.note = std::string(300, 'n');
    o.created = orm::datetime(std::chrono::milliseconds(1'700'000'000'000 + i));
    o.paid = i % 2 == 0;
    o.priority = i % 5;
    o.total = 12.5 * i;
    o.weight = 5'000'000'000 + i;
    o.tags = {"retail", "europe", "express"};
    for (int k = 0; k < 6; ++k)
        o.lines.push_back(line{"SKU-" + std::to_string(1000 + k), k + 1, 9.99 + k});
    return o;
}

inline orm::document make_document(int i) { return orm::to_document(make_order(i)); }

/// Twelve fields, all validated.
inline orm::model_definition definition() {
    return orm::model_definition("orders")
        .field("number", orm::string().required().pattern("^[0-9]{4}-[0-9]+$"))
        .field("customer", orm::string().required().max_length(80))
        .field("email", orm::string().max_length(120))
        .field("note", orm::string().max_length(1000))
        .field("created", orm::date().default_now())
        .field("paid", orm::boolean().default_value(false))
        .field("priority", orm::integer().min(0).max(9))
        .field("total", orm::number().min(0))
        .field("weight", orm::integer())
        .field("tags", orm::array_of(orm::string().max_length(30)))
        .field("lines", orm::array_of(orm::object()
                            .field("sku", orm::string().required())
                            .field("quantity", orm::integer().min(1))
                            .field("price", orm::number().min(0))));
}

} // namespace sample
