#include "mongo/home.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace cormorant::detail {
namespace {

namespace asio = boost::asio;

TEST(home, the_context_behind_an_executor_is_found) {
    asio::io_context loop;
    asio::thread_pool pool(1);
    struct row {
        char const* name;
        asio::any_completion_executor executor;
        asio::execution_context* context;
        bool direct;
    };
    asio::any_io_executor const erased_loop(loop.get_executor());
    row const rows[] = {
        {"io_context", loop.get_executor(), &loop, true},
        {"thread_pool", pool.get_executor(), &pool, true},
        {"strand on io_context", asio::make_strand(loop), &loop, false},
        {"strand on thread_pool", asio::make_strand(pool), &pool, false},
        {"erased io_context", erased_loop, &loop, true},
        {"erased strand", asio::any_io_executor(asio::make_strand(loop)), &loop, false},
        {"strand on an erased io_context", asio::make_strand(erased_loop), &loop, false},
        {"system executor", asio::system_executor(), nullptr, false},
    };
    for (auto const& r : rows) {
        auto const found = find_home(r.executor);
        ASSERT_EQ(found.has_value(), r.context != nullptr) << r.name;
        if (!found)
            continue;
        EXPECT_EQ(found->context, r.context) << r.name;
        EXPECT_EQ(found->direct, r.direct) << r.name;
    }
}

struct guest : home_guest {
    void leave(asio::execution_context& h) noexcept override { left.push_back(&h); }
    std::vector<asio::execution_context*> left;
};

TEST(home, guests_hear_of_the_end_of_the_context_unless_they_are_gone) {
    auto const stays = std::make_shared<guest>();
    auto goes = std::make_shared<guest>();
    asio::execution_context* context = nullptr;
    {
        asio::io_context loop;
        context = &loop;
        auto& watch = asio::use_service<home_watch>(loop);
        watch.add(stays);
        watch.add(goes);
        goes.reset();
        EXPECT_TRUE(stays->left.empty());
    }
    EXPECT_EQ(stays->left, std::vector(1, context));
}

TEST(home, each_guest_hears_once_of_the_end_of_each_known_home) {
    auto const homes = std::make_shared<known_homes>();
    auto const one = std::make_shared<guest>();
    auto const other = std::make_shared<guest>();
    homes->tell(one);
    homes->tell(other);
    std::vector<asio::execution_context*> ended;
    auto const first = std::make_unique<asio::io_context>();
    homes->watch(*first);
    for (int i = 0; i < 3; ++i) { // the memory of a context that is gone may be the next one's
        asio::io_context loop;
        ended.push_back(&loop);
        homes->watch(loop);
        homes->watch(loop);
        homes->watch(*first);
    }
    EXPECT_EQ(one->left, ended);
    EXPECT_EQ(other->left, ended);
}

} // namespace
} // namespace cormorant::detail
