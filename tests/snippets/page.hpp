#pragma once

// What the code blocks of a page can use without saying so, and how they are run.

#include <cormorant/cormorant.hpp>

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <gtest/gtest.h>

#include <cassert>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

// An assertion of a page is checked in every build, and ends the page alone.
#undef assert
#define assert(...)                                                                                                              \
    ((__VA_ARGS__) ? void() : throw std::logic_error(__FILE__ ":" + std::to_string(__LINE__) + ": not so: " #__VA_ARGS__))

namespace snippets {

namespace asio = boost::asio;
namespace orm = cormorant;
using orm::arr;
using orm::doc;

/// A page while it runs: its working directory, and what it prints. A temporary folder is the working directory of the process as
/// long as this object lives: one at a time.
class page {
public:
    explicit page(std::string_view name);
    page(page const&) = delete;
    page& operator=(page const&) = delete;
    ~page();

    /// Puts a file into the folder of the page.
    void write(std::string_view name, std::string_view text);
    /// From here on what is printed is kept ...
    void capture();
    /// ... and has to be this, but for white space at both ends. The line is that of the page.
    void expect(std::string_view text, int line);
    /// False, which the compiler does not know.
    bool never() const noexcept;

private:
    std::string_view name_;
    std::filesystem::path before_;
    std::filesystem::path folder_;
    bool capturing_ = false;
};

/// Runs blocks of a page to their end, on a loop of their own and a fresh store in memory. What they throw fails the test.
void run(std::string_view name, asio::awaitable<void> (*blocks)(orm::connection, page&));

} // namespace snippets
