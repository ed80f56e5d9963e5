#include "harness.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>

namespace versus {
namespace {

[[noreturn]] void usage() {
    std::fputs("usage: bench [--FLAG...] WORKLOAD CONCURRENCY OPS   (W1 to W7; 5000 operations, or 5s)\n", stderr);
    std::exit(2);
}

double percentile(std::vector<float> v, double p) {
    if (v.empty())
        return 0;
    auto const at = v.begin() + static_cast<std::ptrdiff_t>(p * static_cast<double>(v.size() - 1));
    std::nth_element(v.begin(), at, v.end());
    return static_cast<double>(*at);
}

double wall_seconds() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// The peak of this program; ru_maxrss would count the parent before exec.
double peak_megabytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:"))
            return std::atof(line.c_str() + 6) / 1024;
    return 0;
}

} // namespace

long arguments::warm_up() const {
    return operations != 0 ? std::max(operations / 5, static_cast<long>(concurrency)) : 2L * concurrency;
}

arguments parse_arguments(int argc, char** argv, std::vector<std::string>& flags) {
    std::vector<std::string> words;
    for (int i = 1; i < argc; ++i) {
        std::string word = argv[i];
        (word.starts_with("--") ? flags : words).push_back(std::move(word));
    }
    if (words.size() != 3 || words[0].size() != 2 || words[0][0] != 'W')
        usage();
    arguments a;
    a.workload = words[0][1] - '0';
    a.concurrency = std::atoi(words[1].c_str());
    if (words[2].back() == 's')
        a.seconds = std::atof(words[2].c_str());
    else
        a.operations = std::atol(words[2].c_str());
    if (a.workload < 1 || a.workload > 7 || a.concurrency < 1 || (a.operations <= 0 && a.seconds <= 0))
        usage();
    return a;
}

double now_us() {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu_us() {
    rusage r{};
    getrusage(RUSAGE_SELF, &r);
    auto const us = [](timeval t) { return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec); };
    return us(r.ru_utime) + us(r.ru_stime);
}

void measurement::begin() {
    wall_begin_ = wall_seconds();
    cpu_ = cpu_us();
    begin_ = now_us();
}

void measurement::end() {
    end_ = now_us();
    cpu_ = cpu_us() - cpu_;
    wall_end_ = wall_seconds();
}

bool measurement::goes_on(long next) const {
    return arguments_.operations != 0 ? next < arguments_.operations : now_us() < begin_ + arguments_.seconds * 1e6;
}

void measurement::add(measurement const& other) {
    latencies_.insert(latencies_.end(), other.latencies_.begin(), other.latencies_.end());
    check_ += other.check_;
}

void measurement::report(std::string_view peer, std::string_view version, std::string_view loop) const {
    auto const count = static_cast<double>(latencies_.size());
    auto const seconds = (end_ - begin_) / 1e6;
    fmt::print("{{\"peer\":\"{}\",\"workload\":\"W{}\",\"concurrency\":{},\"ops\":{},\"seconds\":{:.4f},\"ops_per_s\":{:.1f},"
               "\"cpu_us_per_op\":{:.2f},\"rss_mb\":{:.1f},\"p50_us\":{:.1f},\"p99_us\":{:.1f},\"t0\":{:.4f},\"t1\":{:.4f},"
               "\"check\":{:.0f},\"version\":\"{}\"",
        peer, arguments_.workload, arguments_.concurrency, latencies_.size(), seconds, count / seconds, cpu_ / count,
        peak_megabytes(), percentile(latencies_, .5), percentile(latencies_, .99), wall_begin_, wall_end_, check_, version);
    if (arguments_.workload == 7)
        fmt::print(",\"timer_p50_us\":{:.1f},\"timer_p99_us\":{:.1f},\"timer_max_us\":{:.1f},\"timer_n\":{},\"loop\":\"{}\"",
            percentile(lateness_, .5), percentile(lateness_, .99), percentile(lateness_, 1), lateness_.size(), loop);
    fmt::print("}}\n");
}

std::string server_uri() {
    char const* const uri = std::getenv("MONGO_URI");
    return uri != nullptr ? uri : "mongodb://127.0.0.1:27117/peers?replicaSet=rs0&maxPoolSize=16&w=1&journal=false";
}

} // namespace versus
