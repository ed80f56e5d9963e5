#pragma once

#include "coroutine.hpp"
#include "fast_lane_switch.hpp"
#include "mock_server.hpp"

#include <cormorant/mongo/mongo_store.hpp>

#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cormorant::testing {

namespace asio = boost::asio;

inline std::shared_ptr<store> make_test_store(std::string_view uri, mongo_options options = mongo_options()) {
    return make_mongo_store(uri, test_options(std::move(options)));
}

template <class Op>
reply_of<Op> run_on(store& s, Op op, call_options options = call_options()) {
    return run(s.async_run(std::move(op), std::move(options), asio::use_awaitable));
}

template <class Op>
error failure_on(store& s, Op op, call_options options = call_options()) {
    try {
        run_on(s, std::move(op), std::move(options));
    } catch (error const& e) {
        return e;
    }
    ADD_FAILURE() << "the operation succeeded";
    return error(errc::definition);
}

inline asio::awaitable<documents> drain(cursor c) {
    documents all;
    for (;;) {
        auto b = co_await c.async_next(asio::use_awaitable);
        if (b.empty())
            co_return all;
        std::move(b).append_to(all, storage());
    }
}

inline find_op find_in(std::string collection) {
    find_op op;
    op.collection = std::move(collection);
    return op;
}

inline insert_op insert_into(std::string collection) {
    insert_op op;
    op.collection = std::move(collection);
    op.docs.push_back(doc("_id", 1));
    return op;
}

inline update_op update_many(std::string collection) {
    update_op op;
    op.collection = std::move(collection);
    op.update = doc("$set", doc("a", 1));
    op.multi = true;
    return op;
}

inline std::vector<std::byte> bytes_of(std::initializer_list<int> list) {
    std::vector<std::byte> result;
    for (int const b : list)
        result.push_back(static_cast<std::byte>(b));
    return result;
}

inline call_options deadline_in(std::chrono::milliseconds time) {
    call_options options;
    options.deadline = std::chrono::steady_clock::now() + time;
    return options;
}

} // namespace cormorant::testing
