#include "engine/shell/web_access.hpp"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <map>
#include <utility>

#include "engine/shell/response_writer.hpp"
#include "engine/shell/tls_stream.hpp"
#include "engine/shell/url.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

// Verdicts on passwords that are remembered; beyond it all are forgotten. Upstream keeps 100 too.
constexpr std::size_t kMaxRemembered = 100;
// Passwords that are being checked; beyond it a request gets 503. Somebody is guessing.
constexpr std::size_t kMaxChecks = 16;

// A hash that no password has, checked for names that do not exist: the time taken must not tell them apart.
// This is a bcrypt hash of upstream's, of "fakepassword".
constexpr std::string_view kNobodysHash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

struct FileMark {
  long long seconds = 0;
  long nanoseconds = 0;
  unsigned long long inode = 0;
  long long size = 0;
  friend bool operator==(const FileMark&, const FileMark&) = default;
};

// Nothing for what is no file: a pipe gives its content once.
std::optional<FileMark> mark_of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return FileMark{status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ino, status.st_size};
}

using FileMarks = std::vector<std::optional<FileMark>>;

FileMarks marks_of(const std::vector<std::string>& paths) {
  FileMarks marks;
  for (const std::string& path : paths) marks.push_back(mark_of(path));
  return marks;
}

std::string digest(const std::string& text) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), bytes, &size, EVP_sha256(), nullptr);
  return std::string(reinterpret_cast<const char*>(bytes), size);
}

bool has_password(const std::string& hash, const std::string& password) {
  // Large, and the library wants it zeroed: not on the stack.
  const auto data = std::make_unique<crypt_data>();
  const char* made = crypt_r(password.c_str(), hash.c_str(), data.get());
  if (made == nullptr) return false;
  const std::string_view result = made;
  return result.size() == hash.size() && CRYPTO_memcmp(result.data(), hash.data(), hash.size()) == 0;
}

api::HttpResponse unauthorized() {
  api::HttpResponse response = plain_response(401, "Unauthorized");
  response.headers.push_back({"WWW-Authenticate", "Basic"});
  return response;
}

}  // namespace

struct WebAccess::State : std::enable_shared_from_this<WebAccess::State> {
  State(config::FileSource& source, WebAccessOptions given) : files(source), options(std::move(given)) {}

  Result<void> read(Result<std::string> text);
  Result<void> read_tls(const config::WebTls& wanted);
  void refresh();
  void refresh_tls();
  void note(std::string& kept, const Result<void>& result, std::string_view wrong, std::string_view right);
  void check(BasicCredentials credentials, Decided decided);

  config::FileSource& files;
  WebAccessOptions options;
  config::WebConfig config;
  std::shared_ptr<TlsServer> tls;
  std::optional<FileMark> mark;
  FileMarks tls_marks;  // of tls_files()
  std::string error;  // of the last reading; nobody is let in on an old file that was replaced by a wrong one
  std::string tls_error;  // of the last reading of renewed certificates; `tls` is older then
  std::map<std::string, bool> remembered;
  std::size_t checks = 0;
};

Result<void> WebAccess::State::read(Result<std::string> text) {
  if (!text) return text.error().wrap(options.file);
  Diagnostics diagnostics;
  std::optional<config::WebConfig> loaded =
      config::load_web_config(std::move(*text), options.file, diagnostics);
  if (!loaded) return Error(format_diagnostics(diagnostics.all()));
  if (!loaded->tls) {
    tls = nullptr;
  } else if (Result<void> made = read_tls(*loaded->tls); !made) {
    return made;
  }
  tls_error.clear();
  config = std::move(*loaded);
  remembered.clear();
  return {};
}

Result<void> WebAccess::State::read_tls(const config::WebTls& wanted) {
  // Marked before they are read: what changes meanwhile is seen at the next look.
  FileMarks marks = marks_of(tls_files(wanted));
  Result<std::shared_ptr<TlsServer>> made = make_tls_server(wanted, files);
  if (!made) return made.error().wrap(options.file + ": tls_server_config");
  tls = std::move(*made);
  tls_marks = std::move(marks);
  return {};
}

void WebAccess::State::refresh() {
  if (options.file.empty()) return;
  const std::optional<FileMark> now = mark_of(options.file);
  if (now == mark && error.empty()) return refresh_tls();
  mark = now;
  note(error, read(files.read_value(options.file)), "web config file rejected, nobody is let in",
       "web config file accepted");
}

