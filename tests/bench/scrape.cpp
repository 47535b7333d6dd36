// What a page costs: read for the first time, and read again with other numbers. Reported per sample.
#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <string>

#include "engine/scrape/page.hpp"

namespace tocsin::scrape {
namespace {

constexpr int kFamilies = 200;
constexpr int kSeriesOfAFamily = 50;

// 10,000 lines of about 85 bytes, as an exporter with labels has them.
std::string make_page(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string page;
  for (int family = 0; family < kFamilies; ++family) {
    const std::string name = "bench_family_" + std::to_string(family) + "_total";
    page += "# HELP " + name + " A counter.\n# TYPE " + name + " counter\n";
    for (int series = 0; series < kSeriesOfAFamily; ++series) {
      page +=
          name + "{handler=\"/api/v1/items/" + std::to_string(series) + "\",method=\"get\",code=\"200\"} ";
      page += series % 5 == 0 ? std::to_string(static_cast<double>(random() % 1000000) / 64)
                              : std::to_string(random() % 100000000);
      page += '\n';
    }
  }
  return page;
}

PageJob job_of(const std::string& page, SeriesMemory memory) {
  static const auto kConfig = std::make_shared<const config::ScrapeConfig>();
  PageJob job;
  job.body = page;
  job.content_type = "text/plain; version=0.0.4";
  job.target_labels = Labels{{"instance", "host:80"}, {"job", "bench"}};
  job.config = kConfig;
  job.memory = std::move(memory);
  return job;
}

void per_sample(benchmark::State& state, std::size_t bytes) {
  state.SetItemsProcessed(state.iterations() * kFamilies * kSeriesOfAFamily);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void first_page(benchmark::State& state) {
  const std::string page = make_page(1);
  for (auto _ : state) benchmark::DoNotOptimize(parse_page(job_of(page, SeriesMemory())));
  per_sample(state, page.size());
}
BENCHMARK(first_page);

void known_page(benchmark::State& state) {
  const std::string pages[] = {make_page(1), make_page(2)};
  ParsedPage page = parse_page(job_of(pages[0], SeriesMemory()));
  std::uint32_t slot = 0;
  for (const UnresolvedSeries& series : page.unresolved) page.memory.set_series(series.line, {slot++, 0});
  SeriesMemory memory = std::move(page.memory);
  std::size_t turn = 0;
  for (auto _ : state) {
    ParsedPage read = parse_page(job_of(pages[++turn % 2], std::move(memory)));
    benchmark::DoNotOptimize(read.values.data());
    memory = std::move(read.memory);
  }
  per_sample(state, pages[0].size());
}
BENCHMARK(known_page);

}  // namespace
}  // namespace tocsin::scrape
