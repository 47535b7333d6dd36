// The configuration as text without its secrets, and back.
#include "engine/core/kept_config.hpp"

#include "rules/yaml/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/config/every_secret.hpp"

namespace tocsin::core {
namespace {

// What is kept of one file.
KeptConfig keep(config::MemoryFiles& files, const std::string& path, std::string salt = "salt") {
  RecordingFiles recording(files);
  CHECK(recording.read(path));
  return keep_config(recording, std::move(salt));
}

std::string read(KeptFiles& files, const std::string& path) {
  Result<std::string> text = files.read(path);
  REQUIRE(text);
  return *text;
}

constexpr const char* kFile = R"(global:
  slack_api_url: https://hooks.slack.com/services/T0/B0/XYZ
  smtp_auth_password: 'it''s a secret'
receivers:
  - name: a
    webhook_configs:
      - url: "http://user:pw@host/path"
        http_config: {authorization: {credentials: abc\d}}
    pagerduty_configs:
      - routing_key: ${env:KEY}
        description: not a secret
)";

TEST_CASE("SecretsAreNotInTheKeptText") {
  config::MemoryFiles files;
  files.files["a.yml"] = kFile;
  const KeptConfig kept = keep(files, "a.yml");
  REQUIRE(kept.files.size() == 1);
  const std::string& text = kept.files[0].text;
  for (const char* secret : {"services/T0", "s a secret", "user:pw", "abc"}) {
    CHECK(text.find(secret) == std::string::npos);
  }
  CHECK(text.find("description: not a secret") != std::string::npos);
  CHECK(text.find("${env:KEY}") != std::string::npos);
  CHECK(kept.secrets.size() == 4);
}

TEST_CASE("SecretsThatStillStandOnTheDiskAreFoundThere") {
  config::MemoryFiles files;
  files.files["a.yml"] = kFile;
  const KeptConfig kept = keep(files, "a.yml");
  // The file is broken elsewhere now, so badly that it is no YAML.
  files.files["a.yml"] = "}{ nonsense\n" + files.files["a.yml"] + "\t- [";
  KeptFiles again(kept, files);
  const std::string text = read(again, "a.yml");
  CHECK(text.find("slack_api_url: \"https://hooks.slack.com/services/T0/B0/XYZ\"") != std::string::npos);
  CHECK(text.find("url: \"http://user:pw@host/path\"") != std::string::npos);
  CHECK(text.find("credentials: \"abc\\\\d\"") != std::string::npos);
  // Written with an escape it does not stand in the file as it is.
  CHECK(again.missing() == 1);
}

TEST_CASE("ASecretThatIsGoneBecomesWhatNoServiceTakes") {
  config::MemoryFiles files;
  files.files["a.yml"] = kFile;
  const KeptConfig kept = keep(files, "a.yml");
  files.files["a.yml"] = "";
  KeptFiles again(kept, files);
  CHECK(again.missing() == 4);
  CHECK(read(again, "a.yml").find("slack_api_url: \"https://hooks.slack.com/secret-no-longer-known\"") !=
        std::string::npos);
}

TEST_CASE("EverySecretOfUpstreamIsTakenOutAndComesBack") {
  for (const std::string& all : {test::kSecretAlertmanager, test::kSecretPrometheus}) {
    std::size_t secrets = 0;
    for (std::size_t at = all.find("S3CRET"); at != std::string::npos; at = all.find("S3CRET", at + 1)) {
      ++secrets;
    }
    config::MemoryFiles files;
    files.files["a.yml"] = all;
    const KeptConfig kept = keep(files, "a.yml");
    INFO(kept.files.at(0).text);
    CHECK(kept.files.at(0).text.find("S3CRET") == std::string::npos);
    CHECK(kept.secrets.size() == secrets);
    for (const KeptConfig::SecretMark& mark : kept.secrets) {
      CHECK(mark.shown.find("S3CRET") == std::string::npos);
    }
    KeptFiles again(kept, files);
    CHECK(again.missing() == 0);
  }
}

// A private key stands in a block of several lines.
constexpr const char* kTlsFile = R"(scrape_configs:
  - job_name: a
    tls_config:
      key: |
        -----BEGIN PRIVATE KEY-----
        S3CRET

        -----END PRIVATE KEY-----

      cert: c
)";
constexpr const char* kPrivateKey = "-----BEGIN PRIVATE KEY-----\nS3CRET\n\n-----END PRIVATE KEY-----\n";

