#include "store/deliver.hpp"

#include <cormorant/store/cursor.hpp>

namespace cormorant {

void cursor::start_next(cursor_source* source, cursor_source::completion done) {
    if (source != nullptr)
        return source->next(std::move(done));
    // A cursor that was closed, or moved from, is at its end.
    detail::pending_handler<cursor_source::completion> pending(std::move(done));
    pending.finish([](auto handler) { std::move(handler)(nullptr, batch()); });
}

} // namespace cormorant
