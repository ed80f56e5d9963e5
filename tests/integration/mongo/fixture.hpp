#pragma once

#include "coroutine.hpp"
#include "fast_lane_switch.hpp"
#include "mongod.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/mongo/mongo_store.hpp>

#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

namespace cormorant::testing {

namespace asio = boost::asio;

/// A store on a database of its own, which is dropped when the test ends.
class mongo_test : public ::testing::Test {
protected:
    mongo_test();
    void TearDown() override;

    /// Another store on the same database.
    std::shared_ptr<store> make_store(mongo_options options = mongo_options(), std::string_view uri_options = {}) const;

    template <class Op>
    static reply_of<Op> run_on(store& s, Op op, call_options options = call_options()) {
        return run(s.async_run(std::move(op), std::move(options), asio::use_awaitable));
    }
    template <class Op>
    reply_of<Op> run_op(Op op, call_options options = call_options()) {
        return run_on(*store_, std::move(op), std::move(options));
    }
    /// The error of an operation that has to fail.
    template <class Op>
    static error failure_on(store& s, Op op, call_options options = call_options()) {
        try {
            run_on(s, std::move(op), std::move(options));
        } catch (error const& e) {
            return e;
        }
        ADD_FAILURE() << "the operation succeeded";
        return error(errc::definition);
    }
    template <class Op>
    error failure_of(Op op, call_options options = call_options()) {
        return failure_on(*store_, std::move(op), std::move(options));
    }

    /// Inserts `{_id: 0}`, `{_id: 1}`, ... with `padding` bytes each.
    void fill(std::string const& collection, int count, std::size_t padding = 0);
    documents find_all(find_op op);
    std::int64_t count_all(std::string const& collection);
    document server_status();
    /// Makes the server fail commands of this application: `{mode: {times: n}, data: {failCommands: [...], ...}}`.
    void fail_point(value mode, document data);

    std::string database_;
    std::shared_ptr<store> store_;
    bool fail_point_set_ = false;
};

/// All documents of a cursor.
asio::awaitable<documents> drain(cursor c);

insert_op insert_of(std::string collection, documents docs);
find_op find_in(std::string collection, document filter = document());
documents docs_of(std::initializer_list<document> docs);

} // namespace cormorant::testing
