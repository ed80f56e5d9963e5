#pragma once

/// The store that keeps its data in this process.

#include <cormorant/store/store.hpp>

#include <memory>
#include <string>

namespace cormorant {

/// How a memory store behaves.
class memory_options {
public:
    memory_options() = default;
    /// The name that `store::database` gives. Default `"memory"`.
    memory_options& database(std::string name) & {
        database_ = std::move(name);
        return *this;
    }
    memory_options&& database(std::string name) && {
        database_ = std::move(name);
        return std::move(*this);
    }
    /// Documents in a batch of a cursor when the operation does not say. Default 101 as with MongoDB's first batch.
    memory_options& batch_size(std::int32_t n) & {
        batch_size_ = n;
        return *this;
    }
    memory_options&& batch_size(std::int32_t n) && {
        batch_size_ = n;
        return std::move(*this);
    }

    std::string const& database() const noexcept { return database_; }
    std::int32_t batch_size() const noexcept { return batch_size_; }

private:
    std::string database_ = "memory";
    std::int32_t batch_size_ = 101;
};

/// A new, empty database in memory with MongoDB's filters, updates, indexes and aggregation stages.
///
/// It answers asynchronously like a server (never from within the call), refuses what it lacks with `errc::unsupported`
/// and is held equal to MongoDB by tests that run on both. Single operations are atomic.
/// Thread safety: as `store`.
std::shared_ptr<store> make_memory_store(memory_options options = memory_options());

} // namespace cormorant
