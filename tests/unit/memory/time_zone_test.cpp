#include "memory/value/time_zone.hpp"
#include "memory/value/zone_rules.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace cormorant::memory {
namespace {

using namespace std::chrono;

sys_seconds at(int y, unsigned m, unsigned d, int h = 0) {
    return sys_days(year(y) / month(m) / day(d)) + hours(h);
}

/// Lets the C library take this zone while it lives.
class zone_of_process {
public:
    explicit zone_of_process(std::string const& name) {
        if (char const* const before = std::getenv("TZ"))
            before_ = before;
        set(name);
    }
    zone_of_process(zone_of_process const&) = delete;
    zone_of_process& operator=(zone_of_process const&) = delete;
    ~zone_of_process() { set(before_); }

private:
    static void set(std::string const& name) {
        name.empty() ? ::unsetenv("TZ") : ::setenv("TZ", name.c_str(), 1);
        ::tzset();
    }
    std::string before_;
};

TEST(TimeZone, OffsetsAreThoseOfTheCLibrary) {
    std::filesystem::path const folder("/usr/share/zoneinfo");
    if (!std::filesystem::is_directory(folder))
        GTEST_SKIP() << "this system has no zoneinfo";
    int zones = 0;
    for (char const* const area :
        {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Etc", "Europe", "Pacific"}) {
        for (auto const& file : std::filesystem::recursive_directory_iterator(folder / area)) {
            if (!file.is_regular_file())
                continue;
            auto const name = file.path().lexically_relative(folder).string();
            auto const zone = time_zone::find(name);
            ASSERT_TRUE(zone) << name;
            zone_of_process const of_process(":" + name);
            ++zones;
            // Every month, weekday and hour is met.
            for (auto t = at(1840, 1, 1); t < at(2120, 1, 1); t += days(61) + hours(5)) {
                std::time_t const seconds_since = t.time_since_epoch().count();
                std::tm parts{};
                ASSERT_NE(::localtime_r(&seconds_since, &parts), nullptr);
                ASSERT_EQ(zone->offset_at(datetime(t.time_since_epoch())).count(), parts.tm_gmtoff)
                    << name << ' ' << seconds_since;
            }
        }
    }
    EXPECT_GT(zones, 100);
}

TEST(TimeZone, LocalTimesComeBackFromWhereTheyWent) {
    for (char const* const name : {"Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "+05:30"}) {
        auto const zone = time_zone::find(name);
        if (!zone)
            GTEST_SKIP() << "this system has no zoneinfo";
        for (auto t = at(2000, 1, 1); t < at(2045, 1, 1); t += hours(7)) {
            datetime const utc(t.time_since_epoch());
            auto const offset = zone->offset_at(utc);
            ASSERT_EQ(zone->to_utc(time_zone::local_time(utc.time_since_epoch() + offset), offset), utc)
                << name << ' ' << t.time_since_epoch().count();
        }
    }
}

struct rule_case {
    char const* rule;
    sys_seconds at;
    /// 99: there is no such rule.
    int hours;
};

TEST(YearlyRule, SaysWhatHoldsAfterTheLastChange) {
    rule_case const cases[] = {
        {"UTC0", at(2050, 1, 1), 0},
        {"<+03>-3", at(2050, 1, 1), 3},
        {"EST5EDT,M3.2.0,M11.1.0", at(2050, 3, 13, 6), -5},
        {"EST5EDT,M3.2.0,M11.1.0", at(2050, 3, 13, 7), -4},
        {"EST5EDT,M3.2.0,M11.1.0", at(2050, 11, 6, 5), -4},
        {"EST5EDT,M3.2.0,M11.1.0", at(2050, 11, 6, 6), -5},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", at(2050, 1, 1), 11},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", at(2050, 7, 1), 10},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", at(2050, 7, 1), 1},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", at(2050, 1, 1), 0},
        {"A1B,J60/0,J300", at(2052, 2, 29, 23), -1},
        {"A1B,J60/0,J300", at(2052, 3, 1, 1), 0},
        {"A1B,59/0,300", at(2052, 2, 29, 1), 0},
        {"EST3EDT4,0/0,J365/23", at(2050, 6, 1), -4},
        {"", at(2050, 1, 1), 99},
        {"UTC", at(2050, 1, 1), 99},
        {"<+03", at(2050, 1, 1), 99},
        {"EST5EDT", at(2050, 1, 1), 99},
        {"EST5EDT,M13.2.0,M11.1.0", at(2050, 1, 1), 99},
        {"EST5EDT,M3.6.0,M11.1.0", at(2050, 1, 1), 99},
        {"EST5EDT,M3.2.7,M11.1.0", at(2050, 1, 1), 99},
        {"EST5EDT,J0,J1", at(2050, 1, 1), 99},
        {"EST5EDT,M3.2.0,M11.1.0,M1.1.1", at(2050, 1, 1), 99},
    };
    for (rule_case const& c : cases) {
        SCOPED_TRACE(c.rule);
        auto const rule = yearly_rule::parse(c.rule);
        ASSERT_EQ(rule.has_value(), c.hours != 99);
        if (rule) {
            EXPECT_EQ(rule->offset_at(c.at), hours(c.hours));
        }
    }
}

TEST(ZoneRules, AFileThatIsCutOffIsNone) {
    std::ifstream file("/usr/share/zoneinfo/Europe/Paris", std::ios::binary);
    std::string const whole{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (whole.empty())
        GTEST_SKIP() << "this system has no zoneinfo";
    ASSERT_TRUE(zone_rules::parse(whole));
    auto const end_of_numbers = whole.rfind('\n', whole.size() - 2);
    for (std::size_t n = 0; n != end_of_numbers; ++n)
        ASSERT_FALSE(zone_rules::parse(std::string_view(whole).substr(0, n))) << n;
    EXPECT_FALSE(zone_rules::parse("TZiF" + whole.substr(4)));
}

} // namespace
} // namespace cormorant::memory
