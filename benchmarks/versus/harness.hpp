#pragma once

// What every contender prints: one line of JSON for a workload.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace versus {

/// `WORKLOAD CONCURRENCY OPS`: W1..W7, 1 or more, `5000` or `5s`.
struct arguments {
    int workload = 0;
    int concurrency = 1;
    /// 0: until `seconds` are over.
    long operations = 0;
    double seconds = 0;
    long warm_up() const;
};
/// Ends the program with the usage when they make no sense. Words that begin with "--" go to `flags`.
arguments parse_arguments(int argc, char** argv, std::vector<std::string>& flags);

/// Microseconds.
double now_us();
double cpu_us();

/// What was measured, in microseconds.
class measurement {
public:
    explicit measurement(arguments a) : arguments_(a) {}

    /// The timed part begins / ends.
    void begin();
    void end();
    /// Whether one more operation is to be started; its number is `next`.
    bool goes_on(long next) const;
    void add(double latency, double check) {
        latencies_.push_back(static_cast<float>(latency));
        check_ += check;
    }
    void add(measurement const& other);
    void add_lateness(double late) { lateness_.push_back(static_cast<float>(late)); }

    /// Prints the line.
    void report(std::string_view peer, std::string_view version, std::string_view loop) const;

private:
    arguments arguments_;
    double begin_ = 0;
    double end_ = 0;
    double wall_begin_ = 0;
    double wall_end_ = 0;
    double cpu_ = 0;
    double check_ = 0;
    std::vector<float> latencies_;
    std::vector<float> lateness_;
};

/// `MONGO_URI`, or the server of the comparison.
std::string server_uri();

} // namespace versus