std::string key_in(const std::string& text) {
  Diagnostics diagnostics;
  const yaml::Document document = yaml::parse(text, {"a.yml", yaml::Dialect::v2}, diagnostics);
  INFO(text << format_diagnostics(diagnostics.all()));
  REQUIRE(document.root() != nullptr);
  const yaml::Node* tls = document.root()->find("scrape_configs")->items.at(0)->find("tls_config");
  REQUIRE(tls != nullptr);
  REQUIRE(tls->find("cert") != nullptr);
  return tls->find("key")->value;
}

TEST_CASE("APrivateKeyIsTakenOutWithAllItsLines") {
  config::MemoryFiles files;
  files.files["a.yml"] = kTlsFile;
  const KeptConfig kept = keep(files, "a.yml");
  CHECK(kept.files.at(0).text.find("PRIVATE") == std::string::npos);
  CHECK(kept.files.at(0).text.find("S3CRET") == std::string::npos);
  CHECK(kept.files.at(0).text.find("cert: c") != std::string::npos);
  files.files["a.yml"] = "}{ nonsense\n" + files.files["a.yml"];
  KeptFiles again(kept, files);
  CHECK(again.missing() == 0);
  CHECK(key_in(read(again, "a.yml")) == kPrivateKey);
}

TEST_CASE("APrivateKeyThatIsGoneBecomesNoKey") {
  config::MemoryFiles files;
  files.files["a.yml"] = kTlsFile;
  const KeptConfig kept = keep(files, "a.yml");
  files.files["a.yml"] = "";
  KeptFiles again(kept, files);
  CHECK(again.missing() == 1);
  CHECK(key_in(read(again, "a.yml")) == "secret-no-longer-known");
}

TEST_CASE("OnlyTheHostOfAWebAddressIsShown") {
  struct Case {
    std::string secret, shown;
  };
  const std::vector<Case> cases = {
      {"https://hooks.example.com/a/S3CRET", "https://hooks.example.com/"},
      {"https://hooks.example.com?token=S3CRET", "https://hooks.example.com/"},
      {"https://hooks.example.com#S3CRET", "https://hooks.example.com/"},
      {"https://u:S3CRET@h:1/x", "https://h:1/"},
      {"https://u:S3/CRET@h/x", "http://"},
      {"ab://S3CRET", ""},
      {"S3CRET://x", ""},
      {"S3CRET", ""},
  };
  for (const Case& c : cases) {
    INFO(c.secret);
    config::MemoryFiles files;
    files.files["a.yml"] = "password: '" + c.secret + "'\n";
    const KeptConfig kept = keep(files, "a.yml");
    REQUIRE(kept.secrets.size() == 1);
    CHECK(kept.secrets[0].shown == c.shown);
  }
}

TEST_CASE("TheSameFilesSayTheSameAndAnotherSecretDoesNot") {
  config::MemoryFiles files;
  files.files["a.yml"] = kFile;
  const KeptConfig kept = keep(files, "a.yml");
  CHECK(same_text(kept, keep(files, "a.yml")));
  CHECK_FALSE(same_text(kept, keep(files, "a.yml", "other")));
  std::string& text = files.files["a.yml"];
  text.replace(text.find("XYZ"), 3, "XYZ2");
  CHECK_FALSE(same_text(kept, keep(files, "a.yml")));
}

TEST_CASE("ValuesOfReferencesAreNotKept") {
  config::MemoryFiles files;
  files.files["a.yml"] = "a: ${file:token}\n";
  files.files["token"] = "T0KEN";
  RecordingFiles recording(files);
  CHECK(recording.read("a.yml"));
  CHECK(recording.read_value("token"));
  const KeptConfig kept = keep_config(recording, "salt");
  CHECK(kept.files.size() == 1);
  KeptFiles again(kept, files);
  CHECK(*again.read_value("token") == "T0KEN");
  CHECK_FALSE(again.read("token"));
}

TEST_CASE("PatternsMatchWhatTheyMatchedThen") {
  config::MemoryFiles files;
  files.files["a.yml"] = "";
  RecordingFiles recording(files);
  CHECK(recording.glob("*.yml"));
  const KeptConfig kept = keep_config(recording, "salt");
  files.files["b.yml"] = "";
  KeptFiles again(kept, files);
  CHECK(*again.glob("*.yml") == std::vector<std::string>{"a.yml"});
  CHECK(again.glob("*.rules")->empty());
}

}  // namespace
}  // namespace tocsin::core
