#include "bson/spare_memory.hpp"
#include "sanitizers.hpp"

#include <cormorant/bson/value.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cormorant::test {
namespace {

// AddressSanitizer has to see what is used after it was given back, so nothing is kept then.
constexpr bool keeps_memory = !testing::with_address_sanitizer;

constexpr std::size_t large = 100'000;

/// On a thread of its own, which has nothing yet.
template <class F>
void on_a_new_thread(F f) {
    std::thread(std::move(f)).join();
}

TEST(SpareMemory, ABlockThatWasGivenBackIsTakenAgain) {
    on_a_new_thread([] {
        auto const first = detail::take_block(large);
        EXPECT_GE(first.size, large);
        detail::give_block(first);
        auto const second = detail::take_block(large - 10'000);
        EXPECT_EQ(second.data == first.data, keeps_memory);
        auto const third = detail::take_block(large);
        EXPECT_NE(third.data, second.data) << "it is in use";
        detail::give_block(second);
        ::operator delete(third.data);
    });
}

TEST(SpareMemory, WhatIsTooSmallOrFarTooLargeStaysWhereItIs) {
    on_a_new_thread([] {
        auto const first = detail::take_block(large);
        detail::give_block(first);
        auto const larger = detail::take_block(2 * large);
        EXPECT_GE(larger.size, 2 * large);
        auto const smaller = detail::take_block(detail::least_spare_piece / 2);
        EXPECT_LT(smaller.size, large);
        detail::give_block(larger);
        ::operator delete(smaller.data);
        auto const again = detail::take_block(large);
        EXPECT_EQ(again.size, large) << "of two that fit the smaller one is taken";
        detail::give_block(again);
    });
}

TEST(SpareMemory, ABufferComesBackEmptyWithItsMemory) {
    on_a_new_thread([] {
        auto buffer = detail::take_buffer(large);
        buffer.resize(large, std::byte{7});
        auto const* const place = buffer.data();
        detail::give_buffer(std::move(buffer));
        auto again = detail::take_buffer(large / 2);
        EXPECT_TRUE(again.empty());
        EXPECT_GE(again.capacity(), large / 2);
        EXPECT_EQ(again.data() == place, keeps_memory);
    });
}

TEST(SpareMemory, NoMoreIsKeptThanTheBound) {
    on_a_new_thread([] {
        std::vector<std::vector<std::byte>> taken;
        for (std::size_t i = 0; i < 100; ++i) {
            taken.push_back(detail::take_buffer(detail::most_spare_bytes / 20));
        }
        std::vector<std::byte const*> places;
        for (auto& buffer : taken) {
            places.push_back(buffer.data());
            detail::give_buffer(std::move(buffer));
        }
        detail::give_buffer(detail::take_buffer(2 * detail::most_spare_bytes)); // is not kept at all
        // What was given last is still there, what was given first is not.
        std::size_t kept = 0;
        for (std::size_t i = 0; i < 100; ++i) {
            taken[i] = detail::take_buffer(detail::most_spare_bytes / 20);
            kept += taken[i].data() == places[places.size() - 1] ? 1U : 0U;
        }
        EXPECT_EQ(kept, keeps_memory ? 1U : 0U);
    });
}

TEST(SpareMemory, DocumentsMayOutliveTheThreadThatMadeThem) {
    document kept;
    on_a_new_thread([&] {
        document large_one(make_arena());
        for (int i = 0; i < 5000; ++i) {
            large_one.set("key " + std::to_string(i), std::string(100, 'x'));
        }
        std::destroy_at(&kept);
        std::construct_at(&kept, std::move(large_one));
    });
    EXPECT_EQ(kept.size(), 5000U);
    EXPECT_EQ(kept.at("key 4999").as_string().size(), 100U);
}

TEST(SpareMemory, ArenasOfTheSameShapeUseTheSameBlocks) {
    on_a_new_thread([] {
        auto const fill = [] {
            auto const arena = make_arena();
            std::vector<void*> places;
            for (int i = 0; i < 200; ++i) {
                places.push_back(arena.allocate(10'000));
            }
            return places.back();
        };
        auto* const first = fill();
        auto* const second = fill();
        EXPECT_EQ(first == second, keeps_memory);
    });
}

} // namespace
} // namespace cormorant::test
