#include "server/ops/metrics.hpp"

#include <fmt/format.h>

#include "server/ops/resources.hpp"
#include "server/ops/version.hpp"

namespace parley::ops {

void MetricsText::family(std::string_view name, std::string_view kind, std::string_view help) {
  fmt::format_to(std::back_inserter(out_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, kind);
}

void MetricsText::sample(std::string_view name, std::string_view labels, double value) {
  if (labels.empty()) {
    fmt::format_to(std::back_inserter(out_), "{} {}\n", name, value);
  } else {
    fmt::format_to(std::back_inserter(out_), "{}{{{}}} {}\n", name, labels, value);
  }
}

void MetricsText::gauge(std::string_view name, std::string_view help, double value) {
  family(name, "gauge", help);
  sample(name, {}, value);
}

void MetricsText::counter(std::string_view name, std::string_view help, double value) {
  family(name, "counter", help);
  sample(name, {}, value);
}

void MetricsText::histogram(std::string_view name, std::string_view help,
                            std::span<const std::uint32_t> bounds_us,
                            std::span<const std::uint64_t> counts, std::uint64_t sum_us) {
  family(name, "histogram", help);
  const std::string bucket = fmt::format("{}_bucket", name);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    below += counts[i];
    const std::string bound = i < bounds_us.size() ? fmt::format("{}", bounds_us[i] / 1e6) : "+Inf";
    sample(bucket, fmt::format("le=\"{}\"", bound), static_cast<double>(below));
  }
  sample(fmt::format("{}_sum", name), {}, static_cast<double>(sum_us) / 1e6);
  sample(fmt::format("{}_count", name), {}, static_cast<double>(below));
}

void Metrics::add_source(std::function<void(MetricsText&)> source) {
  const std::lock_guard lock(sources_mutex_);
  sources_.push_back(std::move(source));
}

std::string Metrics::render() const {
  MetricsText text;
#define PARLEY_METRIC(member, kind, name, help)                  \
  text.family(name, #kind, help);                                \
  for (std::size_t i = 0; i < shards_.size(); ++i) {             \
    text.sample(name, fmt::format("shard=\"{}\"", i),            \
                static_cast<double>(shards_[i].member.value())); \
  }
  PARLEY_SHARD_METRICS(PARLEY_METRIC)
#undef PARLEY_METRIC

  {
    const std::lock_guard lock(sources_mutex_);
    for (const auto& source : sources_) source(text);
  }
  return std::move(text).take();
}

void render_process(MetricsText& text) {
  text.gauge("process_resident_memory_bytes", "Memory in use",
             static_cast<double>(resident_bytes()));
  text.gauge("process_open_fds", "Open files and sockets", static_cast<double>(open_files()));
  text.gauge("process_max_fds", "Most files and sockets", static_cast<double>(file_limit()));
  text.counter("process_cpu_seconds_total", "Processor time used", cpu_seconds());
  text.family("parley_build_info", "gauge", "Version of this server");
  text.sample("parley_build_info", fmt::format("version=\"{}\"", kVersion), 1);
}

}  // namespace parley::ops
