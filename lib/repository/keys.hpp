#pragma once

/// Keys of new documents.

#include <cormorant/repository/database_schema.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace cormorant::detail {

/// The numbers that a datasource has given to the documents of its collections.
class key_sequence {
public:
    std::int64_t next(std::string const& collection) {
        std::lock_guard lock(mutex_);
        return ++last_[collection];
    }
    /// Numbers below this one are not given any more.
    void skip_to(std::string const& collection, std::int64_t number) {
        std::lock_guard lock(mutex_);
        auto& last = last_[collection];
        last = std::max(last, number - 1);
    }

private:
    std::mutex mutex_;
    std::map<std::string, std::int64_t> last_;
};

/// Makes the model give keys to documents that have none. `numbers`: null for object ids.
void make_keys(model_definition& definition, std::shared_ptr<key_sequence> numbers);

} // namespace cormorant::detail
