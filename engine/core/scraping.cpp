// Scrapes: calls out, pages to workers, samples into the store.
#include <algorithm>

#include "engine/core/state.hpp"
#include "engine/scrape/page.hpp"

namespace tocsin::core {
namespace {

class PageParse final : public Job {
 public:
  explicit PageParse(scrape::PageJob page)
      : target_(page.target_labels.to_string()), page_(std::move(page)) {}

  void run(const JobClock&) override { parsed_ = scrape::parse_page(std::move(page_)); }
  void apply(Engine& engine) override {
    Engine::State& state = engine.state();
    if (!parsed_.warning.empty()) {
      state.log(LogLevel::debug, "Invalid content type on scrape, using fallback setting.",
                {{"target", target_}, {"err", parsed_.warning}});
    }
    // The clock was set back meanwhile: samples of a time that has not come would keep those of that time
    // out.
    parsed_.time = std::min(parsed_.time, to_timestamp(state.now.wall));
    state.scraping.parsed(std::move(parsed_), state.scrape_sink);
  }

 private:
  std::string target_;
  scrape::PageJob page_;
  scrape::ParsedPage parsed_;
};

}  // namespace

void Engine::State::start_scrapes() {
  for (scrape::ScrapeRequest& request : scraping.due(now.wall, scrape_sink)) {
    HttpCall call = new_call(CallKind::scrape, request.target);
    call.url = std::move(request.url);
    call.shown_url = call.url;
    call.headers = std::move(request.headers);
    call.client = std::move(request.client);
    call.timeout = request.timeout;
    call.max_body = request.max_body;
    call.accept_gzip = request.accept_gzip;
    actions.emplace_back(std::move(call));
  }
}

void Engine::State::scrape_replied(scrape::TargetId target, HttpReply reply) {
  scrape::ScrapeReply scraped;
  scraped.target = target;
  if (reply.error == CallError::body_limit) {
    scraped.failure = scrape::ScrapeReply::Failure::body_limit;
  } else if (reply.error != CallError::none) {
    scraped.failure = scrape::ScrapeReply::Failure::call;
  }
  scraped.error = std::move(reply.error_text);
  scraped.status = reply.status;
  scraped.content_type = std::string(header_of(reply, "Content-Type"));
  scraped.body = std::move(reply.body);
  scraped.started = std::min(reply.started, now.wall);
  scraped.took = reply.took;
  auto page = scraping.reply(std::move(scraped), scrape_sink);
  if (page) issue_job(std::make_unique<PageParse>(std::move(*page)), true);
}

}  // namespace tocsin::core
