// Local is the zone of the machine, found as Go finds it.
#include "tests/unit/template/local_zone.hpp"

#include "rules/template/go_time.hpp"
#include "rules/template/template.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace tocsin;
using namespace tocsin::templates;
using testing::LocalZone;

const GoTime kNoonInUtc = GoTime::from_wall(*parse_rfc3339("2026-07-01T12:00:00Z"));

struct Case {
  const char* tz;
  const char* name;
  const char* noon;
};

}  // namespace

TEST_CASE("the local zone is the one that TZ names", "[template]") {
  const Case cases[] = {
      {"America/New_York", "America/New_York", "2026-07-01 08:00:00 -0400 EDT"},
      {":Europe/Paris", "Europe/Paris", "2026-07-01 14:00:00 +0200 CEST"},
      {"/usr/share/zoneinfo/Europe/Paris", "/usr/share/zoneinfo/Europe/Paris",
       "2026-07-01 14:00:00 +0200 CEST"},
      {"", "UTC", "2026-07-01 12:00:00 +0000 UTC"},
      {"UTC", "UTC", "2026-07-01 12:00:00 +0000 UTC"},
      {"Mars/Base", "UTC", "2026-07-01 12:00:00 +0000 UTC"},
      {"Fixed/UTC+05:00:00", "UTC", "2026-07-01 12:00:00 +0000 UTC"},
  };
  for (const Case& c : cases) {
    INFO(c.tz);
    const LocalZone local(c.tz);
    CHECK(Zone::local().name() == c.name);
    CHECK(kNoonInUtc.in(*Zone::load("Local")).to_string() == c.noon);
  }
}

TEST_CASE("the zone of a file without a name is called Local", "[template]") {
  const LocalZone local("/etc/localtime");
  const std::string name = Zone::local().name();
  // A machine without that file keeps UTC.
  CHECK((name == "Local" || name == "UTC"));
  const LocalZone unset(nullptr);
  CHECK(Zone::local().name() == name);
}

TEST_CASE("the method Local goes to the zone of the machine", "[template]") {
  const LocalZone local("America/New_York");
  const TemplateSet set(FunctionMap{}, MissingKey::no_value);
  const auto shown = set.compile("t", "{{ .Local }} {{ .Local.Location }}");
  REQUIRE(shown);
  CHECK(*shown->execute(Value(kNoonInUtc)) == "2026-07-01 08:00:00 -0400 EDT America/New_York");
}
