#include <cormorant/error/error.hpp>

#include <algorithm>
#include <mutex>
#include <numeric>

namespace cormorant {

std::string_view to_string(outcome o) noexcept {
    switch (o) {
    case outcome::not_sent:
        return "not_sent";
    case outcome::maybe_applied:
        return "maybe_applied";
    case outcome::applied:
        return "applied";
    }
    return "unknown";
}

std::string_view to_string(phase p) noexcept {
    switch (p) {
    case phase::none:
        return "none";
    case phase::hooks:
        return "hooks";
    case phase::queue:
        return "queue";
    case phase::resolve:
        return "resolve";
    case phase::connect:
        return "connect";
    case phase::tls:
        return "tls";
    case phase::authentication:
        return "authentication";
    case phase::selection:
        return "selection";
    case phase::server:
        return "server";
    case phase::decode:
        return "decode";
    }
    return "unknown";
}

phase_times& phase_times::operator+=(phase_times const& more) noexcept {
    for (std::size_t i = 0; i < times_.size(); ++i)
        times_[i] += more.times_[i];
    return *this;
}

std::chrono::nanoseconds phase_times::total() const noexcept {
    return std::accumulate(times_.begin(), times_.end(), std::chrono::nanoseconds(0));
}

phase phase_times::longest() const noexcept {
    auto const it = std::max_element(times_.begin(), times_.end());
    return it->count() == 0 ? phase::none : static_cast<phase>(it - times_.begin());
}

/// Shared by the copies of an error until one of them is changed.
struct error::state {
    state(std::string sentence, diagnostics d) : message(std::move(sentence)), details(std::move(d)) {}
    state(state const& other) : message(other.message), details(other.details) {}

    std::string message;
    diagnostics details;
    /// What `what()` answered last. Copies in different threads may ask at the same time.
    std::mutex mutex;
    std::string text;
};

namespace {

void append_place(std::string& out, diagnostics const& d) {
    if (!d.model.empty() || !d.operation.empty()) {
        out += d.model;
        if (!d.model.empty() && !d.operation.empty()) {
            out += '.';
        }
        out += d.operation;
        out += ": ";
    }
    if (!d.hook.empty()) {
        out += "hook ";
        out += d.hook;
        out += ": ";
    }
}

/// What is known beyond the message, in parentheses.
void append_facts(std::string& out, diagnostics const& d) {
    char const* separator = " (";
    auto const add = [&](std::string_view name, std::string_view text) {
        out += separator;
        out += name;
        out += text;
        separator = ", ";
    };
    if (!d.path.empty()) {
        add("path ", d.path);
    }
    if (!d.value.empty()) {
        add("value ", d.value);
    }
    if (d.violations.size() > 1) {
        add(std::to_string(d.violations.size()), " violations");
    }
    if (d.server_code != 0) {
        add("server code ", std::to_string(d.server_code));
    }
    if (d.slow_phase != phase::none) {
        add("in phase ", to_string(d.slow_phase));
    }
    if (d.is_write) {
        add("write ", to_string(d.what_happened));
    }
    if (d.written != 0) {
        add("written ", std::to_string(d.written));
    }
    if (d.attempts > 1) {
        add("attempts ", std::to_string(d.attempts));
    }
    if (*separator == ',') {
        out += ')';
    }
}

std::string line(boost::system::error_code const& code, std::string const& message, diagnostics const& d) {
    std::string out;
    append_place(out, d);
    out += message;
    append_facts(out, d);
    out += " [";
    out += to_string(static_cast<errc>(code.value()));
    out += ']';
    // One line, whatever the values contain.
    for (char& c : out) {
        if (c == '\n' || c == '\r') {
            c = ' ';
        }
    }
    return out;
}

} // namespace

error::error(errc code) : error(code, make_error_code(code).message()) {}

error::error(errc code, std::string message) : error(code, std::move(message), diagnostics()) {}

error::error(errc code, std::string message, diagnostics details)
    : system_error(make_error_code(code)), state_(std::make_shared<state>(std::move(message), std::move(details))) {}

std::string const& error::message() const noexcept {
    return state_->message;
}

diagnostics const& error::details() const noexcept {
    return state_->details;
}

diagnostics& error::details() {
    if (state_.use_count() > 1) {
        state_ = std::make_shared<state>(*state_);
    }
    return state_->details;
}

std::string error::report() const {
    std::string out = line(code(), state_->message, state_->details);
    for (auto const& v : state_->details.violations) {
        out += "\n  ";
        out += v.path;
        out += ": ";
        out += v.message;
        out += " (";
        if (!v.rule.empty()) {
            out += "rule ";
            out += v.rule;
            out += ", ";
        }
        if (!v.value.empty()) {
            out += "value ";
            out += v.value;
            out += ", ";
        }
        out += to_string(v.code);
        out += ')';
    }
    if (!state_->details.server_message.empty()) {
        out += "\n  server: ";
        out += state_->details.server_message;
    }
    return out;
}

char const* error::what() const noexcept {
    try {
        std::lock_guard const lock(state_->mutex);
        auto text = line(code(), state_->message, state_->details);
        // The pointer handed out before stays good as long as nothing was changed.
        if (text != state_->text) {
            state_->text = std::move(text);
        }
        return state_->text.c_str();
    } catch (...) {
        return state_->message.c_str();
    }
}

std::exception_ptr make_exception(error e) {
    return std::make_exception_ptr(std::move(e));
}

} // namespace cormorant
