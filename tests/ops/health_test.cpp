#include <catch2/catch_test_macros.hpp>

#include "server/ops/health.hpp"

namespace parley::test {
namespace {

TEST_CASE("ready means serving and able to write") {
  bool writable = true;
  ops::Health health([&writable] { return writable; });
  CHECK_FALSE(health.ready());
  CHECK(health.report().find("\"phase\":\"starting\"") != std::string::npos);
  health.set_phase(ops::Phase::kServing);
  CHECK(health.ready());
  CHECK(health.report() ==
        "{\"ready\":true,\"phase\":\"serving\",\"store_writable\":true,\"shedding\":false}\n");
  writable = false;
  CHECK_FALSE(health.ready());
  CHECK(health.report().find("\"store_writable\":false") != std::string::npos);
  writable = true;
  health.set_phase(ops::Phase::kDraining);
  CHECK_FALSE(health.ready());
}

}  // namespace
}  // namespace parley::test
