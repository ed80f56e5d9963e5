#include "page.hpp"

#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <system_error>

namespace snippets {

namespace {

std::filesystem::path make_folder() {
    auto name = (std::filesystem::temp_directory_path() / "cormorant-page-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::system_error(errno, std::generic_category(), name);
    }
    return name;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view white = " \n\r\t";
    auto const begin = text.find_first_not_of(white);
    return begin == std::string_view::npos ? std::string_view() : text.substr(begin, text.find_last_not_of(white) + 1 - begin);
}

asio::awaitable<void> connect_and_run(asio::awaitable<void> (*blocks)(orm::connection, page&), page& p) {
    auto db = co_await orm::connect("memory://");
    co_await blocks(db, p);
}

} // namespace

page::page(std::string_view name) : name_(name), before_(std::filesystem::current_path()), folder_(make_folder()) {
    std::filesystem::current_path(folder_);
}

page::~page() {
    if (capturing_) {
        std::cout << testing::internal::GetCapturedStdout();
    }
    std::error_code ignored;
    std::filesystem::current_path(before_, ignored);
    std::filesystem::remove_all(folder_, ignored);
}

void page::write(std::string_view name, std::string_view text) {
    std::ofstream file(folder_ / name, std::ios::binary);
    file << text;
    file.close();
    ASSERT_TRUE(file) << name_ << ": cannot write " << name;
}

void page::capture() {
    testing::internal::CaptureStdout();
    capturing_ = true;
}

void page::expect(std::string_view text, int line) {
    std::cout.flush();
    auto const printed = testing::internal::GetCapturedStdout();
    capturing_ = false;
    EXPECT_EQ(trimmed(printed), trimmed(text)) << name_ << ':' << line << ": it prints something else";
}

bool page::never() const noexcept {
    return folder_.empty();
}

void run(std::string_view name, asio::awaitable<void> (*blocks)(orm::connection, page&)) {
    asio::io_context loop;
    page p(name);
    std::exception_ptr failure;
    asio::co_spawn(loop, connect_and_run(blocks, p), [&](std::exception_ptr e) { failure = e; });
    loop.run();
    try {
        if (failure) {
            std::rethrow_exception(failure);
        }
    } catch (orm::error const& e) {
        ADD_FAILURE() << name << ": " << e.report();
    } catch (std::exception const& e) {
        ADD_FAILURE() << name << ": " << e.what();
    }
}

} // namespace snippets
