#pragma once

#include <cormorant/store/store.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace cormorant::detail {

/// Stores that several connections share, counted.
///
/// Each user gets a store of its own to close: when it is the last one of the shared store, that one is closed too, and the next
/// user gets a new one. Thread safety: `get` may be called from any thread.
class shared_stores : public std::enable_shared_from_this<shared_stores> {
public:
    /// A store for `key`; `make` is called when nobody uses one. Others who want the same one wait meanwhile, and nobody else
    /// does.
    std::shared_ptr<store> get(std::string const& key, std::function<std::shared_ptr<store>()> const& make);

private:
    friend class store_share;

    /// Made once, by the first who gets to it.
    struct opening {
        std::mutex mutex;
        std::shared_ptr<store> made;
    };
    struct entry {
        std::shared_ptr<opening> opened;
        int users = 0;
    };
    /// True for the last user.
    bool leave(std::string const& key, std::shared_ptr<opening> const& left);

    std::mutex mutex_;
    std::map<std::string, entry> entries_;
};

} // namespace cormorant::detail
