#pragma once

/// Keys of new documents.

#include <cormorant/repository/database_schema.hpp>

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

private:
    std::mutex mutex_;
    std::map<std::string, std::int64_t> last_;
};

/// Makes the model give keys to documents that have none. `numbers`: null for object ids.
void make_keys(model_definition& definition, std::shared_ptr<key_sequence> numbers);

} // namespace cormorant::detail
