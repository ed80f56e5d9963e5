#include <cormorant/memory/memory_store.hpp>

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace cormorant {

namespace {

constexpr std::string_view scheme = "memory://";

[[noreturn]] void refuse_uri(std::string_view uri, std::string_view reason) {
    // One that was meant for a server may hold a password.
    bool const may_hold_password = !uri.starts_with(scheme) || uri.find('@') != std::string_view::npos;
    throw error(errc::bad_uri, may_hold_password ? fmt::format("a connection string of the memory store: {}", reason)
                                                 : fmt::format("\"{}\": {}", uri, reason));
}

std::string decode_percent(std::string_view uri, std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result.push_back(text[i]);
            continue;
        }
        unsigned char byte = 0;
        auto const digits = text.substr(i + 1, 2);
        auto const [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
        if (failure != std::errc() || digits.size() != 2 || end != digits.data() + 2 || byte == 0)
            refuse_uri(uri, fmt::format("\"%{}\" stands for no character", digits));
        result.push_back(static_cast<char>(byte));
        i += 2;
    }
    return result;
}

void set_option(memory_options& options, std::string_view uri, std::string_view name, std::string_view text) {
    if (name == "sync") {
        if (text != "true" && text != "false")
            refuse_uri(uri, fmt::format("the option sync is true or false, not \"{}\"", text));
        options.sync(text == "true");
    } else if (name == "snapshot_size") {
        std::uint64_t bytes = 0;
        auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), bytes);
        if (failure != std::errc() || end != text.data() + text.size())
            refuse_uri(uri, fmt::format("the option snapshot_size is a number of bytes, not \"{}\"", text));
        options.snapshot_size(bytes);
    } else if (name == "name") {
        options.database(decode_percent(uri, text));
    } else {
        refuse_uri(uri, fmt::format("there is no option \"{}\"; known are sync, snapshot_size and name", name));
    }
}

} // namespace

memory_options memory_options::with_uri(std::string_view uri) const {
    memory_options result(*this);
    if (!uri.starts_with(scheme))
        refuse_uri(uri, "it does not begin with memory://");
    auto const rest = uri.substr(scheme.size());
    if (!rest.starts_with('/')) {
        if (rest.find_first_of("/?@:") != std::string_view::npos)
            refuse_uri(uri, "after memory:// only the name of a database may follow, or the absolute path of a folder");
        if (!rest.empty())
            result.database(std::string(rest));
        return result;
    }
    auto const question = rest.find('?');
    result.folder(decode_percent(uri, rest.substr(0, question)));
    auto query = question == std::string_view::npos ? std::string_view() : rest.substr(question + 1);
    while (!query.empty()) {
        auto const part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(part.size() + 1, query.size()));
        auto const equals = part.find('=');
        if (equals == std::string_view::npos)
            refuse_uri(uri, fmt::format("the option \"{}\" has no value", part));
        set_option(result, uri, part.substr(0, equals), part.substr(equals + 1));
    }
    return result;
}

} // namespace cormorant
