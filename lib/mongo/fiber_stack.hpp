#pragma once

/// Memory for the stacks of fibers.

#include <boost/context/protected_fixedsize_stack.hpp>

#if defined(__SANITIZE_ADDRESS__)
#define CORMORANT_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CORMORANT_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef CORMORANT_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace cormorant::detail {

/// A stack with a guard page below it, for `boost::asio::spawn`.
///
/// The outermost frames of a fiber never return, so the marks that AddressSanitizer keeps for them outlive the stack; a later
/// stack that overlaps it would be accused. They are wiped when the stack is given back.
class fiber_stack {
public:
    using traits_type = boost::context::protected_fixedsize_stack::traits_type;

    explicit fiber_stack(std::size_t size) : memory_(size) {}

    boost::context::stack_context allocate() { return memory_.allocate(); }
    void deallocate(boost::context::stack_context& stack) noexcept {
#ifdef CORMORANT_ADDRESS_SANITIZER
        __asan_unpoison_memory_region(static_cast<char*>(stack.sp) - stack.size, stack.size);
#endif
        memory_.deallocate(stack);
    }

private:
    boost::context::protected_fixedsize_stack memory_;
};

} // namespace cormorant::detail
