#include "pipeline/annotate.hpp"

#include <boost/asio/error.hpp>

namespace cormorant::detail {

bool is_cancellation(boost::system::system_error const& e) noexcept {
    return e.code() == boost::asio::error::operation_aborted || e.code() == errc::cancelled;
}

} // namespace cormorant::detail