void WebAccess::State::refresh_tls() {
  if (!config.tls) return;
  if (tls_error.empty() && marks_of(tls_files(*config.tls)) == tls_marks) return;
  note(tls_error, read_tls(*config.tls), "renewed TLS files rejected, the ones read before stay in force",
       "renewed TLS files accepted");
}

// Keeps the error of a reading, and says it when it is news.
void WebAccess::State::note(std::string& kept, const Result<void>& result, std::string_view wrong,
                            std::string_view right) {
  const std::string before = std::exchange(kept, result ? std::string() : result.error().text);
  if (!options.log || (!result && kept == before)) return;
  core::LogRecord record;
  record.level = result ? core::LogLevel::info : core::LogLevel::error;
  record.message = std::string(result ? right : wrong);
  record.fields.emplace_back("file", options.file);
  if (!result) record.fields.emplace_back("err", kept);
  options.log(record);
}

void WebAccess::State::check(BasicCredentials credentials, Decided decided) {
  const auto user = config.users.find(credentials.name);
  const bool known = user != config.users.end();
  std::string hash = known ? user->second.reveal() : std::string(kNobodysHash);
  const std::string key =
      digest(format("{}:{}{}{}", credentials.name.size(), credentials.name, hash, credentials.password));
  const auto verdict = [name = credentials.name](bool right) {
    return right ? Verdict{std::nullopt, name} : Verdict{unauthorized(), ""};
  };
  if (const auto found = remembered.find(key); found != remembered.end())
    return decided(verdict(found->second));
  if (checks >= kMaxChecks) return decided({plain_response(503, "too many passwords are being checked"), ""});
  ++checks;
  const auto finish = [weak = weak_from_this(), key, verdict, decided = std::move(decided)](bool right) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    --self->checks;
    if (self->remembered.size() >= kMaxRemembered) self->remembered.clear();
    self->remembered[key] = right;
    decided(verdict(right));
  };
  auto job = [finish, known, hash = std::move(hash), password = std::move(credentials.password),
              post = options.post] {
    const bool right = has_password(hash, password) && known;
    post([finish, right] { finish(right); });
  };
  if (options.run_job && options.run_job(job)) return;
  job();
}

WebAccess::WebAccess(config::FileSource& files, WebAccessOptions options)
    : state_(std::make_shared<State>(files, std::move(options))) {}

WebAccess::~WebAccess() = default;

Result<void> WebAccess::load() {
  if (state_->options.file.empty()) return {};
  state_->mark = mark_of(state_->options.file);
  return state_->read(state_->files.read(state_->options.file));
}

void WebAccess::admit(const api::HttpRequest& request, Decided decided) {
  state_->refresh();
  if (!state_->error.empty()) return decided({plain_response(500, "Internal Server Error"), ""});
  if (state_->config.users.empty()) return decided({});
  std::optional<BasicCredentials> credentials = parse_basic_credentials(request.header("Authorization"));
  if (!credentials) return decided({unauthorized(), ""});
  state_->check(std::move(*credentials), std::move(decided));
}

void WebAccess::add_headers(api::HttpResponse& response) const {
  for (const auto& configured : state_->config.headers) {
    const std::string name = to_lower(configured.first);
    std::erase_if(response.headers, [&](const api::Header& header) { return to_lower(header.name) == name; });
    response.headers.push_back({configured.first, configured.second});
  }
}

std::shared_ptr<TlsServer> WebAccess::tls() {
  state_->refresh();
  return state_->tls;
}

std::optional<BasicCredentials> parse_basic_credentials(std::string_view authorization) {
  if (authorization.size() < 6 || to_lower(authorization.substr(0, 6)) != "basic ") return std::nullopt;
  const std::string_view encoded = authorization.substr(6);
  if (encoded.empty() || encoded.size() % 4 != 0 || encoded.size() > 8192) return std::nullopt;
  std::string decoded(encoded.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                                   reinterpret_cast<const unsigned char*>(encoded.data()),
                                   static_cast<int>(encoded.size()));
  if (size < 0) return std::nullopt;
  // OpenSSL counts the padding as bytes.
  std::size_t padding = 0;
  while (padding < 2 && encoded[encoded.size() - 1 - padding] == '=') ++padding;
  decoded.resize(static_cast<std::size_t>(size) - padding);
  const std::size_t colon = decoded.find(':');
  if (colon == std::string::npos) return std::nullopt;
  return BasicCredentials{decoded.substr(0, colon), decoded.substr(colon + 1)};
}

}  // namespace tocsin::shell
