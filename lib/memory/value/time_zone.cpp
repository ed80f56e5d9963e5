#include "time_zone.hpp"

#include "refusal.hpp"
#include "zone_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <string>

namespace cormorant::memory {

using namespace std::chrono;

namespace {

constexpr char const* zoneinfo = "/usr/share/zoneinfo";

/// `UTC`, `+05:30`, `-0330`, `+03`.
std::optional<minutes> parse_offset(std::string_view s) {
    if (s == "UTC" || s == "GMT" || s == "Etc/UTC" || s == "Zulu")
        return minutes(0);
    if (s.size() < 2 || (s[0] != '+' && s[0] != '-'))
        return std::nullopt;
    std::string digits;
    for (std::size_t i = 1; i < s.size(); ++i) {
        if (s[i] == ':' && i == 3 && s.size() == 6)
            continue;
        if (s[i] < '0' || s[i] > '9')
            return std::nullopt;
        digits += s[i];
    }
    if (digits.size() != 2 && digits.size() != 4)
        return std::nullopt;
    int const h = (digits[0] - '0') * 10 + digits[1] - '0';
    int const m = digits.size() == 4 ? (digits[2] - '0') * 10 + digits[3] - '0' : 0;
    return minutes((s[0] == '-' ? -1 : 1) * (h * 60 + m));
}

/// Names lead to files: nothing may lead out of the folder, or to what is not the name of a zone there.
bool is_name(std::string_view name) noexcept {
    auto const ok = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+' ||
               c == '/';
    };
    // The other names are those of copies with leap seconds or of the zone of the machine.
    return !name.empty() && name.size() < 64 && name.front() >= 'A' && name.front() <= 'Z' && std::ranges::all_of(name, ok) &&
           name.find("//") == std::string_view::npos;
}

/// The zones that have been asked for, each read once. Only those that exist are kept.
class known_zones {
public:
    std::shared_ptr<zone_rules const> find(std::string_view name) {
        if (!is_name(name))
            return nullptr;
        std::lock_guard const lock(mutex_);
        if (auto const at = zones_.find(name); at != zones_.end())
            return at->second;
        auto rules = read(std::string(name));
        if (rules)
            zones_.emplace(name, rules);
        return rules;
    }

private:
    static std::shared_ptr<zone_rules const> read(std::string const& name) {
        std::error_code failed;
        std::filesystem::path const folder(zoneinfo);
        if (!std::filesystem::is_directory(folder, failed))
            unsupported(
                fmt::format("the memory store finds no time zones in {}: '{}' (offsets like \"+02:00\" work)", zoneinfo, name));
        if (!std::filesystem::is_regular_file(folder / name, failed))
            return nullptr;
        std::ifstream file(folder / name, std::ios::binary);
        std::string const bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
        auto rules = zone_rules::parse(bytes);
        return rules ? std::make_shared<zone_rules const>(std::move(*rules)) : nullptr;
    }

    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<zone_rules const>, std::less<>> zones_;
};

} // namespace

std::optional<time_zone> time_zone::find(std::string_view name) {
    if (auto const offset = parse_offset(name))
        return time_zone(*offset);
    static known_zones zones;
    auto rules = zones.find(name);
    return rules ? std::optional(time_zone(std::move(rules))) : std::nullopt;
}

seconds time_zone::offset_at(datetime d) const noexcept {
    return rules_ ? rules_->offset_at(sys_seconds(floor<seconds>(d.time_since_epoch()))) : fixed_;
}

datetime time_zone::to_utc(local_time t, std::optional<seconds> like) const noexcept {
    auto const with = [&](seconds offset) { return datetime(t.time_since_epoch() - offset); };
    if (!rules_)
        return with(fixed_);
    // In seconds, which no date is too far away for. No zone is further than a day from UTC.
    auto const shown = floor<seconds>(t).time_since_epoch();
    auto const offset_when = [&](seconds offset) { return rules_->offset_at(sys_seconds(shown - offset)); };
    auto const before = offset_when(days(1));
    auto const after = offset_when(-days(1));
    bool const fits_before = offset_when(before) == before;
    bool const fits_after = offset_when(after) == after;
    if (fits_before && fits_after)
        return with(like == before ? before : after);
    return with(fits_after ? after : before);
}

} // namespace cormorant::memory
