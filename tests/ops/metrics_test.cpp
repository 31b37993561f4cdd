#include <catch2/catch_test_macros.hpp>

#include "server/ops/metrics.hpp"
#include "server/ops/resources.hpp"

namespace parley::test {
namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST_CASE("counters of each shard are rendered apart, with their kind") {
  ops::Metrics metrics(2);
  metrics.shard(0).messages_in.add(5);
  metrics.shard(1).connections_active.add(3);
  metrics.shard(1).connections_active.subtract();
  const std::string text = metrics.render();
  CHECK(has_line(text, "# TYPE parley_messages_in_total counter"));
  CHECK(has_line(text, "parley_messages_in_total{shard=\"0\"} 5"));
  CHECK(has_line(text, "parley_messages_in_total{shard=\"1\"} 0"));
  CHECK(has_line(text, "# TYPE parley_connections_active gauge"));
  CHECK(has_line(text, "parley_connections_active{shard=\"1\"} 2"));
}

TEST_CASE("histograms are cumulative and end in infinity") {
  ops::MetricsText text;
  const std::uint32_t bounds[] = {500, 1'000'000};
  const std::uint64_t counts[] = {2, 3, 4};
  text.histogram("x_seconds", "X", bounds, counts, 2'500'000);
  CHECK(std::move(text).take() ==
        "# HELP x_seconds X\n# TYPE x_seconds histogram\n"
        "x_seconds_bucket{le=\"0.0005\"} 2\nx_seconds_bucket{le=\"1\"} 5\n"
        "x_seconds_bucket{le=\"+Inf\"} 9\nx_seconds_sum 2.5\nx_seconds_count 9\n");
}

TEST_CASE("sources and process figures") {
  ops::Metrics metrics(1);
  metrics.add_source([](ops::MetricsText& text) { text.gauge("rooms", "Rooms", 7); });
  metrics.add_source(ops::render_process);
  const std::string text = metrics.render();
  CHECK(has_line(text, "rooms 7"));
  CHECK(text.find("parley_build_info{version=\"") != std::string::npos);
  CHECK(ops::resident_bytes() > 100'000);
  CHECK(ops::open_files() >= 3);
  CHECK(ops::available_memory_bytes() > ops::resident_bytes());
}

}  // namespace
}  // namespace parley::test
