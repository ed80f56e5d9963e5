#pragma once

/// Folders of stores in tests.

#include "coroutine.hpp"

#include <cormorant/bson/value.hpp>
#include <cormorant/memory/memory_store.hpp>

#include <boost/asio/use_awaitable.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace cormorant::testing {

/// An empty folder that goes with the object.
class temporary_folder {
public:
    temporary_folder();
    ~temporary_folder();
    temporary_folder(temporary_folder const&) = delete;
    temporary_folder& operator=(temporary_folder const&) = delete;
    std::filesystem::path const& path() const noexcept { return path_; }
    void clear() const;

private:
    std::filesystem::path path_;
};

std::vector<char> read_file(std::filesystem::path const& path);
void write_file(std::filesystem::path const& path, std::vector<char> const& bytes);

/// Everything that a store holds, as one text: collections, views, indexes and documents in their order.
std::string contents_of(store& s);
/// The documents of a find.
documents found_in(store& s, find_op op);
void close(store& s);

template <class Op>
boost::asio::awaitable<reply_of<Op>> awaited(store& s, Op op) {
    co_return co_await s.async_run(std::move(op), call_options(), boost::asio::use_awaitable);
}
/// Runs an operation on a loop of its own.
template <class Op>
reply_of<Op> run_on(store& s, Op op) {
    return run(awaited(s, std::move(op)));
}

} // namespace cormorant::testing
