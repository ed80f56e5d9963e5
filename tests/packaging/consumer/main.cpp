// What the project of a user of the library looks like at least.

#include <cormorant/connect.hpp>
#include <cormorant/schema/definition.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <iostream>

namespace orm = cormorant;
using orm::doc;

boost::asio::awaitable<void> use() {
    auto db = co_await orm::connect("memory://");
    auto authors = co_await db.add(orm::model_definition("authors").field("name", orm::string().required()));
    co_await authors.insert(doc("name", "Ann"));
    auto ann = co_await authors.find_one(doc("name", "Ann"));
    std::cout << (ann ? ann->at("name").as_string() : "nobody") << '\n';
}

int main() {
    boost::asio::io_context loop;
    std::exception_ptr failure;
    boost::asio::co_spawn(loop, use(), [&](std::exception_ptr e) { failure = e; });
    loop.run();
    if (failure) {
        std::rethrow_exception(failure);
    }
}
